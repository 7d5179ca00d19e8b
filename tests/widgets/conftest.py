"""A lab without a browser, and edges whose timing a test decides."""

import queue
import threading
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_nb import Lab, Network
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


class Table(HTMLParser):
    """Reads the answers' HTML: the section's data, the rows' data, all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.section: dict[str, str] = {}
        self.rows: list[dict[str, str]] = []
        self.words: list[str] = []
        self.tags: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        data = {k.removeprefix("data-"): v or "" for k, v in attrs if k.startswith("data-")}
        if dict(attrs).get("class") == "mnist-nb-answers":
            self.section = data
        elif "digit" in data:
            self.rows.append(data)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def table(lab: Lab) -> Table:
    return Table(lab.answers.value)


def wait_for(lab: Lab, **data: str) -> Table:
    """Wait until the lab shows these `data-*` of the answers."""
    changes: queue.Queue[None] = queue.Queue()

    def changed(_: object) -> None:
        changes.put(None)

    wanted = {name.replace("_", "-"): value for name, value in data.items()}
    lab.answers.observe(changed, "value")
    try:
        while not wanted.items() <= (shown := table(lab)).section.items():
            try:
                changes.get(timeout=SECONDS)
            except queue.Empty:
                raise AssertionError(f"waited for {wanted}, got {shown.section}") from None
        return shown
    finally:
        lab.answers.unobserve(changed, "value")


@pytest.fixture(scope="session")
def network() -> Network:
    return Network.load()


@pytest.fixture
def fake_edge(network: Network) -> FakeEdge:
    return FakeEdge(network.predict)


@pytest.fixture
def lab(network: Network, fake_edge: FakeEdge) -> Iterator[Lab]:
    made = Lab(network, fake_edge)
    yield made
    made.close()
    fake_edge.gate.set()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What ipycanvas sends to the browser: one entry a message."""
    from ipycanvas import canvas

    messages: list[Any] = []

    def record(manager: object, command: Any, buffers: Any = ()) -> None:
        messages.append(command)

    monkeypatch.setattr(canvas._CanvasManager, "_send_custom", record)
    return messages
