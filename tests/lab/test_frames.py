"""Few calls out of many, spaced, and in the thread of the loop."""

import asyncio
import threading
import time

from mnist_nb.lab.parts import Frames

FRAME = 0.05

Calls = asyncio.Queue[tuple[float, threading.Thread]]


def frames_and_calls() -> tuple[Frames, Calls]:
    made: Calls = asyncio.Queue()
    words = lambda: (time.monotonic(), threading.current_thread())  # noqa: E731
    return Frames(lambda: made.put_nowait(words()), lambda call: call, FRAME), made


async def test_many_that_ask_get_one_call_a_frame():
    frames, made = frames_and_calls()
    frames.now()
    for _ in range(100):
        frames.ask()
    (first, _), (second, _) = await made.get(), await made.get()
    assert second - first > 0.9 * FRAME
    await asyncio.sleep(1.5 * FRAME)
    assert made.empty()


async def test_the_timer_of_a_call_that_was_made_earlier_calls_nothing():
    frames, made = frames_and_calls()

    def early() -> None:  # all of it before the loop can serve the first timer
        frames.now()
        frames.ask()
        time.sleep(0.6 * FRAME)
        frames.now()
        frames.ask()

    early()
    _, (second, _), (third, _) = await made.get(), await made.get(), await made.get()
    assert third - second > 0.9 * FRAME


async def test_another_thread_that_asks_gets_its_call_in_the_thread_of_the_loop():
    frames, made = frames_and_calls()
    frames.now()
    await asyncio.to_thread(frames.ask)
    _, (_, thread) = await made.get(), await made.get()
    assert thread is threading.current_thread()


def test_without_a_loop_the_call_is_made_at_once():
    frames, made = frames_and_calls()
    frames.ask()
    frames.ask()
    assert made.qsize() == 2
