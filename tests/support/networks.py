"""Random networks of the weights format, for tests that hold the implementations together."""

import math

import numpy as np
from numpy.typing import NDArray

from mnist_nb.network.architecture import (
    Architecture,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Gelu,
    Layer,
    Linear,
    MaxPool2d,
    Relu,
)
from mnist_nb.network.file_format import write_weights

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

    for index in range(rng.integers(0, 6)):
        channels, rows, columns = shape
        match rng.choice(["conv", "conv", "conv", "pool", "norm", "relu", "gelu"]):
            case "conv":
                size = int(rng.integers(1, 6))
                out = int(rng.choice([1, 2, 3, 4, 5, 7, 8, 12]))
                conv = Conv2d(
                    tensor(f"c{index}.w", out, channels, size, size, fan_in=channels * size**2),
                    tensor(f"c{index}.b", out) if rng.random() < 0.6 else None,
                    stride=int(rng.integers(1, 4)),
                    padding="same" if rng.random() < 0.5 else "valid",
                )
                pad = size - 1 if conv.padding == "same" else 0
                if rows + pad < size or columns + pad < size:
                    continue
                layers.append(conv)
                side = (rows + pad - size) // conv.stride + 1
                shape = (out, side, (columns + pad - size) // conv.stride + 1)
                if rng.random() < 0.5:
                    layers.append(_norm(f"c{index}.n", out, tensors, rng))
            case "pool":
                size = int(rng.integers(1, 4))
                stride = int(rng.integers(1, 4))
                if size > min(rows, columns):
                    continue
                layers.append(MaxPool2d(size, stride))
                shape = (channels, (rows - size) // stride + 1, (columns - size) // stride + 1)
            case "norm":
                layers.append(_norm(f"n{index}", channels, tensors, rng))
            case "relu":
                layers.append(Relu())
            case "gelu":
                layers.append(Gelu())
    layers.append(Flatten())
    width = math.prod(shape)
    for index in range(rng.integers(0, 3)):
        out = int(rng.integers(1, 40))
        layers.append(_linear(f"h{index}", width, out, tensors, rng))
        layers.append(Relu() if rng.random() < 0.5 else Gelu())
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
