"""numpy equals the plain reference, on the shipped network and on random ones."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_nb import Network
from mnist_nb.errors import InputError
from mnist_nb.network import Conv2d, maps, numpy_network, plain_loops
from mnist_nb.network.file_format import read_weights, shipped_weights
from tests.support.networks import random_network


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1))
def test_equals_the_reference_on_random_networks(seed):
    rng = np.random.default_rng(seed)
    weights = read_weights(random_network(rng))
    images = rng.integers(0, 256, (2, 28, 28), dtype=np.uint8)
    expected = [plain_loops.predict(weights, image) for image in images]
    np.testing.assert_allclose(Network(weights).predict(images), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["mnist", "small"])
def test_equals_the_reference_on_the_shipped_networks(mnist_test, name):
    images = mnist_test[0][:3]
    network = Network.load(shipped_weights(name))
    expected = [plain_loops.predict(network.weights, image) for image in images]
    np.testing.assert_allclose(network.predict(images), expected, rtol=0, atol=2e-6)


def test_shapes_that_mean_the_same_images_give_the_same_rows():
    images = np.random.default_rng(1).integers(0, 256, (70, 28, 28), dtype=np.uint8)
    network = Network.load()
    batch = network.predict(images)
    assert batch.shape == (70, 10)
    assert batch.dtype == np.float32
    np.testing.assert_allclose(batch.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(network.predict(images.reshape(70, 784)), batch)
    np.testing.assert_array_equal(network.predict(images.reshape(70, 1, 28, 28)), batch)
    for one in (images[69], images[69].reshape(784)):
        np.testing.assert_allclose(network.predict(one), batch[69:], atol=1e-6)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (np.zeros((28, 28)), "float64"),
        (np.ones((28, 28), np.float32), "multiply by 255"),
        (np.full((28, 28), np.nan), "NaN"),
        (np.zeros((28, 28), np.int64), r"astype\(np.uint8\)"),
        (np.full((28, 28), 300), "300"),
        (np.zeros((28, 28), bool), "multiply by 255"),
        (np.zeros((27, 28), np.uint8), r"\(27, 28\)"),
        (np.zeros((0, 28, 28), np.uint8), "no image"),
        (np.zeros((), np.uint8), r"shape \(\)"),
        ([[1], [2, 3]], "not images"),
        ("seven", "uint8"),
        (None, "uint8"),
    ],
)
def test_bad_images_are_refused_with_the_value_and_the_remedy(images, says):
    with pytest.raises(InputError, match=says):
        Network.load().predict(images)


def test_gelu_is_the_exact_one():
    x = np.linspace(-30, 30, 20_001, dtype=np.float32)
    exact = [plain_loops.gelu(float(value)) for value in x]
    np.testing.assert_allclose(numpy_network.gelu(x.copy()), exact, rtol=0, atol=2e-6)
    near = np.abs(x) <= 2  # further out half a unit of float32's last place is more
    np.testing.assert_allclose(
        numpy_network.gelu(x[near]), np.array(exact)[near], rtol=0, atol=2.5e-7
    )
    every_other = np.repeat(x, 2)[::2]  # not side by side in memory
    np.testing.assert_array_equal(numpy_network.gelu(every_other), numpy_network.gelu(x.copy()))
    far = np.array([-1e19, -1e13, 0, 1e13, 1e19], np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        np.testing.assert_array_equal(numpy_network.gelu(far.copy()), np.maximum(far, 0))
    assert math.isclose(plain_loops.gelu(1.0), 0.8413447460685429, rel_tol=1e-15)


def test_threads_do_not_share_memory():
    """A lab computes in one thread or another, and a cell beside it."""
    network = Network.load()
    images = np.random.default_rng(3).integers(0, 256, (40, 28, 28), dtype=np.uint8)
    alone = [network.predict(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(network.predict, images))
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("side", [5, 6, 7, 28])
@pytest.mark.parametrize(
    ("channels", "out", "size", "stride", "largest"),
    [
        *[(1, 8, 3, 1, 1), (8, 5, 3, 1, 7.9), (3, 2, 3, 1, 1e9), (200, 3, 3, 1, 1)],
        *[(3, 4, 3, 2, 1), (2, 3, 5, 1, 1), (2, 3, 4, 3, 1), (5, 4, 1, 2, 1), (300, 400, 1, 1, 1)],
    ],
)
def test_a_convolution_is_that_of_the_reference(side, channels, out, size, stride, largest):
    rng = np.random.default_rng(side)
    weight = rng.normal(size=(out, channels, size, size)) / math.sqrt(channels * size**2)
    weight = weight.astype(np.float32)
    weight[0, 0, 0, 0] = largest
    bias = rng.normal(size=out).astype(np.float32)
    x = maps._room(side, side, channels)
    x[:] = rng.normal(size=x.shape)
    x[:, :, 0] *= largest == 1  # what a giant meets is 0: it must not drown the others
    convolution = maps.Convolution(x, weight, bias, stride)
    convolution()
    layer, pixels = Conv2d("w", "b", stride), x.transpose(2, 0, 1).astype(np.float64)
    expected = plain_loops.conv2d(layer, pixels, {"w": weight, "b": bias})
    sizes = plain_loops.conv2d(layer, abs(pixels), {"w": abs(weight), "b": abs(bias)})
    # Each BLAS adds up in an order of its own. Roundings are to both sides, so that of a sum of any
    # length they come to a few units in the last place of its terms' sizes together: 3 in all
    # orders seen, and 7 by Winograd, which adds up three times.
    off = abs(convolution.output.transpose(2, 0, 1) - expected)
    np.testing.assert_array_less(off, 8 * np.finfo(np.float32).eps * sizes)
    # A BLAS would share larger products among threads.
    assert convolution._windows.shape[-2] * weight.size // size <= maps.SMALL_MATRIX


def test_what_a_convolution_leaves_below_its_output_is_not_in_the_next_one():
    """Between the two a norm makes numbers small, and it does not see what is below."""
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(2, 8, 8, 3, 3)).astype(np.float32)
    x = maps._room(25, 25, 8)
    x[:] = rng.normal(size=x.shape)
    first = maps.Convolution(x, weights[0], np.zeros(8, np.float32), 1)
    second = maps.Convolution(first.output, weights[1], np.zeros(8, np.float32), 1)
    first()
    first.output *= np.float32(1e-5)  # (23, 23, 8), and a row more that the last block of 4 gave
    second()
    y = first.output.transpose(2, 0, 1).astype(np.float64)
    expected = plain_loops.conv2d(Conv2d("w", None, 1), y, {"w": weights[1]})
    np.testing.assert_allclose(second.output.transpose(2, 0, 1), expected, rtol=0, atol=1e-8)


def test_predict_leaves_its_input_alone():
    image = np.random.default_rng(2).integers(0, 256, (28, 28), dtype=np.uint8)
    before = image.copy()
    Network.load().predict(image)
    np.testing.assert_array_equal(image, before)
