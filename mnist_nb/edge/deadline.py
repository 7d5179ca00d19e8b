"""One deadline for a whole exchange, however slowly its bytes come.

httpx counts its timeout anew for each read of a socket, so a byte a second, or answers 1xx
without end, would hold a caller for ever. Here each wait on the network gets only what is left.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """What this thread or task waits for on a watched network inside takes no longer."""
    before = _deadline.set(monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(before)


def seconds_left() -> float:
    """Seconds until the deadline; infinite where there is none."""
    return _deadline.get() - monotonic()
