"""What ends a server: Ctrl+C, SIGTERM, and a terminal that is closed."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


def on_stop(stop: Callable[[], object] | None = None) -> None:
    """Let the first of these signals call `stop`; those after it are ignored, it is ending anyway.

    Args:
        stop: None raises KeyboardInterrupt where the program is, each time.
    """

    def handle(number: int, frame: object) -> None:
        if stop is None:
            raise KeyboardInterrupt
        for name in _SIGNALS:
            signal.signal(name, signal.SIG_IGN)
        stop()

    for name in _SIGNALS:
        signal.signal(name, handle)


@contextmanager
def until_stopped() -> Iterator[None]:
    """End the block in order at one of these signals, so that servers within it stop."""
    on_stop()
    with suppress(KeyboardInterrupt):
        yield
