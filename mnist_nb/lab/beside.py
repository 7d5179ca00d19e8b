"""Work beside the events of widgets and the cells of a notebook."""

import asyncio
import threading
from collections.abc import Callable, Coroutine

from mnist_nb.edge import IN_BROWSER

_running: set[asyncio.Task[None]] = set()  # asyncio keeps no hold of its tasks


def beside(work: Callable[[], Coroutine[None, None, None]], name: str) -> None:
    """Run a coroutine in a thread with a loop of its own, or where there are none on the loop here.

    Args:
        work: makes the coroutine.
        name: of the thread.
    """
    if IN_BROWSER:
        task = asyncio.ensure_future(work())
        _running.add(task)
        task.add_done_callback(_running.discard)
    else:
        threading.Thread(target=lambda: asyncio.run(work()), name=name, daemon=True).start()
