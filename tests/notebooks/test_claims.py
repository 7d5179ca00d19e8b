"""The numbers that the notebooks' texts claim, computed. Each test names the words it is about."""

import inspect
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from mnist_nb import Drawing, EdgeClient, LocalEdge, Network, compare, rasterize
from mnist_nb.comparison import distance
from mnist_nb.comparison.cost import FREE_CPU_MS, KERNEL_MS
from mnist_nb.drawing import homemade, samples
from mnist_nb.lessons.layers.answer import HIGHEST, softmax
from mnist_nb.lessons.layers.subject import SAMPLE
from mnist_nb.network import (
    BatchNorm2d,
    Conv2d,
    Layers,
    Linear,
    MaxPool2d,
    Relu,
    evidence,
    gelu,
    is_sure,
    read_weights,
    shipped_weights,
    write_weights,
)
from mnist_nb.training.datasets import mnist
from mnist_nb.training.loop import Training, available

from .conftest import says


@pytest.fixture(scope="module")
def network() -> Network:
    return Network.load()


@pytest.fixture(scope="module")
def layers(network: Network) -> Layers:
    return Layers(network)


@pytest.fixture(scope="module")
def sample(layers: Layers) -> list[Any]:
    """What each layer makes of the sample that stands in while nothing is drawn."""
    return layers.outputs(rasterize(SAMPLE))


@pytest.fixture(scope="module")
def half(network: Network) -> Network:
    """The network of notebook 04, with 16 bits a number."""
    weights = network.weights
    tensors = {name: tensor.astype(np.float16) for name, tensor in weights.tensors.items()}
    content = write_weights(replace(weights.architecture, name="half"), tensors)
    assert len(content) == pytest.approx(weights.size / 2, rel=0.01)
    return Network(read_weights(content))


@pytest.fixture(scope="module")
def predicted(network: Network, mnist_test: Any) -> Any:
    """Of MNIST's test images, float32 (10000, 10)."""
    return network.predict(mnist_test[0])


def apart(one: Any, other: Any) -> Any:
    return np.abs(one.astype(np.float64) - other).max(axis=1)


# --- 01 and 03: how far two sides are apart -------------------------------------------------------


@pytest.mark.edge
def test_rounding_is_about_a_millionth_at_most(network: Network, mnist_test: Any) -> None:
    says("01", "over the 10,000 test images of MNIST nowhere much above 10⁻⁶", "far below 10⁻⁷")
    says("02", "agree to about the sixth decimal")
    says("03", "half of the differences are below 10⁻¹⁰", "the largest is about 10⁻⁶")
    with LocalEdge() as edge, EdgeClient(edge.url, timeout=30) as client:
        both = compare(network, client, mnist_test[0])
    assert 0.3e-6 < both.max_abs_diff < 3e-6
    assert np.median(both.differences) < 1e-10
    assert both.agreement == 1


def test_no_two_digits_are_as_near_as_rounding(predicted: Any) -> None:
    says("03", "the nearest two of any image are 0.004 apart")
    best = np.sort(predicted, axis=1)
    assert round(float((best[:, -1] - best[:, -2]).min()), 3) == 0.004


def test_other_weights_often_differ_by_less_than_rounding_may(
    mnist_test: Any, predicted: Any
) -> None:
    says("03", "on nearly half of MNIST's test images", "differ by less than 10⁻⁵")
    other = Network.load(shipped_weights().parent / "seeds" / "1.safetensors")
    found = apart(predicted, other.predict(mnist_test[0]))
    assert 0.44 < (found < 1e-5).mean() < 0.5
    assert found.max() > 1e-5  # which then means other weights


# --- 02: layer by layer ---------------------------------------------------------------------------


def test_the_sizes_of_the_network(network: Network, layers: Layers, sample: list[Any]) -> None:
    says("02", "376,856 of them in one file of 1.5 MB", "8 × (9 + 1) = 80 parameters",
         "the second 16, the third 24", "(3 × 3 × 8 weights)", "24 maps of 22 × 22",
         "11,616 numbers", "makes 32 numbers", "the result has 26 × 26 numbers",
         "3 × 3 pixels, then 5 × 5, then 7 × 7", "784 bytes there, 40 bytes back")  # fmt: skip
    says("03", "the 2.8 million multiplications")
    tensors = network.weights.tensors
    convs = [layer for layer in layers.layers if isinstance(layer, Conv2d)]
    maps = [sample[layers.index(Conv2d) + 1 + 3 * n] for n in range(3)]
    assert network.parameters == 376_856
    assert round(shipped_weights().stat().st_size / 1e6, 1) == 1.5
    assert [m.shape for m in maps] == [(8, 26, 26), (16, 24, 24), (24, 22, 22)]
    assert sample[layers.flatten + 1].shape == (11_616,)
    assert [output.shape for output in sample[-3:]] == [(32,), (32,), (10,)]
    assert convs[0].bias is not None
    assert tensors[convs[0].weight].size + tensors[convs[0].bias].size == 80
    assert tensors[convs[1].weight][0].size == 3 * 3 * 8
    products = [m.shape[1] * m.shape[2] * tensors[c.weight].size
                for m, c in zip(maps, convs, strict=True)]  # fmt: skip
    linear = tensors["fc1.weight"].size + 32 * 10
    assert round((sum(products) + linear) / 1e6, 1) == 2.8
    assert round(products[2] / products[0]) == 34  # 02-1 says so
    assert (np.zeros((28, 28), np.uint8).nbytes, np.zeros(10, np.float32).nbytes) == (784, 40)


def test_pixels_are_normalised_by_mean_and_spread_of_mnist(network: Network) -> None:
    says("02", "(0.1307)", "(0.3081)")
    entry = network.architecture
    assert (entry.scale, entry.mean, entry.std) == (255, 0.1307, 0.3081)


def test_mean_and_spread_are_those_of_the_images(mnist_test: Any) -> None:
    says("02", "a collection of 70,000 digits")
    images, _ = mnist("train")
    assert len(images) + len(mnist_test[0]) == 70_000
    assert round(float(images.mean() / 255), 4) == 0.1307
    assert round(float(images.std() / 255), 4) == 0.3081


def test_the_test_images_are_so_large_a_download(mnist_test: Any) -> None:
    says("03", "its 10,000 test images once (1.7 MB)")
    folder = Path(os.environ["MNIST_NB_DATA"], "mnist")
    assert len(mnist_test[0]) == 10_000
    assert round(sum(path.stat().st_size for path in folder.glob("t10k-*")) / 1e6, 1) == 1.7


def test_gelu_lets_a_share_between_0_and_1_through() -> None:
    says("02", "GELU is x times Φ(x)", "a number between 0 and 1")
    x = np.concatenate([np.linspace(-4, -0.01, 400), np.linspace(0.01, 4, 400)]).astype(np.float32)
    share = gelu(x.copy()) / x
    phi = [0.5 * (1 + math.erf(value / math.sqrt(2))) for value in x.tolist()]
    assert share == pytest.approx(phi, abs=1e-5)
    assert ((share > 0) & (share < 1)).all()


def test_the_background_is_above_0_in_half_of_the_channels(layers: Layers) -> None:
    says("02", "above 0 in four of the channels, and below in the other four")
    blank = layers.outputs(np.zeros((28, 28), np.uint8))
    background = blank[layers.index(BatchNorm2d) + 1][:, 13, 13]
    assert ((background > 0).sum(), (background < 0).sum()) == (4, 4)


def test_blank_paper_votes(layers: Layers, sample: list[Any]) -> None:
    says("02", "125 cells that have seen no ink add up to −1.224 and the 359 others to +1.486",
         "+0.262 by which 4 is ahead of 9", "halfway between a 4 and a 9")  # fmt: skip
    image = rasterize(SAMPLE)
    shares, biases = evidence(layers, sample)
    heat = shares[4] - shares[9]
    ink = np.array([[image[y : y + 7, x : x + 7].any() for x in range(22)] for y in range(22)])
    assert ((~ink).sum(), ink.sum()) == (125, 359)
    assert [round(float(heat[~ink].sum()), 3), round(float(heat[ink].sum()), 3)] == [-1.224, 1.486]
    assert round(float(sample[-1][4] - sample[-1][9]), 3) == 0.262
    assert not biases.any()
    assert np.argsort(sample[-1])[-2:].tolist() == [9, 4]


def test_temperature_leads_to_a_tenth_and_keeps_the_order(sample: list[Any]) -> None:
    says("02", "2.3 more is about ten times as probable", "come to one and the same probability")
    assert round(math.exp(2.3)) == 10
    spread = [np.ptp(softmax(sample[-1], t)) for t in (0.25, 1, 4, HIGHEST, 1000)]
    assert spread == sorted(spread, reverse=True)
    assert softmax(sample[-1], 1e6) == pytest.approx(0.1, abs=1e-4)
    for t in (0.25, 4, HIGHEST):
        assert (np.argsort(softmax(sample[-1], t)) == np.argsort(sample[-1])).all()


def test_float32_has_24_binary_digits() -> None:
    says("02", "24 binary digits, about 7 decimal ones")
    assert np.float32(2**24) == np.float32(2**24) + np.float32(1)
    assert round(24 * math.log10(2)) == 7


def test_ink_fills_a_box_of_20() -> None:
    says("01", "the strokes fill a box of 20 × 20 pixels")
    says("02", "until it fills 20 × 20 pixels")
    for drawing in samples():
        rows, columns = np.nonzero(rasterize(drawing) > 127)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(20, abs=1)


def test_what_the_solutions_say() -> None:
    says("01", "At 47 degrees, where 7 comes first")
    says("02", "At 100 million a float32 counts in steps of 8")
    says("03", "0.99 · 0.99 = 98.01 %", "light in glass fibre travels 200 km in a millisecond")
    says("05", "156 full batches and one of 32 images")
    angle = math.radians(47)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned = Drawing([stroke @ turn for stroke in samples()[2].strokes])
    assert Network.load().predict(rasterize(turned))[0].argmax() == 7
    assert np.spacing(np.float32(1e8)) == 8
    assert round(0.99 * 0.99, 4) == 0.9801
    assert round(299_792.458 / 1000 / 1.468, -1) == 200  # refractive index of silica fibre
    assert divmod(20_000, 128) == (156, 32)


# --- 03 to 05 -------------------------------------------------------------------------------------


def test_free_plan_and_segments() -> None:
    says("03", "compute for 10 milliseconds", "Reckon with 0.2 for an image in the kernel",
         "these are 50 images", "at most 1,448 bytes")  # fmt: skip
    assert FREE_CPU_MS == 10
    assert KERNEL_MS == 0.2
    assert round(FREE_CPU_MS / KERNEL_MS) == 50
    assert distance.SEGMENT == 1448


def test_half_precision_moves_the_samples_by_a_few_millionths(
    network: Network, half: Network
) -> None:
    says("04", "Numbers with 16 bits have about three decimal digits")
    images = np.array([rasterize(drawing) for drawing in samples()])
    found = apart(network.predict(images), half.predict(images)).max()
    assert np.finfo(np.float16).precision == 3
    assert 3e-6 < found < 3.5e-6


def test_half_precision_moves_mnist_a_thousand_times_as_far(
    half: Network, mnist_test: Any, predicted: Any
) -> None:
    says("04", "8 % move by more than 10⁻⁵", "by 3.2 · 10⁻³, a thousand times as far",
         "no answer is another one")  # fmt: skip
    other = half.predict(mnist_test[0])
    found = apart(predicted, other)
    assert round(100 * float((found > 1e-5).mean())) == 8
    assert round(1000 * float(found.max()), 1) == 3.2
    assert (other.argmax(axis=1) == predicted.argmax(axis=1)).all()


def test_the_candidate_is_wrong_more_often_which_may_be_chance(network: Network) -> None:
    says("04", "the current network is right more often", "so few digits may be chance")
    drawings, labels = homemade(600, seed=4, slant=0.5, turn=0.35, wobble=0.03)
    images = np.array([rasterize(drawing) for drawing in drawings])
    other = Network.load(shipped_weights().parent / "seeds" / "1.safetensors")
    ours, theirs = (each.predict(images).argmax(axis=1) == labels for each in (network, other))
    more, less = (ours & ~theirs).sum(), (theirs & ~ours).sum()
    assert more > less
    assert sum(math.comb(more + less, k) for k in range(less + 1)) / 2 ** (more + less) > 0.05


def test_random_weights_begin_between_3_and_4(untrained: Any) -> None:
    """Batch norm in training takes mean and variance of the batch itself: no PyTorch is needed."""
    says("05", "a loss of 2.30", "With PyTorch it began between 3 and 4", "rather sure of one")
    drawings, labels = homemade(256, seed=9)
    images = np.array([rasterize(drawing) for drawing in drawings])
    x = ((images / 255 - 0.1307) / 0.3081)[:, None]
    tensors = untrained.tensors
    for layer in untrained.architecture.layers:
        if isinstance(layer, Conv2d):
            windows = sliding_window_view(x, (5, 5), (2, 3))
            x = np.einsum("nchwij,ocij->nohw", windows, tensors[layer.weight], optimize=True)
        elif isinstance(layer, BatchNorm2d):
            over = {"axis": (0, 2, 3), "keepdims": True}
            x = (x - x.mean(**over)) / np.sqrt(x.var(**over) + layer.eps)
        elif isinstance(layer, Relu):
            x = np.maximum(x, 0)
        elif isinstance(layer, MaxPool2d):
            n, c, side, _ = x.shape
            x = x.reshape(n, c, side // 2, 2, side // 2, 2).max(axis=(3, 5))
        elif isinstance(layer, Linear):
            x = x.reshape(n, -1) @ tensors[layer.weight].T
    shares = softmax(x)
    assert round(math.log(10), 2) == 2.3
    assert 3 < -np.log(shares[np.arange(n), labels]).mean() < 4
    assert shares.max(axis=1).mean() > 0.4


def test_a_network_of_ones_own_is_never_unsure(untrained: Any) -> None:
    says("05", "has no threshold", "never says *not sure*")
    own = Network(untrained)
    assert own.not_sure_below is None
    assert is_sure(np.full(10, 0.1, np.float32), own.not_sure_below)


@pytest.mark.skipif(not available(), reason="PyTorch is not installed")
def test_the_curve_of_a_training_begins_above_guessing(untrained: Any) -> None:
    drawings, labels = homemade(64, seed=9)
    images = np.array([rasterize(drawing) for drawing in drawings])
    first = next(iter(Training(untrained).run(images, labels, epochs=1)))
    assert first.loss > math.log(10)


def test_the_steps_of_a_training() -> None:
    says("05", "One **step**: 64 images", "after the first twelfth of the steps")
    defaults = inspect.signature(Training.run).parameters
    assert (defaults["batch"].default, defaults["looks"].default) == (64, 12)
