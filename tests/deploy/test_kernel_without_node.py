"""The committed kernel.wasm in wasmtime, another runtime than V8: equal to numpy and to itself."""

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_nb.errors import WeightsError
from mnist_nb.network import plain_loops
from mnist_nb.network.file_format import read_weights, shipped_weights
from mnist_nb.network.importing.convert import convert
from mnist_nb.network.numpy_network import Network
from tests.support.files import network, pack, tensor
from tests.support.kernel_host import Refused, WasmKernel
from tests.support.networks import random_network


def random_images(n: int, seed: int) -> NDArray[np.uint8]:
    images = np.random.default_rng(seed).integers(0, 256, (n, 28, 28), dtype=np.uint8)
    images[0] = 0
    return images


def assert_equal(content: bytes, images: NDArray[np.uint8], atol: float = 3e-6) -> None:
    weights = read_weights(content)
    here, there = Network(weights).predict(images), WasmKernel(weights).classify(images)
    np.testing.assert_allclose(there.sum(axis=1, dtype=np.float64), 1, rtol=0, atol=2e-7)
    np.testing.assert_allclose(there, here, rtol=0, atol=atol)


@pytest.mark.parametrize("seed", range(60))
def test_random_networks(seed: int) -> None:
    assert_equal(random_network(np.random.default_rng(seed)), random_images(3, seed))


@pytest.mark.parametrize("name", ["mnist", "small"])
def test_the_shipped_networks_are_within_1e_6_of_the_plain_reference(name: str) -> None:
    shipped = Network.load(shipped_weights(name))
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 11:15] = np.arange(160, 240).reshape(20, 4)
    plain = plain_loops.predict(shipped.weights, image)
    there = WasmKernel(shipped.weights).classify(image[None])[0]
    np.testing.assert_allclose(there, plain, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("file", "expected"), [("mnist.bin", "mnist_bin"), ("model.bpk", "model_bpk")]
)
def test_burns_own_weights_give_pytorchs_answers(file: str, expected: str) -> None:
    folder = Path(os.environ.get("MNIST_NB_DATA", ""), "burn")
    if not (folder / file).is_file():
        pytest.skip("MNIST_NB_DATA has no burn/: no other network's answers to compare with")
    with np.load(folder / "expected.npz") as oracle:
        images, answers = oracle["images"], oracle[expected]  # uint8 (100, 28, 28), (100, 10)
    kernel = WasmKernel(read_weights(convert(folder / file)))
    np.testing.assert_allclose(kernel.classify(images), answers, rtol=0, atol=2e-6)


CONV = {"op": "conv2d", "weight": "c"}
END = [{"op": "flatten"}, {"op": "linear", "weight": "w"}]


@pytest.mark.parametrize("channels", [1, 3, 4, 5, 8, 9, 12, 13, 16, 17])
def test_channels_around_the_tiles(channels: int) -> None:
    layers = [CONV, {"op": "conv2d", "weight": "d", "padding": "same"}, {"op": "gelu"}, *END]
    tensors = {
        "c": tensor(channels, 1, 7, 7),
        "d": tensor(channels, channels, 2, 2, scale=0.5 / channels),
        "w": tensor(10, channels * 22 * 22, scale=0.02),
    }
    assert_equal(pack(tensors, network(layers)), random_images(2, channels))


@pytest.mark.parametrize("window", [1, 2, 3, 4, 5, 6, 27, 28])
def test_windows_of_every_size(window: int) -> None:
    side = 28 - window + 1
    tensors = {"c": tensor(5, 1, window, window, scale=1 / window)}
    tensors["w"] = tensor(10, 5 * side * side, scale=1 / side)
    assert_equal(pack(tensors, network([CONV, *END])), random_images(2, window))


@pytest.mark.parametrize("side", [1, 2, 3, 4, 5, 7, 8, 13, 24])
@pytest.mark.parametrize("channels", [(1, 1), (4, 8), (5, 12), (8, 9), (16, 24)])
def test_three_by_three(side: int, channels: tuple[int, int]) -> None:
    # From four on such a convolution is done in blocks of 4 x 4 places, four blocks at a time.
    ins, outs = channels
    layers = [CONV, {"op": "conv2d", "weight": "d", "bias": "e"}, {"op": "gelu"}, *END]
    tensors = {
        "c": tensor(ins, 1, 27 - side, 27 - side, scale=1 / (27 - side)),
        "d": tensor(outs, ins, 3, 3, scale=1 / (3 * math.sqrt(ins))),
        "e": tensor(outs),
        "w": tensor(10, outs * side * side, scale=1 / (math.sqrt(outs) * side)),
    }
    assert_equal(pack(tensors, network(layers)), random_images(2, side))


def test_a_giant_among_the_weights_spoils_nothing() -> None:
    # It meets zeros alone, so that it does not count; in sums with the others it would drown them.
    d = tensor(4, 1, 3, 3, scale=1 / 3)
    d[:, :, 0] = 1e9
    images = random_images(3, 3)
    images[:, :26] = 0
    tensors = {"c": np.ones((1, 1, 1, 1), np.float32), "d": d}
    tensors["w"] = tensor(10, 4 * 26 * 26, scale=1 / 50)
    entry = {"shape": [1, 28, 28], "scale": 255, "mean": 0.0, "std": 1.0}
    layers = [CONV, {"op": "conv2d", "weight": "d"}, *END]
    assert_equal(pack(tensors, network(layers, input=entry)), images)


@pytest.mark.parametrize("inputs", [1, 2, 3, 4, 5, 255, 256, 257, 260, 1021])
@pytest.mark.parametrize("labels", [2, 7, 8, 9, 17])
def test_linears_around_the_tiles_and_blocks(inputs: int, labels: int) -> None:
    layers = [
        {"op": "flatten"},
        {"op": "linear", "weight": "a", "bias": "b"},
        {"op": "gelu"},
        {"op": "linear", "weight": "m", "bias": "n"},
        {"op": "relu"},
        {"op": "linear", "weight": "w"},
    ]
    tensors = {
        "a": tensor(inputs, 784, scale=0.05),
        "b": tensor(inputs),
        "m": tensor(labels, inputs, scale=1 / math.sqrt(inputs)),
        "n": tensor(labels),
        "w": tensor(labels, labels),
    }
    # 3 images: IMAGES of kernel.h together, and one by itself.
    assert_equal(pack(tensors, network(layers, labels)), random_images(3, inputs))


NO_CONVOLUTION: dict[str, tuple[list[dict[str, Any]], int]] = {
    "flatten alone": ([{"op": "flatten"}], 784),
    "relu first": ([{"op": "relu"}, {"op": "flatten"}], 784),
    "pool first": ([{"op": "maxpool2d", "size": 2, "stride": 3}, {"op": "flatten"}], 81),
    "norm first, folded into nothing": (
        [{"op": "batchnorm2d", "prefix": "p"}, {"op": "gelu"}, {"op": "flatten"}],
        784,
    ),
}


@pytest.mark.parametrize("case", NO_CONVOLUTION)
def test_networks_without_weights_to_multiply(case: str) -> None:
    layers, labels = NO_CONVOLUTION[case]
    norm = {f"p.{name}": abs(tensor(1)) + 0.5 for name in ("weight", "running_var")}
    norm |= {f"p.{name}": tensor(1) for name in ("bias", "running_mean")}
    assert_equal(pack(norm, network(layers, labels)), random_images(2, 5))


def test_a_norm_after_an_activation_stays_a_step() -> None:
    norms = {f"{n}.{part}": abs(tensor(5)) for n in "pq" for part in ("weight", "running_var")}
    norms |= {f"{n}.{part}": tensor(5) for n in "pq" for part in ("bias", "running_mean")}
    layers = [CONV | {"bias": "b"}, {"op": "batchnorm2d", "prefix": "p"}]
    layers += [{"op": "batchnorm2d", "prefix": "q", "eps": 0.1}, {"op": "relu"}]
    layers += [{"op": "batchnorm2d", "prefix": "p", "eps": 0.2}, *END]
    tensors = {"c": tensor(5, 1, 9, 9), "b": tensor(5), "w": tensor(10, 2000, scale=0.02), **norms}
    assert_equal(pack(tensors, network(layers)), random_images(2, 6))


def test_gelu_is_within_5e_7_of_the_exact_one() -> None:
    # Probabilities of a network that is only GELU tell its values, up to one constant.
    for mean in np.linspace(-9, 8, 18):
        entry = {"shape": [1, 28, 28], "scale": 255, "mean": -mean, "std": 1.0}
        content = pack({}, network([{"op": "gelu"}, {"op": "flatten"}], 784, input=entry))
        image = (np.arange(784) % 256).astype(np.uint8).reshape(1, 28, 28)
        answer = WasmKernel(read_weights(content)).classify(image)[0].astype(np.float64)
        x = image.ravel().astype(np.float32) / np.float32(255) - np.float32(-mean)
        exact = np.array([plain_loops.gelu(float(value)) for value in x])
        error = np.log(answer) - exact
        assert np.ptp(error) <= 5e-7 + 2e-7  # and the rounding of two probabilities


def test_a_batch_gives_the_same_bits_as_its_images_one_by_one() -> None:
    kernel, images = WasmKernel(Network.load().weights), random_images(5, 8)
    alone = np.concatenate([kernel.classify(image[None]) for image in images])
    assert kernel.classify(images).tobytes() == alone.tobytes()


def test_what_does_not_fit_is_refused_before_the_kernel_sees_it() -> None:
    tensors = {
        "c": np.zeros((10_000, 1, 28, 28), np.float16),
        "w": np.zeros((2, 10_000), np.float16),
    }
    with pytest.raises(WeightsError, match="packed it needs room for"):
        read_weights(pack(tensors, network([CONV, *END], 2)))


def test_a_fold_that_overflows_is_refused() -> None:
    norm = {f"p.{name}": np.full(1, 3e38, np.float32) for name in ("weight", "bias")}
    norm |= {"p.running_mean": np.zeros(1, np.float32), "p.running_var": np.zeros(1, np.float32)}
    tensors = {"c": np.ones((1, 1, 28, 28), np.float32), "w": tensor(10, 1), **norm}
    content = pack(tensors, network([CONV, {"op": "batchnorm2d", "prefix": "p"}, *END]))
    weights = read_weights(content)
    with pytest.raises(Refused, match="NOT_FINITE"):
        WasmKernel(weights)


@pytest.mark.parametrize("hidden", [False, True])
def test_an_overflow_shows(hidden: bool) -> None:
    layers = [{"op": "flatten"}, {"op": "linear", "weight": "a"}]
    tensors = {"a": np.full((8, 784), 3e38, np.float32), "w": np.ones((8, 8), np.float32)}
    content = pack(tensors, network([*layers, {"op": "gelu"}, END[1]] if hidden else layers, 8))
    answer = WasmKernel(read_weights(content)).classify(random_images(2, 9))
    assert not np.isfinite(answer).all()
