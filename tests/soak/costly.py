"""Networks that cost as much as the readers accept: what a hostile file would have."""

import math

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import WeightsError
from mnist_nb.network import write_weights
from mnist_nb.network.architecture import INPUT_SHAPE, Architecture
from mnist_nb.network.cost import MAX_COST, check_cost, count
from mnist_nb.network.ops import (
    NORM,
    AvgPool2d,
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
    Sigmoid,
    Tanh,
    shape_after,
)

KINDS = ["conv", "conv", "conv", "groups", "depthwise", "max", "average", "norm", "in place"]
IN_PLACE = [Relu(), LeakyRelu(), Gelu(), Tanh(), Sigmoid()]
END = [GlobalAvgPool2d(), Flatten(), Linear("end")]
MOST_LAYERS = 64


def costly_network(rng: np.random.Generator) -> tuple[bytes, float]:
    """A weights file of random layers, and which share of the greatest cost it has.

    Few kinds of layers in each, so that each kind is met in plenty.
    """
    tensors: dict[str, NDArray[np.float32]] = {}
    layers: list[Layer] = []
    channels = int(2 ** rng.uniform(0, 10.5))
    first = _weight(rng, tensors, channels, 1, int(rng.choice([1, 3, 5])))
    shape, cost = INPUT_SHAPE, 0
    kinds = [str(kind) for kind in rng.choice(KINDS, rng.integers(1, 4))]
    layer: Layer = Conv2d(first, padding="same")
    for _ in range(100):
        try:
            found = _cost([*layers, layer], tensors)
        except WeightsError:  # too costly, too large, or it does not fit
            pass
        else:
            layers.append(layer)
            cost = found
            shape = shape_after(layer, shape, _sizes(tensors), "")
        if len(layers) == MOST_LAYERS - len(END):
            break
        layer = _layer(rng, str(rng.choice(kinds)), shape[0], tensors)
    used = {name for layer in layers for name in vars(layer).values()}
    kept = {n: t for n, t in tensors.items() if n in used or n.partition(".")[0] in used}
    kept["end"] = _values(rng, 10, shape[0])
    return write_weights(_entry(layers), kept), cost / MAX_COST


def _layer(
    rng: np.random.Generator, kind: str, channels: int, tensors: dict[str, NDArray[np.float32]]
) -> Layer:
    match kind:
        case "conv" | "groups" | "depthwise":
            out, groups = int(2 ** rng.uniform(0, 9)), 1
            if kind == "depthwise":
                out = groups = channels
            elif kind == "groups":
                groups = int(rng.choice([g for g in range(1, 33) if channels % g == 0]))
                out = groups * int(rng.integers(1, 9))
            size = int(rng.choice([1, 1, 2, 3, 3, 3, 4, 5, 7]))
            weight = _weight(rng, tensors, out, channels // groups, size)
            stride, dilation = 1 + int(rng.random() < 0.1), int(rng.choice([1, 1, 1, 2, 3]))
            padding = "same" if rng.random() < 0.9 else "valid"
            return Conv2d(weight, None, stride, padding, dilation, groups)
        case "max" | "average":
            size = int(rng.choice([1, 1, 2, 3, 5]))
            pool = MaxPool2d if kind == "max" else AvgPool2d
            return pool(size, 1, (size - 1, 0) if rng.random() < 0.9 else 0)
        case "norm":
            prefix = f"n{len(tensors)}"
            for name in NORM:
                tensors[f"{prefix}.{name}"] = rng.uniform(0.5, 1.5, channels).astype(np.float32)
            return BatchNorm2d(prefix)
        case _:
            return IN_PLACE[rng.integers(5)]


def _cost(layers: list[Layer], tensors: dict[str, NDArray[np.float32]]) -> int:
    """What the edge counts; raises WeightsError for what it refuses."""
    entry, sizes, shape = _entry(layers), _sizes(tensors), INPUT_SHAPE
    for layer in layers:
        shape = shape_after(layer, shape, sizes, "")
    sizes["end"] = (10, shape[0])
    check_cost(entry, entry.shapes(sizes), sizes)
    return count(entry, entry.shapes(sizes), sizes)[0]


def _entry(layers: list[Layer]) -> Architecture:
    return Architecture("costly", (*layers, *END), tuple("0123456789"))


def _sizes(tensors: dict[str, NDArray[np.float32]]) -> dict[str, tuple[int, ...]]:
    return {name: tensor.shape for name, tensor in tensors.items()}


def _weight(rng: np.random.Generator, tensors: dict[str, NDArray[np.float32]], *axes: int) -> str:
    name = f"w{len(tensors)}"
    tensors[name] = _values(rng, axes[0], axes[1], axes[2], axes[2])
    return name


def _values(rng: np.random.Generator, *axes: int) -> NDArray[np.float32]:
    scale = np.float32(1.4 / math.sqrt(math.prod(axes[1:])))
    return rng.standard_normal(axes, np.float32) * scale
