"""An edge whose timing a test decides."""

import queue
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.edge.client import EdgeResult, ModelRef, Place, Timing

SECONDS = 20.0  # after which a test that waits fails


class FakeEdge:
    """An edge that answers when the test says so.

    `asked` gets each image as its request goes out. While `gate` is clear, requests hang.
    """

    url = "http://fake.edge"

    def __init__(self, answer: Callable[[NDArray[np.uint8]], NDArray[np.float32]]) -> None:
        self.answer = answer
        self.asked: queue.Queue[NDArray[np.uint8]] = queue.Queue()
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.sha256 = "e" * 64
        self.in_flight = self.most_in_flight = 0

    def classify(self, images: NDArray[np.uint8]) -> EdgeResult:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            self.asked.put(images)
            assert self.gate.wait(SECONDS)
            if self.error:
                raise self.error
            model, place = ModelRef(self.sha256, "fake"), Place("default", local=True)
            return EdgeResult(self.answer(images), model, False, place, Timing(3.25))
        finally:
            self.in_flight -= 1

    def model(self) -> dict[str, Any]:
        if self.error:
            raise self.error
        return {"sha256": self.sha256, "name": "fake"}
