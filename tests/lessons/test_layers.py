"""What the views of notebook 02 are made of: layers, shares, pictures, plots, and what travels."""

import re
from io import BytesIO

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnist_nb import Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.edge.result import EdgeResult, ModelRef, Place, Timing
from mnist_nb.lessons import layers as parts
from mnist_nb.lessons.layers import pictures
from mnist_nb.lessons.layers.answer import softmax
from mnist_nb.lessons.layers.pictures import Plot
from mnist_nb.lessons.layers.subject import SAMPLE
from mnist_nb.network import plain_loops
from mnist_nb.network.evidence import erased, evidence
from mnist_nb.network.file_format import read_weights
from mnist_nb.network.layers_of import Layers
from tests.support.networks import random_network

# --- inside of a network -------------------------------------------------------------------------


def assert_layers_are_those_of_the_reference(network: Network, image: NDArray[np.uint8]) -> None:
    outputs = Layers(network).outputs(image)
    assert np.array_equal(outputs[-1], network.logits(image)[0])
    entry = network.architecture
    tensors = {name: t.astype(np.float64) for name, t in network.weights.tensors.items()}
    x = (image.reshape(1, 28, 28) / entry.scale - entry.mean) / entry.std
    np.testing.assert_allclose(outputs[0], x, atol=1e-5)
    for layer, output in zip(entry.layers, outputs[1:], strict=True):
        x = plain_loops.run(layer, x, tensors)
        assert output.shape == x.shape
        np.testing.assert_allclose(output, x, atol=2e-5 * max(1.0, float(np.abs(x).max())))


def test_layers_of_the_shipped_network_are_those_of_the_reference(network: Network) -> None:
    assert_layers_are_those_of_the_reference(network, rasterize(samples()[5]))


@pytest.mark.parametrize("seed", range(8))
def test_layers_of_any_network_are_those_of_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = Network(read_weights(random_network(rng)))
    image = rng.integers(0, 256, (28, 28), dtype=np.uint8)
    assert_layers_are_those_of_the_reference(network, image)


@pytest.mark.parametrize("seed", range(8))
def test_evidence_and_biases_add_up_to_the_logits_of_any_network(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    network = Network(read_weights(random_network(rng)))
    layers = Layers(network)
    outputs = layers.outputs(rng.integers(0, 256, (28, 28), dtype=np.uint8))
    shares, biases = evidence(layers, outputs)
    assert shares.shape == (10, *outputs[layers.flatten].shape[1:])
    np.testing.assert_allclose(shares.sum(axis=(1, 2)) + biases, outputs[-1], atol=1e-4)


def test_evidence_of_a_drawing_adds_up_for_every_pair(network: Network) -> None:
    layers = Layers(network)
    for drawing in samples():
        outputs = layers.outputs(rasterize(drawing))
        shares, biases = evidence(layers, outputs)
        assert not biases.any()
        np.testing.assert_allclose(shares.sum(axis=(1, 2)), outputs[-1], atol=2e-5)


def test_erasing_is_worth_what_two_predictions_say(network: Network) -> None:
    image = rasterize(samples()[4])
    worth = erased(network, image, 4, 9)
    without = image.copy()
    without[12:16, 8:12] = 0
    full, less = (network.logits(one)[0].astype(float) for one in (image, without))
    assert worth[3, 2] == pytest.approx((full[4] - full[9]) - (less[4] - less[9]), abs=1e-4)
    assert worth[0, 0] == pytest.approx(0, abs=1e-5)  # there is no ink in the corner


def test_softmax_is_that_of_the_network_and_survives_large_logits(network: Network) -> None:
    image = rasterize(SAMPLE)
    np.testing.assert_allclose(
        softmax(network.logits(image)[0]), network.predict(image)[0], atol=1e-6
    )
    assert softmax(np.array([1e4, 0.0]), 0.5).tolist() == [1, 0]
    assert softmax(np.array([2.0, 0.0]), 2.0)[0] == pytest.approx(1 / (1 + np.exp(-1)))


# --- pictures and plots --------------------------------------------------------------------------


def decoded(uri: str, mode: str) -> NDArray[np.uint8]:
    from base64 import b64decode

    with Image.open(BytesIO(b64decode(uri.partition(",")[2]))) as picture:
        return np.asarray(picture.convert(mode))


def test_signed_numbers_become_orange_blue_and_nothing() -> None:
    picture = decoded(pictures.signed_uri(np.array([[2.0, -2.0, 0.0, np.nan]]), 2.0), "RGBA")
    assert tuple(picture[0, 0]) == (*pictures.POSITIVE, 255)
    assert tuple(picture[0, 1]) == (*pictures.NEGATIVE, 255)
    assert picture[0, 2, 3] == picture[0, 3, 3] == 0


def test_zeros_and_an_image_survive_being_pictures() -> None:
    assert not decoded(pictures.signed_uri(np.zeros((2, 2)), 0.0), "RGBA")[..., 3].any()
    image = rasterize(SAMPLE)
    assert np.array_equal(decoded(pictures.grey_uri(image), "L"), image)


def test_tiles_stand_in_rows_with_gaps() -> None:
    field = pictures.tiles(np.stack([np.full((2, 3), k) for k in range(3)]), columns=2)
    assert field.shape == (2 * 2 + 1, 2 * 3 + 1)
    assert field[0, 0] == 0
    assert field[0, 4] == 1
    assert field[3, 0] == 2
    assert np.isnan(field[2]).all()
    assert np.isnan(field[3, 4:]).all()


def test_a_plot_names_its_axes_and_itself() -> None:
    svg = Plot((0, 4), (-1, 1), ("time & place", "y")).line([0, 4], [-1, 1]).svg('a "line"')
    assert "time &amp; place" in svg
    assert 'aria-label="a &quot;line&quot;"' in svg
    assert [t for t in re.findall(r">([−\d.]+)</text>", svg)][:3] == ["0", "1", "2"]


# --- what travels --------------------------------------------------------------------------------


def test_an_exchange_shows_both_messages_as_text() -> None:
    shares = np.linspace(0, 0.2, 10, dtype="<f4")
    request = httpx.Request("POST", "http://edge/classify", content=bytes(783) + b"\xff")
    headers = {"x-model-name": "<b>hostile</b>"}
    answer = httpx.Response(200, headers=headers, content=shares.tobytes(), request=request)
    html = parts.Exchange(answer)._repr_html_()
    assert "POST /classify HTTP/1.1" in html
    assert "then 784 bytes" in html
    dump = re.findall(r'mn-dump"[^>]*>(.*?)</pre>', html, re.DOTALL)
    assert len(dump[0].splitlines()) == 28
    assert dump[0].endswith("00 00 <b>ff</b>")
    assert "0.2000000" in html
    assert "<b>hostile" not in html
    assert repr(parts.Exchange(answer)) == "<Exchange: 784 bytes there, 40 back>"


def test_starts_tell_cold_from_warm() -> None:
    def result(cold: bool, ms: float) -> EdgeResult:
        shares = np.full((1, 10), 0.1, np.float32)
        return EdgeResult(shares, ModelRef(), cold, Place(), Timing(ms))

    shown = parts.Starts([result(True, 40.0)], [result(False, ms) for ms in range(1, 21)])
    cells = re.findall(r"<td[^>]*>(.*?)</td>", shown.html)
    assert cells == ["40 ms", "too few to say", "1", "10 ms", "19 ms", "20"]
    assert "warm | 10 ms | 19 ms | 20" in repr(shown)


@pytest.mark.parametrize("seed", range(8))
def test_a_number_depends_on_the_pixels_of_its_field_and_on_no_other(seed: int) -> None:
    rng = np.random.default_rng(200 + seed)
    network = Network(read_weights(random_network(rng)))
    layers = Layers(network)
    image = rng.integers(0, 256, (28, 28), dtype=np.uint8)
    for index in range(layers.flatten):
        (maps,) = layers.maps(index, image[None])
        np.testing.assert_allclose(maps, layers.outputs(image)[index + 1], atol=1e-5)
        row, column = (int(rng.integers(side)) for side in maps.shape[1:])
        top, left, size = layers.field(index, row, column)
        outside = rng.integers(0, 256, (28, 28), dtype=np.uint8)
        seen = np.s_[max(top, 0) : max(top + size, 0), max(left, 0) : max(left + size, 0)]
        outside[seen] = image[seen]
        (other,) = layers.maps(index, outside[None])
        np.testing.assert_allclose(other[:, row, column], maps[:, row, column], atol=1e-6)
