"""A page that tells when it has painted, played here by its press of the button."""

import asyncio
import time

import pytest

from mnist_nb import Lab
from mnist_nb.drawing.samples import samples
from mnist_nb.lab import pace as pace_module
from mnist_nb.lab.pace import AHEAD, PATIENCE, SELDOM, Pace
from tests.lab.conftest import table, wait_for
from tests.support.fake_edge import SECONDS


class Clock:
    now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(pace_module, "time", clock)
    return clock


@pytest.fixture
def told():
    return []


@pytest.fixture
def pace(told, clock):
    made = Pace(lambda: told.append(clock.now), lambda call: call)
    yield made
    made.close()


def paint(pace):
    pace.children[1].click()


def answer(pace, clock, seconds):
    """Send tables until the page is asked, and have it tell after so many seconds."""
    for _ in range(SELDOM):
        pace.next()
    clock.now += seconds
    paint(pace)


def test_a_page_that_tells_nothing_is_never_behind(pace, told):
    for _ in range(100):
        pace.next()
        assert not pace.is_behind
    assert told == []


def test_a_page_that_keeps_up_has_two_tables_at_once_and_is_asked_seldom(pace, clock, told):
    assert pace.next() == 1
    clock.now += 0.03
    paint(pace)
    assert told == [clock.now]
    numbers = [pace.next() for _ in range(SELDOM - 1)]
    assert numbers == [1] * (SELDOM - 1)
    assert not pace.is_behind
    for _ in range(AHEAD):
        assert not pace.is_behind
        assert pace.next() == 2
    assert pace.is_behind
    paint(pace)
    assert not pace.is_behind


def test_a_page_that_takes_long_has_one_table_at_a_time(pace, clock):
    answer(pace, clock, 0.03)
    answer(pace, clock, 0.2)
    for number in (3, 4):
        assert pace.next() == number
        assert pace.is_behind
        clock.now += 0.2
        paint(pace)
    pace.next()
    clock.now += 0.04
    paint(pace)  # it keeps up again
    assert pace.next() == pace.next() == 5
    assert not pace.is_behind


def test_a_page_far_away_keeps_up_all_the_same(pace, clock):
    for _ in range(10):
        answer(pace, clock, 0.3)
    behind = []
    for _ in range(SELDOM - 1 + AHEAD):
        pace.next()
        behind.append(pace.is_behind)
    assert behind == [False] * (SELDOM - 2 + AHEAD) + [True]


def test_a_page_that_falls_silent_is_not_waited_for(pace, clock):
    answer(pace, clock, 0.03)
    answer(pace, clock, 0.2)
    pace.next()
    assert pace.is_behind
    clock.now += PATIENCE
    assert not pace.is_behind
    for _ in range(100):
        pace.next()
        assert not pace.is_behind
    paint(pace)  # it is there again
    for _ in range(SELDOM + AHEAD):
        pace.next()
    assert pace.is_behind


def test_a_second_view_of_a_lab_tells_nothing_new(pace, clock, told):
    pace.next()
    paint(pace)
    paint(pace)
    assert len(told) == 1


def test_bars_wait_until_the_page_has_painted(network, fake_edge, monkeypatch):
    monkeypatch.setattr(pace_module, "PATIENCE", 3 * SECONDS)  # whatever this machine is busy with

    async def draw():
        lab = Lab(network, fake_edge)
        try:
            await asyncio.to_thread(wait_for, lab, edge_state="up")
            lab._pace._ahead = 1  # as of a page that takes long
            lab._pace._unasked = 0
            lab.drawing = samples()[3]
            lab.pad.flush()
            shown = lab.answers.value
            lab.drawing = samples()[4]
            lab.pad.flush()
            assert lab.answers.value == shown  # not painted yet
            assert lab.local.argmax() == 4
            paint(lab._pace)
            assert table(lab).section["local-winner"] == "4"
        finally:
            lab.close()

    asyncio.run(draw())


def test_bars_of_a_silent_page_are_sent_all_the_same(network, fake_edge):
    async def draw():
        lab = Lab(network, fake_edge)
        try:
            await asyncio.to_thread(wait_for, lab, edge_state="up")
            lab._pace._ahead = lab._pace._sent = 1  # as of a page that was asked and takes long
            lab._pace._asked_at = time.monotonic()
            held = lab.answers.value
            lab.drawing = samples()[4]
            lab.pad.flush()
            assert lab.answers.value == held
            await asyncio.to_thread(wait_for, lab, local_winner="4", edge_winner="4")
        finally:
            lab.close()

    asyncio.run(draw())
