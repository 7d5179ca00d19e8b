"""A lab without a browser, and edges whose timing a test decides."""

import queue
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from mnist_nb import Lab, Network
from tests.support.fake_edge import SECONDS, FakeEdge


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


@pytest.fixture
def fake_edge(network: Network) -> FakeEdge:
    return FakeEdge(network.predict)


@pytest.fixture
def lab(network: Network, fake_edge: FakeEdge) -> Iterator[Lab]:
    made = Lab(network, fake_edge)
    yield made
    made.close()
    fake_edge.gate.set()
