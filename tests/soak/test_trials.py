"""A damaged candidate is stopped before it does harm; a good one never is.

A trial's ten seconds are 500 requests, 50 a second. They are sent as fast as they are answered.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_nb import EdgeClient, LocalEdge, Network, Releases, rasterize
from mnist_nb.drawing.homemade import homemade
from mnist_nb.network import write_weights

from .scale import scaled

pytestmark = pytest.mark.edge

ROOT = Path(__file__).parents[2]
NETWORK = Network.load()
LAST = NETWORK.architecture.layers[-1].weight  # type: ignore[union-attr]
REQUESTS, PERCENT = 500, 10


@pytest.fixture(scope="module")
def edge() -> Iterator[LocalEdge]:
    with LocalEdge(ttl=0) as edge:
        yield edge


@pytest.fixture(scope="module")
def client(edge: LocalEdge) -> Iterator[EdgeClient]:
    with EdgeClient(edge.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def releases(edge: LocalEdge) -> Releases:
    return edge.releases()


def digits(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    drawings, labels = homemade(count, seed, slant=0.2, turn=0.1, wobble=0.006)
    return np.array([rasterize(drawing) for drawing in drawings]), labels


def damaged(path: Path, one: int, other: int) -> Path:
    """The shipped network, which takes two digits for each other."""
    rows = np.arange(10)
    rows[[one, other]] = other, one
    tensors = {name: tensor.copy() for name, tensor in NETWORK.weights.tensors.items()}
    tensors[LAST] = tensors[LAST][rows]
    path.write_bytes(write_weights(NETWORK.architecture, tensors))
    return path


def test_a_damaged_candidate_is_stopped(
    edge: LocalEdge, client: EdgeClient, releases: Releases, tmp_path: Path
):
    images, labels = digits(1000, 5)
    rng = np.random.default_rng(7)
    trials = scaled(6, 100)
    needed, touched = [], 0
    for trial in range(trials):
        one, other = rng.choice(10, 2, replace=False).tolist()
        wrong = rng.uniform(0.05, 0.4)  # so many of the images are of the two digits
        is_hit = np.isin(labels, (one, other))
        chances = np.where(is_hit, wrong / is_hit.sum(), (1 - wrong) / (~is_hit).sum())
        stream = rng.choice(len(images), REQUESTS, p=chances)
        proposal = releases.propose(damaged(tmp_path / f"{trial}", one, other), PERCENT)
        for asked, index in enumerate(stream, 1):
            answer = client.classify(images[index])
            is_tried = answer.model.sha256 == proposal.sha256
            touched += int(is_tried and answer.probabilities[0].argmax() != labels[index])
            if asked % 20 == 0 and releases.compare_live(edge).is_stopped:
                break
        last = releases.watch(edge, 1)
        assert last.is_stopped, f"{wrong:.1%} wrong: {last}"
        assert releases.proposal() is None
        needed.append(asked)
    share = touched / (trials * REQUESTS)
    print(f"{trials} trials: stopped after {np.mean(needed):.0f} requests, at most {max(needed)};")
    print(f"{touched} wrong answers, {share:.2%} of all in ten seconds")
    assert share <= 0.01


def test_a_good_candidate_is_never_stopped(edge: LocalEdge, client: EdgeClient, releases: Releases):
    requests = scaled(200, 2000)
    for trial in range(scaled(2, 100)):
        images, _ = digits(requests, 100 + trial)
        releases.propose(ROOT / "model/seeds/1.safetensors", PERCENT)
        for image in images:
            client.classify(image)
        last = releases.compare_live(edge)
        assert last.state == "on trial", str(last)
        assert last.compared >= requests - 20
        releases.withdraw()
