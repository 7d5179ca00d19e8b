"""Comparing needs only what a client answers, so a second network plays the edge here."""

from types import SimpleNamespace

import numpy as np
import pytest

from mnist_nb import AsyncEdgeClient, EdgeClient, Network, compare
from mnist_nb.comparison.compare import Percentiles
from mnist_nb.errors import EdgeError, InputError
from mnist_nb.network.file_format import read_weights
from tests.support.networks import random_network


class NetworkAsEdge:
    def __init__(self, *networks):
        self.networks, self.calls = networks, 0

    def classify(self, images):
        network = self.networks[min(self.calls, len(self.networks) - 1)]
        self.calls += 1
        model = SimpleNamespace(sha256=network.sha256)
        return SimpleNamespace(probabilities=network.predict(images), model=model)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (50, 28, 28), dtype=np.uint8)


def network(seed):
    return Network(read_weights(random_network(np.random.default_rng(seed))))


def test_the_same_network_agrees_with_itself(images):
    done = []
    result = compare(
        network(1), NetworkAsEdge(network(1)), images, batch=16, progress=lambda *n: done.append(n)
    )
    assert result.agreement == 1
    assert result.max_abs_diff == 0
    assert result.same_weights
    assert len(result.disagreements) == 0
    assert result.local_ms.samples == result.edge_ms.samples == 4
    assert done == [(16, 50), (32, 50), (48, 50), (50, 50)]
    assert "same weights" in str(result)


def test_other_weights_disagree_where_the_largest_probability_differs(images):
    one, other = network(1), network(2)
    result = compare(one, NetworkAsEdge(other), images)
    p, q = one.predict(images), other.predict(images)
    differs = p.argmax(axis=1) != q.argmax(axis=1)
    assert differs.any()
    assert result.disagreements.tolist() == np.flatnonzero(differs).tolist()
    assert result.agreement == pytest.approx(1 - differs.mean())
    assert result.max_abs_diff == pytest.approx(np.abs(p - q).max(), abs=1e-6)
    assert result.differences == pytest.approx(np.abs(p - q).max(axis=1), abs=1e-6)
    assert not result.same_weights
    assert "DIFFERENT" in str(result)


def test_weights_that_change_meanwhile_are_noticed(images):
    edge = NetworkAsEdge(*[network(1)] * 4, network(2))
    with pytest.raises(EdgeError, match="compare again"):
        compare(network(1), edge, images, batch=10)


def test_percentiles():
    times = Percentiles.of(range(1, 101))
    assert (times.p50, times.samples) == (50.5, 100)
    assert times.p95 == pytest.approx(95.05)
    assert times.p99 == pytest.approx(99.01)
    with pytest.raises(InputError, match="at least one"):
        Percentiles.of([])


@pytest.mark.parametrize("batch", [0, 1025])
def test_a_batch_that_the_edge_would_refuse(images, batch):
    with pytest.raises(InputError, match="1024"):
        compare(network(1), NetworkAsEdge(network(1)), images, batch=batch)


def test_the_sides_in_the_wrong_order_are_named() -> None:
    network, images = Network.load(), np.zeros((1, 28, 28), np.uint8)
    with EdgeClient("http://127.0.0.1:9") as client, pytest.raises(InputError) as caught:
        compare(client, network, images)  # type: ignore[arg-type]
    assert "got EdgeClient and Network: compare(network, client, images)" in str(caught.value)


def test_a_client_that_wants_await_is_named() -> None:
    network, images = Network.load(), np.zeros((1, 28, 28), np.uint8)
    client = AsyncEdgeClient("http://127.0.0.1:9")
    with pytest.raises(InputError, match="AsyncEdgeClient wants `await`: give an EdgeClient"):
        compare(network, client, images)  # type: ignore[arg-type]
