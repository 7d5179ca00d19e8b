"""What a map looks for: the field of a number, and the nine places that excite a map most."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_nb import Network, rasterize
from mnist_nb.drawing import homemade, samples
from mnist_nb.lessons.layers import LooksFor, Subject
from mnist_nb.lessons.layers.looks_for import CAPTION, GAP, TILE, Strongest
from mnist_nb.network import Layers
from mnist_nb.training import design


@pytest.fixture(scope="module")
def digits() -> NDArray[np.uint8]:
    return np.array([rasterize(drawing) for drawing in homemade(60, seed=4)[0]])


@pytest.fixture
def subject(network: Network) -> Iterator[Subject]:
    made = Subject(network)
    yield made
    made.close()


def shown(view: LooksFor) -> tuple[list[int], float]:
    (cell,) = re.findall(r'data-cell="([\d,]+)"', view.detail.value)
    (value,) = re.findall(r'data-value="([^"]+)"', view.detail.value)
    return list(map(int, cell.split(","))), float(value)


def test_the_nine_are_the_largest_numbers_of_nine_digits(
    network: Network, digits: NDArray[np.uint8]
) -> None:
    layers = Layers(network)
    index = layers.flatten - 1
    outputs = np.array([layers.outputs(digit)[index + 1][7] for digit in digits])
    nine = Strongest(layers, digits)(index, 7)
    assert len({image for image, _, _ in nine}) == 9
    tops = [float(outputs[place]) for place in nine]
    peaks = np.sort(outputs.max(axis=(1, 2)))[::-1][:9]
    np.testing.assert_allclose(tops, peaks, atol=1e-5)


def test_a_pointer_shows_a_number_of_the_network_and_leaving_the_chosen_one(
    subject: Subject, digits: NDArray[np.uint8]
) -> None:
    view = LooksFor(subject, digits)
    outputs = subject.look.outputs
    (chosen, _), tile = shown(view), TILE + GAP
    assert chosen == [2, 0, 11, 11]

    def send(event: str, x: float, y: float) -> tuple[list[int], float]:
        view.picker.canvas._handle_custom_msg({"event": event, "x": x, "y": y}, [])
        return shown(view)

    cell, value = send("mouse_move", 3 * tile + 1, CAPTION + 1)  # map 3 of the first layer
    assert cell == [0, 3, 0, 0]
    assert value == pytest.approx(float(outputs[3][3, 0, 0]), rel=1e-6)
    assert "3 × 3 pixels in the frame, from row 0, column 0" in view.detail.value
    second = 2 * CAPTION + tile
    cell, value = send("mouse_move", 2 * tile + TILE - 1, second + tile + TILE - 1)
    assert cell == [1, 10, 23, 23]
    assert value == pytest.approx(float(outputs[6][10, 23, 23]), rel=1e-6)
    assert send("mouse_out", 0, 0)[0] == chosen
    assert send("mouse_down", 3 * tile + 1, CAPTION + 1)[0] == [0, 3, 0, 0]
    send("mouse_up", 3 * tile + 1, CAPTION + 1)
    assert send("mouse_out", 0, 0)[0] == [0, 3, 0, 0]
    assert (view.layer.value, view.map.value, view.map.max, view.row.max) == (0, 3, 7, 25)
    assert send("mouse_down", 9999, 9999)[0] == [2, 23, 21, 21]
    assert view.picker.status.value == ""


def test_arrow_keys_and_fields_choose(subject: Subject, digits: NDArray[np.uint8]) -> None:
    view = LooksFor(subject, digits)
    key: dict[str, Any] = dict.fromkeys(("shift_key", "ctrl_key", "meta_key"), False)
    for name in ("ArrowDown", "ArrowRight"):
        view.picker.canvas._handle_custom_msg({"event": "key_down", "key": name, **key}, [])
    assert shown(view)[0] == [2, 0, 12, 12]
    view.map.value = 23
    assert shown(view)[0] == [2, 23, 12, 12]
    view.layer.value = 0
    assert shown(view)[0] == [0, 7, 12, 12]


def test_it_follows_the_pad_and_reads_without_a_kernel(
    subject: Subject, digits: NDArray[np.uint8]
) -> None:
    view = LooksFor(subject, digits)
    before = view.detail.value
    subject.pad.drawing = samples()[7]
    view.point()
    assert view.detail.value != before
    still = view.still()
    assert view.detail.value in still
    assert view.shown.value in still


def test_a_network_with_pooling_and_padding_is_shown_too(digits: NDArray[np.uint8]) -> None:
    layers: list[Any] = [("conv2d", 9, 5), "relu", ("maxpool2d", 2), ("conv2d", 3, 3), "flatten"]
    subject = Subject(Network(design([*layers, ("linear", 10)])))
    view = LooksFor(subject, digits)
    assert 'data-size="10"' in view.detail.value  # 5, two of them by pooling, and three of those
    assert "Layer 1: 9 maps of 12 × 12" in view.shown.value
    view.layer.value = 0
    assert 'data-size="6"' in view.detail.value
    assert subject.pad.status.value == ""
    subject.close()
