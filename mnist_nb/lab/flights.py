"""Requests on their way to one edge: several at once, spaced, their answers in any order.

With one request at a time an image would wait for the answer to another before it leaves, and come
back up to two round trips after it was drawn. So over a long way a few are out at once. Over a
short one the answer is there before the next may go, and there is only ever one.
"""

import threading
from collections.abc import Callable
from time import monotonic, perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_nb.edge import CONNECTIONS, EdgeResult

MOST = CONNECTIONS  # requests that are out at once: enough to ask each frame half a second away
SPACING = 0.01  # seconds at least between two: less than a frame, for a pen that lifts

Classify = Callable[[NDArray[np.uint8]], EdgeResult]


class Landed(NamedTuple):
    """A request that came back.

    Attributes:
        number: of the request, counted from 1.
        answer: its result, or why there is none.
    """

    number: int
    answer: EdgeResult | Exception


class Flights:
    """Sends requests in threads of their own.

    Args:
        classify: asks the edge; called from several threads at once.
        changed: guards what is here, and is notified when a request comes back.
    """

    def __init__(self, classify: Classify, changed: threading.Condition) -> None:
        self._classify, self._changed = classify, changed
        self._landed: list[Landed] = []
        self._out = self._number = 0
        self._sent_at = self._took = 0.0

    def wait(self) -> float | None:
        """Seconds until another may be sent: 0 is now, None is after one has come back."""
        if self._out == 0:
            return 0.0
        if self._out >= MOST:
            return None
        # Evenly over the time that one takes: MOST in a row would be followed by a long pause.
        spacing = max(SPACING, self._took / MOST)
        return max(0.0, self._sent_at + spacing - monotonic())

    def send(self, image: NDArray[np.uint8]) -> int:
        """Send an image uint8 (28, 28) on its way; return the number of the request."""
        self._out += 1
        self._number += 1
        self._sent_at = monotonic()
        words = (self._number, image)
        threading.Thread(target=self._fly, args=words, name="mnist-nb-ask", daemon=True).start()
        return self._number

    def landed(self) -> list[Landed]:
        """Take what came back since the last call, in that order."""
        with self._changed:
            taken, self._landed = self._landed, []
            return taken

    @property
    def has_landed(self) -> bool:
        """Is there something to take?"""
        return bool(self._landed)

    def _fly(self, number: int, image: NDArray[np.uint8]) -> None:
        began = perf_counter()
        try:
            answer: EdgeResult | Exception = self._classify(image)
        except Exception as error:
            answer = error
        with self._changed:
            self._out -= 1
            self._took = perf_counter() - began
            self._landed.append(Landed(number, answer))
            self._changed.notify_all()
