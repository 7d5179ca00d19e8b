"""Random networks of the weights format, for tests that hold the implementations together."""

import math

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import WeightsError
from mnist_nb.network.architecture import Architecture
from mnist_nb.network.file_format import write_weights
from mnist_nb.network.ops import (
    Activation,
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
    Padding,
    Relu,
    Sigmoid,
    Tanh,
    shape_after,
)

Tensors = dict[str, NDArray[np.float32]]


def random_network(rng: np.random.Generator) -> bytes:
    """Return a valid weights file with random layers, small enough for the plain reference."""
    layers: list[Layer] = []
    tensors: Tensors = {}
    shape: tuple[int, ...] = (1, 28, 28)

    def tensor(name: str, *axes: int, fan_in: int | None = None) -> str:
        scale = 1.5 / math.sqrt(fan_in) if fan_in else 0.3
        tensors[name] = (rng.normal(size=axes) * scale).astype(np.float32)
        return name

    def fits(layer: Layer) -> bool:
        """Add a layer if it fits, and is small enough for plain loops."""
        nonlocal shape
        sizes = {name: tensor.shape for name, tensor in tensors.items()}
        try:
            after = shape_after(layer, shape, sizes, "")
        except WeightsError:
            return False
        if math.prod(after) <= 12 * 1000:
            layers.append(layer)
            shape = after
            return True
        return False

    for index in range(rng.integers(0, 6)):
        channels = shape[0]
        kinds = ["conv", "conv", "conv", "groups", "max", "average", "norm", "active", "global"]
        match rng.choice(kinds, p=[0.15, 0.15, 0.14, 0.16, 0.1, 0.1, 0.06, 0.12, 0.02]):
            case "conv" | "groups" as kind:
                size = int(rng.integers(1, 6))
                out = int(rng.choice([1, 2, 3, 4, 5, 7, 8, 12]))
                groups = 1
                if kind == "groups":
                    groups = int(rng.choice([g for g in range(1, 13) if channels % g == 0]))
                    out = groups * int(rng.choice([1, 1, 2, 3]))
                inside = channels // groups
                conv = Conv2d(
                    tensor(f"c{index}.w", out, inside, size, size, fan_in=inside * size**2),
                    tensor(f"c{index}.b", out) if rng.random() < 0.6 else None,
                    stride=int(rng.integers(1, 4)),
                    padding=_padding(rng, size),
                    dilation=int(rng.choice([1, 1, 1, 2, 3])),
                    groups=groups,
                )
                if fits(conv) and rng.random() < 0.5:
                    fits(_norm(f"c{index}.n", out, tensors, rng))
            case "max" | "average" as kind:
                size, stride = (int(n) for n in rng.integers(1, 4, 2))
                padding = tuple(int(n) for n in rng.integers(0, size, 2))
                pool = MaxPool2d if kind == "max" else AvgPool2d
                fits(pool(size, stride, padding if rng.random() < 0.5 else size // 2))
            case "norm":
                fits(_norm(f"n{index}", channels, tensors, rng))
            case "active":
                fits(_activation(rng))
            case "global":
                fits(GlobalAvgPool2d())
    layers.append(Flatten())
    width = math.prod(shape)
    if rng.random() < 0.2:
        norm = _norm("flat", width, tensors, rng)
        layers.append(BatchNorm1d(norm.prefix, norm.eps))
    for index in range(rng.integers(0, 3)):
        out = int(rng.integers(1, 40))
        layers.append(_linear(f"h{index}", width, out, tensors, rng))
        if rng.random() < 0.3:
            norm = _norm(f"h{index}.n", out, tensors, rng)
            layers.append(BatchNorm1d(norm.prefix, norm.eps))
        layers.append(_activation(rng))
        width = out
    layers.append(_linear("out", width, 10, tensors, rng))
    used = Architecture(
        name="random",
        layers=tuple(layers),
        labels=tuple("0123456789"),
        mean=float(rng.uniform(0, 0.5)),
        std=float(rng.uniform(0.2, 1)),
    )
    if rng.random() < 0.3:
        tensors = {name: t.astype(np.float16) for name, t in tensors.items()}  # type: ignore[misc]
    return write_weights(used, tensors)


def _activation(rng: np.random.Generator) -> Activation:
    slope = float(rng.choice([0.0, 0.01, 0.3, 1.0]))
    return [Relu(), Gelu(), Tanh(), Sigmoid(), LeakyRelu(slope)][rng.integers(5)]


def _padding(rng: np.random.Generator, size: int) -> Padding:
    both, before, after = (int(n) for n in rng.integers(0, size + 1, 3))
    choices: list[Padding] = ["valid", "same", "same", both, (before, after)]
    return choices[rng.integers(5)]


def _norm(prefix: str, channels: int, tensors: Tensors, rng: np.random.Generator) -> BatchNorm2d:
    for name, low, high in (
        ("weight", 0.5, 1.5),
        ("bias", -0.5, 0.5),
        ("running_mean", -0.5, 0.5),
        ("running_var", 0.3, 2.0),
    ):
        tensors[f"{prefix}.{name}"] = rng.uniform(low, high, channels).astype(np.float32)
    return BatchNorm2d(prefix, float(rng.choice([1e-5, 1e-3])))


def _linear(name: str, width: int, out: int, tensors: Tensors, rng: np.random.Generator) -> Linear:
    tensors[f"{name}.w"] = (rng.normal(size=(out, width)) / math.sqrt(width)).astype(np.float32)
    if rng.random() < 0.5:
        return Linear(f"{name}.w")
    tensors[f"{name}.b"] = rng.normal(size=out).astype(np.float32) * np.float32(0.3)
    return Linear(f"{name}.w", f"{name}.b")
