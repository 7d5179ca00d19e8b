"""Few calls out of many, spaced, and in the thread of the loop."""

import asyncio
import threading
import time

from mnist_nb.widgets.parts import Frames

FRAME = 0.05


def frames_and_calls() -> tuple[Frames, list[tuple[float, threading.Thread]]]:
    made: list[tuple[float, threading.Thread]] = []
    call = lambda: made.append((time.monotonic(), threading.current_thread()))  # noqa: E731
    return Frames(call, lambda wrapped: wrapped, FRAME), made


async def until(made: list[tuple[float, threading.Thread]], count: int) -> None:
    while len(made) < count:
        await asyncio.sleep(0.002)


async def test_many_that_ask_get_one_call_a_frame():
    frames, made = frames_and_calls()
    frames.now()
    for _ in range(100):
        frames.ask()
    await until(made, 2)
    assert made[1][0] - made[0][0] > 0.9 * FRAME
    await asyncio.sleep(1.5 * FRAME)
    assert len(made) == 2


async def test_the_timer_of_a_call_that_was_made_earlier_calls_nothing():
    frames, made = frames_and_calls()
    frames.now()
    frames.ask()
    await asyncio.sleep(0.6 * FRAME)
    frames.now()  # before that timer
    frames.ask()
    await until(made, 3)
    assert made[2][0] - made[1][0] > 0.9 * FRAME


async def test_another_thread_that_asks_gets_its_call_in_the_thread_of_the_loop():
    frames, made = frames_and_calls()
    frames.now()
    await asyncio.to_thread(frames.ask)
    await until(made, 2)
    assert made[1][1] is threading.current_thread()


def test_without_a_loop_the_call_is_made_at_once():
    frames, made = frames_and_calls()
    frames.ask()
    frames.ask()
    assert len(made) == 2
