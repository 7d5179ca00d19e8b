"""The gradients of the layers: against a small step, and against PyTorch where it is installed."""

import math
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_nb import Network, rasterize
from mnist_nb.drawing import samples
from mnist_nb.network import Forward, Weights, moved, plain_loops, read_weights
from mnist_nb.network.ops import (
    OP,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Gelu,
    GlobalAvgPool2d,
    Layer,
    LeakyRelu,
    Linear,
    MaxPool2d,
    Relu,
    border,
    reach,
)
from mnist_nb.training.design import learned
from mnist_nb.training.loop import available
from tests.support.networks import random_network

SEEDS = range(40)
CLOSE = 1e-5  # of the largest number in a gradient


def some(seed: int, count: int = 3) -> tuple[Weights, NDArray[np.uint8], NDArray[np.int64]]:
    """A random network of the format's layers, images, and labels, one of them "no digit"."""
    rng = np.random.default_rng(seed)
    weights = read_weights(random_network(rng))
    doubled = {name: tensor.astype(np.float64) for name, tensor in weights.tensors.items()}
    images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    labels = rng.integers(0, 10, count)
    labels[0] = -1
    return replace(weights, tensors=doubled), images, labels


def assert_close(ours: Any, theirs: Any) -> None:
    size = max(float(np.abs(theirs).max()), 1e-3)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=CLOSE * size)


def test_the_networks_have_every_layer_of_the_format() -> None:
    seen = {type(layer) for seed in SEEDS for layer in some(seed)[0].architecture.layers}
    assert seen == set(OP)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_way_forward_is_that_of_the_plain_loops(seed: int) -> None:
    weights, images, _ = some(seed, 1)
    (ours,) = Forward(weights, images).probabilities
    np.testing.assert_allclose(ours, plain_loops.predict(weights, images[0]), atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_gradient_foretells_what_a_small_step_does(seed: int) -> None:
    """Along a random direction in all numbers at once, half a step forward and half a one back."""
    weights, images, labels = some(seed)
    gradients = Forward(weights, images).gradients(labels).tensors
    names = {n for layer in weights.architecture.layers for n in learned(layer)}
    assert set(gradients) == names
    rng = np.random.default_rng(seed)
    for name, gradient in gradients.items():
        assert gradient.shape == weights.tensors[name].shape
        direction = {name: rng.normal(size=gradient.shape)}
        errors = []
        for tiny in (1e-4, 1e-5, 1e-6, 1e-7):  # larger ones meet bends, smaller ones rounding
            up, down = (
                Forward(moved(weights, direction, sign * tiny), images).loss(labels)
                for sign in (-1, 1)
            )
            foretold = float((gradient * direction[name]).sum())
            errors.append(abs((up - down) / (2 * tiny) - foretold) / max(abs(foretold), 1e-2))
        assert min(errors) < 1e-5, name


def in_pytorch(torch: Any, layer: Layer, x: Any, tensors: dict[str, Any]) -> Any:
    """One layer of the format, by PyTorch's own functions."""
    f = torch.nn.functional
    match layer:
        case Conv2d():
            weight = tensors[layer.weight]
            x = f.pad(x, border(layer, reach(layer, weight.shape[-1])) * 2)
            bias = tensors[layer.bias] if layer.bias else None
            return f.conv2d(x, weight, bias, layer.stride, 0, layer.dilation, layer.groups)
        case BatchNorm2d() | BatchNorm1d():
            parts = ("running_mean", "running_var", "weight", "bias")
            return f.batch_norm(x, *(tensors[f"{layer.prefix}.{p}"] for p in parts), eps=layer.eps)
        case MaxPool2d():
            x = f.pad(x, border(layer, layer.size) * 2, value=-math.inf)
            return f.max_pool2d(x, layer.size, layer.stride)
        case AvgPool2d():
            return f.avg_pool2d(f.pad(x, border(layer, layer.size) * 2), layer.size, layer.stride)
        case GlobalAvgPool2d():
            return f.adaptive_avg_pool2d(x, 1)
        case Flatten():
            return x.flatten(1)
        case Linear():
            return f.linear(x, tensors[layer.weight], tensors[layer.bias] if layer.bias else None)
        case LeakyRelu():
            return f.leaky_relu(x, layer.slope)
    return getattr(f if isinstance(layer, Relu | Gelu) else torch, type(layer).__name__.lower())(x)


def by_pytorch(
    weights: Weights, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> tuple[dict[str, Any], Any]:
    torch: Any = import_module("torch")
    entry = weights.architecture
    tensors = {name: torch.from_numpy(t.copy()) for name, t in weights.tensors.items()}
    names = [n for layer in entry.layers for n in learned(layer)]
    for name in names:
        tensors[name].requires_grad_()
    pixels = torch.from_numpy((images[:, None] / entry.scale - entry.mean) / entry.std)
    x = pixels.requires_grad_()
    for layer in entry.layers:
        x = in_pytorch(torch, layer, x, tensors)
    targets = torch.from_numpy(Forward(weights, images).targets(labels))
    torch.nn.functional.cross_entropy(x, targets).backward()
    return {name: tensors[name].grad.numpy() for name in names}, pixels.grad[:, 0].numpy()


@pytest.mark.skipif(not available(), reason="PyTorch is not installed")
@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_are_those_of_pytorch(seed: int) -> None:
    weights, images, labels = some(seed)
    theirs, pixels = by_pytorch(weights, images, labels)
    ours = Forward(weights, images).gradients(labels)
    for name, gradient in theirs.items():
        assert_close(ours.tensors[name], gradient)
    assert_close(ours.pixels, pixels)
    half = Forward(weights, images, np.float32).gradients(labels)
    assert {gradient.dtype.name for gradient in half.tensors.values()} <= {"float32"}


def test_one_step_makes_the_right_digit_more_probable(network: Network) -> None:
    image = rasterize(samples()[4])
    before = Forward(network.weights, image)
    after = Forward(moved(network.weights, before.gradients(7).tensors, 1e-4), image)
    assert after.probabilities[0, 7] > before.probabilities[0, 7]
    assert after.loss(7) < before.loss(7)
    assert network.weights.tensors["fc2.weight"].dtype == np.float32  # and as they were
    np.testing.assert_allclose(before.probabilities[0], network.predict(image)[0], atol=1e-6)


def test_the_loss_of_a_hopeless_answer_is_finite(network: Network) -> None:
    heavy = moved(network.weights, {"fc2.weight": network.weights.tensors["fc2.weight"]}, -1e4)
    image = rasterize(samples()[4])
    forward = Forward(heavy, image)
    worst = int(forward.probabilities[0].argmin())
    assert forward.probabilities[0, worst] == 0
    assert math.isfinite(forward.loss(worst))
    assert forward.loss(-1) > math.log(10)
