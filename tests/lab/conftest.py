"""A lab without a browser, and edges whose timing a test decides."""

from collections.abc import Iterator

import pytest

from mnist_nb import Lab, Network
from tests.support.fake_edge import FakeEdge


@pytest.fixture
def fake_edge(network: Network) -> FakeEdge:
    return FakeEdge(network.predict)


@pytest.fixture
def lab(network: Network, fake_edge: FakeEdge) -> Iterator[Lab]:
    made = Lab(network, fake_edge)
    yield made
    made.close()
    fake_edge.gate.set()
