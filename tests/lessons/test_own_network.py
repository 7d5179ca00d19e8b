"""Opening one's own network: max pooling, the maps of any layers, and the choice of a threshold."""

import re
from typing import Any

import numpy as np
import pytest

from mnist_nb import Network, rasterize
from mnist_nb.drawing import homemade
from mnist_nb.errors import InputError
from mnist_nb.lessons.layers import FeatureMaps, Pooling, Subject
from mnist_nb.lessons.threshold import Threshold
from mnist_nb.network import read_weights, write_weights
from mnist_nb.training import NO_DIGIT, design, learn, no_digits

LAYERS: list[Any] = [("conv2d", 6, 5), "batchnorm2d", "relu", ("maxpool2d", 2), "flatten",
                     ("linear", 10)]  # fmt: skip


def test_pooling_shows_the_window_whose_largest_number_goes_on() -> None:
    subject = Subject(Network(design(LAYERS)))
    view = Pooling(subject)
    outputs = subject.look.outputs
    for number, row, column in [(0, 0, 0), (5, 11, 11), (3, 6, 4)]:
        view.map.value, view.row.value, view.column.value = number, row, column
        html = view.html()
        (value,) = re.findall(r'<p class="mn-wide" data-value="([^"]+)"', html)
        window = [float(v) for v in re.findall(r'<td style[^>]*data-value="([^"]+)"', html)]
        assert np.float32(value) == outputs[4][number, row, column] == np.float32(max(window))
        expected = outputs[3][number, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        np.testing.assert_allclose(window, expected.ravel(), rtol=1e-6)
    subject.close()


def test_a_network_without_pooling_says_so(network: Network) -> None:
    subject = Subject(network)
    with pytest.raises(InputError, match="has no max pooling"):
        Pooling(subject)
    subject.close()


def test_the_maps_are_offered_after_each_kind_of_step_that_the_network_has() -> None:
    subject = Subject(Network(design([("conv2d", 2, 3), "gelu", *LAYERS])))
    view = FeatureMaps(subject)
    assert view.stage.options == ("convolution", "GELU", "batch norm", "ReLU", "pooling")
    assert re.findall(r"<figcaption>(\d)\. convolution: \d maps of (\d+)", view.html()) == [
        ("1", "26"), ("2", "11"),
    ]  # fmt: skip
    view.stage.value = "ReLU"
    assert re.findall(r"<figcaption>(\d)\. convolution: \d maps of (\d+)", view.html())[1] == (
        "2",
        "22",
    )
    subject.close()


@pytest.fixture(scope="module")
def networks() -> dict[str, Network]:
    """One that has seen digits only, and one that has seen letters and scribbles too."""
    drawings, labels = homemade(300, seed=9)
    digits = np.array([rasterize(drawing) for drawing in drawings])
    others = np.array([rasterize(d) for d in no_digits(150, 1, letters="EFHKNTVX")])
    *_, plain = learn(design(LAYERS), digits, labels, 100)
    images = np.concatenate([digits, others])
    targets = np.concatenate([labels.astype(int), np.full(len(others), NO_DIGIT)])
    *_, careful = learn(plain.weights, images, targets, 100)
    return {"plain": Network(plain.weights), "careful": Network(careful.weights)}


def test_who_has_seen_no_digits_lets_fewer_of_them_through(networks: dict[str, Network]) -> None:
    digits = np.array([rasterize(drawing) for drawing in homemade(100, seed=10)[0]])
    others = np.array([rasterize(d) for d in no_digits(100, 2, letters="AMRW")])
    view = Threshold(networks, digits, others)
    assert view.network.value == "careful"
    careful = view.rates()
    view.network.value = "plain"
    plain = view.rates()
    assert careful[1] < plain[1] / 3
    assert careful[0] < 0.1
    shown = view.shown.value
    assert f'data-through="{plain[1]:.4f}"' in shown
    view.slider.value = 0
    assert view.rates() == (0, 1)
    view.slider.value = 1
    assert view.rates()[1] < plain[1]
    assert repr(view).startswith("<Threshold 1.00: ")
    view.close()


def test_the_chosen_threshold_goes_into_the_file(networks: dict[str, Network]) -> None:
    images = np.zeros((2, 28, 28), np.uint8)
    view = Threshold(networks, images, images)
    view.slider.value = 0.63
    weights = view.weights("careful")
    content = write_weights(weights.architecture, weights.tensors)
    assert Network(read_weights(content)).not_sure_below == 0.63
    view.close()


def test_no_digits_are_the_same_again_and_none_is_empty() -> None:
    first, second = no_digits(40, 3), no_digits(40, 3)
    assert first == second != no_digits(40, 4)
    assert all((rasterize(drawing) > 0).sum() > 20 for drawing in first)
