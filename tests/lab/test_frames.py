"""When to show, and no more than the page can paint; the test is the clock and the page."""

import asyncio

import pytest

from mnist_nb.lab import frames as frames_module
from mnist_nb.lab.frames import Frames, Pace


@pytest.fixture
def now():
    return [100.0]


@pytest.fixture
def pace(now):
    return Pace(lambda: now[0])


def guard(call):
    return call


def test_a_page_that_says_nothing_is_shown_everything(pace):
    assert pace.next()  # it is asked about the first
    assert not any(pace.next() for _ in range(50))
    assert not pace.is_behind


def test_a_page_that_keeps_up_is_asked_about_one_frame_in_four(pace, now):
    asked = []
    for _ in range(12):
        asked.append(pace.next())
        now[0] += 0.01
        pace.painted(pace.number)
    assert asked == [True, False, False, False] * 3


def test_two_frames_are_on_their_way_to_a_page_that_keeps_up(pace, now):
    pace.next()
    now[0] += 0.01
    assert pace.painted(1)
    for _ in range(3):
        pace.next()
    assert pace.next()
    assert not pace.is_behind
    pace.next()
    assert pace.is_behind
    now[0] += 0.01
    assert pace.painted(5)
    assert not pace.is_behind


def test_a_busy_page_has_one_frame_at_a_time(pace, now):
    pace.next()
    now[0] += 0.01
    pace.painted(1)
    for _ in range(4):
        pace.next()
    now[0] += 0.021  # over twice the least
    pace.painted(5)
    assert pace.next()
    assert pace.is_behind


def test_a_page_that_is_silent_for_a_second_may_have_gone(pace, now):
    for number in (1, 2):
        pace.next()
        now[0] += 0.01 * number * 3
        pace.painted(pace.number)
        for _ in range(3 * (number == 1)):
            pace.next()
    pace.next()
    now[0] += Pace.PATIENCE
    assert not pace.is_behind
    assert pace.next()  # and it is asked anew
    assert not pace.is_behind


def test_what_another_view_or_a_stranger_says_is_no_news(pace):
    assert not pace.painted(0)
    pace.next()
    assert not pace.painted(7)
    assert pace.painted(1)
    assert not pace.painted(1)


def test_without_a_loop_a_call_is_immediate():
    calls = []
    frames = Frames(lambda: calls.append(1), guard)
    for _ in range(3):
        frames.ask()
    assert len(calls) == 3


async def test_many_changes_are_one_call():
    called = asyncio.Event()
    calls = []
    frames = Frames(lambda: (calls.append(1), called.set()), guard, frame=0.005)
    for _ in range(50):
        frames.ask()
    assert not calls
    await called.wait()
    assert len(calls) == 1


async def test_a_call_waits_for_a_page_that_is_behind(pace):
    called = asyncio.Event()
    frames = Frames(lambda: (pace.next(), called.set()), guard, pace)
    frames.now()
    assert pace.painted(1)
    for _ in range(5):
        pace.next()
    assert pace.is_behind
    called.clear()
    frames.ask()
    await asyncio.sleep(4 * frames_module.FRAME)
    assert not called.is_set()
    frames.painted(2)  # the one that it was asked about
    await asyncio.wait_for(called.wait(), 10)


async def test_what_is_cancelled_is_not_called():
    calls = []
    frames = Frames(lambda: calls.append(1), guard)
    frames.ask()
    frames.cancel()
    await asyncio.sleep(2 * frames_module.FRAME)
    assert not calls
