"""When to show: at most one update a frame, and no more of them than the page can paint.

A kernel may handle widget events in another thread than cells: JupyterLab sends them to a subshell
of ipykernel, so that a pad works while a cell runs. So all that touches a pad happens under its
lock, and timers belong to the loop of the thread that asks for them.
"""

import asyncio
import time
from collections.abc import Callable

FRAME = 0.025  # seconds between two updates
_EARLY = 0.002  # seconds by which an event loop may call too early
PATIENCE = 0.05  # seconds after which an update is due even while events keep coming


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop of this thread, None where none runs."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def after(
    seconds: float, call: Callable[[], None], other: asyncio.AbstractEventLoop | None = None
) -> bool:
    """Call later from the event loop of this thread, or where none runs from another.

    Returns:
        False, and no call, where no loop runs at all.
    """
    if loop := running_loop():
        loop.call_later(seconds, call)
    elif other is not None and other.is_running():
        other.call_soon_threadsafe(other.call_later, seconds, call)
    else:
        return False
    return True


class Pace:
    """Whether the page keeps up: a frame has a number, and the page says when it has painted it.

    A page that is busy and one that is far from its kernel both take long to say so. The quickest
    answer tells how far it is, and what is well above that is work.

    Args:
        clock: seconds, for tests.
    """

    AHEAD = 2  # frames on their way to a page that keeps up: one it paints, one that is sent
    SELDOM = 4  # of so many frames a page that keeps up is asked about one
    BUSY = 2  # times what the quickest answer took: then one frame at a time
    PATIENCE = 1.0  # seconds; a page that is silent for so long may have gone, or be unseen

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.number = 0  # of the newest frame
        self._asked = 0  # the frame that the page is asked about
        self._asked_at: float | None = None  # None: it has told
        self._ahead = float("inf")  # frames that may be on their way; so until the page tells
        self._unasked = 0  # frames that are still to go before the next question
        self._least = float("inf")  # seconds from a question to its answer

    def next(self) -> bool:
        """Count the frame that goes out now; return whether the page shall tell of it."""
        self.number += 1
        if self.patience <= 0:
            self._asked_at, self._ahead, self._unasked = None, float("inf"), 0
        if self._asked_at is not None:
            return False
        if self._unasked > 0:
            self._unasked -= 1
            return False
        self._asked, self._asked_at = self.number, self._clock()
        return True

    def painted(self, number: int) -> bool:
        """Hear of the page that it has painted a frame; return whether that was news."""
        if self._asked_at is None or number != self._asked:
            return False  # another view of the same lab was quicker
        took = self._clock() - self._asked_at
        self._asked_at = None
        self._least = min(self._least, took)
        keeps_up = took < self.BUSY * self._least
        self._ahead, self._unasked = (self.AHEAD, self.SELDOM - 1) if keeps_up else (1, 0)
        return True

    @property
    def is_behind(self) -> bool:
        """Has the page enough to paint?"""
        out = self.number - self._asked + 1
        return self._asked_at is not None and out >= self._ahead and self.patience > 0

    @property
    def patience(self) -> float:
        """Seconds for which the page may still be silent; 0 and less when it was for too long."""
        if self._asked_at is None:
            return self.PATIENCE
        return self._asked_at + self.PATIENCE - self._clock()


class Frames:
    """Turns many changes into few calls: at most one a frame, after the waiting events.

    A timer of an event loop is served after the messages that have arrived, so a queue of pen moves
    is drained before the call. Calls take at most half of the time: on a busy machine, where each
    is slow, the pen must not wait for them. Where no loop runs (a script), the call is immediate.
    Everything here happens under the lock of its owner. Another thread may ask too; the call comes
    from the loop that made the last one.

    Args:
        call: is made.
        guard: wraps it for the timer.
        pace: of the page, which holds calls back; None for none.
        frame: seconds between two calls.
    """

    def __init__(
        self,
        call: Callable[[], None],
        guard: Callable[..., Callable[[], None]],
        pace: Pace | None = None,
        frame: float = FRAME,
    ) -> None:
        self._call, self._pace, self._frame = call, pace, frame
        self._timer = guard(self._on_time)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due_since: float | None = None
        self._due_at = 0.0
        self._ended = float("-inf")
        self._pause = frame

    def ask(self) -> None:
        """Ask for a call soon."""
        now = time.monotonic()
        if self._due_since is None:
            self._due_since = now
            self._wait(max(0.0, self._ended + self._pause - now))
        elif now - self._due_since > PATIENCE + self._pause and not self._is_held:
            self.flush()

    def flush(self) -> None:
        """Make the call now if one is due."""
        if self._due_since is not None:
            self.now()

    def now(self) -> None:
        """Make a call now, one that is due included."""
        self._due_since = None
        self._loop = running_loop() or self._loop
        began = time.monotonic()
        self._call()
        self._ended = time.monotonic()
        took = self._ended - began
        self._pause = max(self._frame - took, took)

    def painted(self, number: int) -> None:
        """The page has painted a frame: it may have what was held back."""
        if self._pace and self._pace.painted(number) and self._due_since is not None:
            self._wait(max(0.0, self._ended + self._pause - time.monotonic()))

    def cancel(self) -> None:
        """Forget a call that is due."""
        self._due_since = None

    @property
    def _is_held(self) -> bool:
        return self._pace is not None and self._pace.is_behind

    def _wait(self, seconds: float) -> None:
        self._due_at = time.monotonic() + seconds
        if not after(seconds, self._timer, self._loop):
            self.flush()

    def _on_time(self) -> None:
        # The timer of an earlier call that was made before its time has nothing to say.
        if self._due_since is None or time.monotonic() <= self._due_at - _EARLY:
            return
        if self._pace is not None and self._is_held:
            self._wait(self._pace.patience)
        else:
            self.flush()
