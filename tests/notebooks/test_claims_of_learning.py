"""What notebook 05 says of learning, computed. Each test names the words it is about."""

import inspect
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_nb import Network, rasterize
from mnist_nb.drawing import homemade
from mnist_nb.lessons.layers.subject import SAMPLE
from mnist_nb.lessons.learning import USUAL
from mnist_nb.network import Forward, Weights, moved, smallest_dot
from mnist_nb.training import learn

from .conftest import says

Digits = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture(scope="module")
def digits() -> Digits:
    drawings, labels = homemade(600, seed=9)
    return np.array([rasterize(drawing) for drawing in drawings]), labels


def test_a_network_that_has_seen_one_digit_says_it_to_most(
    untrained: Weights, digits: Digits
) -> None:
    says("05", "after thirty with the sample, most of all digits do")
    image, weights = rasterize(SAMPLE), untrained
    shares = []
    for step in range(31):
        if step % 10 == 0:
            shares.append((Network(weights).predict(digits[0]).argmax(axis=1) == 4).mean())
        weights = moved(weights, Forward(weights, image).gradients(4).tensors, USUAL)
    assert shares == sorted(shares)
    assert shares[-1] > 0.5


def test_three_hundred_steps_in_numpy(untrained: Weights, digits: Digits) -> None:
    says("05", "Here are 300 such steps, in numpy too, with 32 images each",
         "Most of a filter is still the random pattern of its start",
         "smooth and mostly smaller", "In 300 steps that was enough")  # fmt: skip
    assert inspect.signature(learn).parameters["batch"].default == 32
    first, *_, last = learn(untrained, *digits, 300)
    says("05", "and the 300 steps in numpy between 3 and 7")
    assert 3 < first.loss < 7
    start, end = (w.tensors["conv2d0.weight"] for w in (untrained, last.weights))
    added = end - start
    assert np.corrcoef(start.ravel(), end.ravel())[0, 1] > 0.8
    assert (np.abs(added) < np.abs(start)).mean() > 0.6
    assert neighbours(added) > 0.6 > 0.2 > neighbours(start)
    drawings, labels = homemade(200, seed=10)
    images = np.array([rasterize(drawing) for drawing in drawings])
    assert (Network(last.weights).predict(images).argmax(axis=1) == labels).mean() > 0.9


def neighbours(filters: Any) -> float:
    """How alike numbers side by side are, -1..1."""
    left, right = filters[..., :-1].ravel(), filters[..., 1:].ravel()
    return float(np.corrcoef(left, right)[0, 1])


def test_how_large_a_dot_has_to_be(network: Network, digits: Digits) -> None:
    says("02", "For a drawing that is in doubt anyway, a dot of one pixel can be enough",
         "For most others it takes one so large that a person would see it",
         "for some no dot of those tried does it")  # fmt: skip
    doubtful = smallest_dot(network, rasterize(SAMPLE))
    assert doubtful is not None
    assert doubtful.radius <= 1
    found = [smallest_dot(network, image) for image in digits[0][:24]]
    across = [2 * dot.radius for dot in found if dot is not None]
    assert None in found
    assert np.median(across) >= 3
