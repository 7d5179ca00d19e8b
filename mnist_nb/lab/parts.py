"""Small parts that the pad and the lab share: the style sheet, a status line, and frames.

A kernel may handle widget events in another thread than cells: JupyterLab sends them to a subshell
of ipykernel, so that a pad works while a cell runs. So all that touches a pad happens under its
lock, and timers belong to the loop of the thread that asks for them.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from functools import wraps
from html import escape
from importlib.resources import files
from typing import Any

import ipywidgets as widgets

from mnist_nb.errors import MnistNbError
from mnist_nb.lab.names import style_sheet

FRAME = 0.04  # seconds between two updates: more of them keep a small machine from painting any
_EARLY = 0.002  # seconds by which an event loop may call too early
PATIENCE = 0.05  # seconds after which an update is due even while events keep coming


def stylesheet() -> widgets.HTML:
    """Return an invisible widget that brings `lab.css` into the page."""
    return style_sheet(files("mnist_nb.lab").joinpath("lab.css").read_text(encoding="utf-8"))


class StatusLine(widgets.HTML):  # type: ignore[misc]  # ipywidgets is untyped
    """A line that shows what went wrong.

    An exception in a widget's callback reaches no cell: without this line, nobody would see it.

    Args:
        lock: held while a guarded callback runs.
    """

    def __init__(self, lock: "threading.RLock") -> None:
        self._guarding = lock
        super().__init__("")
        self.add_class("mnist-nb-status")
        self.add_class("mnist-nb-hidden")

    def show(self, error: BaseException) -> None:
        """Show an error: our own say what to do, any other is a bug and says its type."""
        text = str(error) if isinstance(error, MnistNbError) else f"{type(error).__name__}: {error}"
        self.value = f'<span role="alert">{escape(text)}</span>'
        self.remove_class("mnist-nb-hidden")

    def clear(self) -> None:
        """Hide the line."""
        if self.value:
            self.value = ""
            self.add_class("mnist-nb-hidden")

    def guard(self, callback: Callable[..., object]) -> Callable[..., None]:
        """Wrap a callback: one at a time, and what it raises is shown here."""

        @wraps(callback)
        def guarded(*args: Any) -> None:
            with self._guarding:
                try:
                    callback(*args)
                except Exception as error:
                    self.show(error)

        return guarded


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
        frame: seconds between two calls.
    """

    def __init__(
        self,
        call: Callable[[], None],
        guard: Callable[..., Callable[[], None]],
        frame: float = FRAME,
    ) -> None:
        self._call, self._frame = call, frame
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
            self._due_since, self._due_at = now, max(now, self._ended + self._pause)
            if not after(self._due_at - now, self._timer, self._loop):
                self.flush()
        elif now - self._due_since > PATIENCE + self._pause:
            self.flush()

    def within(self, seconds: float) -> bool:
        """Ask for a call in so many seconds, or sooner; False, and none, where no loop runs."""
        self._due_since = now = time.monotonic()
        self._due_at = now + seconds
        return after(seconds, self._timer, self._loop)

    def flush(self) -> None:
        """Make the call now if one is due."""
        if self._due_since is not None:
            self.now()

    def _on_time(self) -> None:
        # The timer of an earlier call that was made before its time has nothing to say.
        if time.monotonic() > self._due_at - _EARLY:
            self.flush()

    def now(self) -> None:
        """Make a call now, one that is due included."""
        self._due_since = None
        self._loop = running_loop() or self._loop
        began = time.monotonic()
        self._call()
        self._ended = time.monotonic()
        took = self._ended - began
        self._pause = max(self._frame - took, took)

    def cancel(self) -> None:
        """Forget a call that is due."""
        self._due_since = None
