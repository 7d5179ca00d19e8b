"""From a list of layers to a network that runs, with random numbers in it.

design([("conv2d", 8, 5), "relu", ("maxpool2d", 2), "flatten", ("linear", 10)])
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import InputError, WeightsError
from mnist_nb.network import (
    MAX_BYTES,
    Architecture,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Gelu,
    Layer,
    Linear,
    MaxPool2d,
    Relu,
    Weights,
    read_weights,
    shape_after,
    tensor_names,
    write_weights,
)

Entry = str | tuple[Any, ...]
Tensors = dict[str, NDArray[np.float32]]
_HOW = (
    'write "relu", "gelu", "batchnorm2d", "flatten", ("conv2d", filters, size), '
    '("maxpool2d", size) or ("linear", outputs)'
)


def design(layers: Sequence[Entry], name: str = "my-network", seed: int = 1) -> Weights:
    """Return an untrained network: the layers, and random numbers for their weights.

    The numbers are normal with variance 2 / inputs, so that a signal neither dies out nor explodes
    on its way (He et al., "Delving Deep into Rectifiers", 2015).

    Args:
        layers: in the order they run; each a word, or a tuple of a word and whole numbers:
            ("conv2d", filters, size), "batchnorm2d", "relu", "gelu", ("maxpool2d", size),
            "flatten", ("linear", outputs). The last is ("linear", 10), one output a digit.
        name: of the network.
        seed: the same seed gives the same numbers.

    Raises:
        InputError: an entry is none of these.
        WeightsError: the layers do not fit together, with the reason.
    """
    rng = np.random.default_rng(seed)
    made: list[Layer] = []
    tensors: Tensors = {}
    shape: tuple[int, ...] = (1, 28, 28)
    for index, entry in enumerate(layers):
        parts = entry if isinstance(entry, tuple | list) else (entry,)
        word, *numbers = parts or ("",)
        if (
            not isinstance(word, str)
            or word not in _MAKERS
            or not all(isinstance(n, int) and n > 0 for n in numbers)
        ):
            raise InputError(f"layer {index} is {entry!r:.60}: {_HOW}")
        try:
            layer, new = _MAKERS[word](f"{word}{index}", shape, rng, *numbers)
        except (TypeError, ValueError):
            raise InputError(
                f"layer {index} is {entry!r:.60}, with wrong numbers: {_HOW}"
            ) from None
        made.append(layer)
        tensors |= new
        sizes = {name: tensor.shape for name, tensor in tensors.items()}
        shape = shape_after(layer, shape, sizes, f"layer {index} ({word})")
    architecture = Architecture(name, tuple(made), tuple("0123456789"))
    return read_weights(write_weights(architecture, tensors))


def summary(weights: Weights) -> list[list[str]]:
    """Rows for a table: layer, shape after it, and how many numbers it learns."""
    architecture = weights.architecture
    shapes = architecture.shapes({name: t.shape for name, t in weights.tensors.items()})
    rows = [["image", "1 × 28 × 28", ""]]
    for layer, shape in zip(architecture.layers, shapes, strict=True):
        count = sum(weights.tensors[name].size for name in learned(layer))
        rows.append(
            [type(layer).__name__, " × ".join(map(str, shape)), f"{count:,}" if count else ""]
        )
    return rows


def learned(layer: Layer) -> list[str]:
    """Names of the tensors of a layer that training changes by their gradient."""
    return tensor_names(layer)[:2]  # of a batch norm not the statistics, which are the last two


def _normal(rng: np.random.Generator, *shape: int, inputs: int) -> NDArray[np.float32]:
    if (count := math.prod(shape)) > MAX_BYTES / 4:
        raise WeightsError(f"a layer with {count:,} weights is larger than a file may be")
    return (rng.normal(size=shape) * math.sqrt(2 / inputs)).astype(np.float32)


Made = tuple[Layer, Tensors]


def _conv(
    name: str, shape: tuple[int, ...], rng: np.random.Generator, filters: int, size: int
) -> Made:
    inputs = shape[0] * size * size
    tensors = {
        f"{name}.weight": _normal(rng, filters, shape[0], size, size, inputs=inputs),
        f"{name}.bias": np.zeros(filters, np.float32),
    }
    return Conv2d(f"{name}.weight", f"{name}.bias"), tensors


def _linear(name: str, shape: tuple[int, ...], rng: np.random.Generator, outputs: int) -> Made:
    width = math.prod(shape)
    tensors = {
        f"{name}.weight": _normal(rng, outputs, width, inputs=width),
        f"{name}.bias": np.zeros(outputs, np.float32),
    }
    return Linear(f"{name}.weight", f"{name}.bias"), tensors


def _norm(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Made:
    start = {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1}
    tensors = {f"{name}.{k}": np.full(shape[0], v, np.float32) for k, v in start.items()}
    return BatchNorm2d(name), tensors


_MAKERS: dict[str, Callable[..., Made]] = {
    "conv2d": _conv,
    "linear": _linear,
    "batchnorm2d": _norm,
    "maxpool2d": lambda name, shape, rng, size: (MaxPool2d(size, size), {}),
    "relu": lambda name, shape, rng: (Relu(), {}),
    "gelu": lambda name, shape, rng: (Gelu(), {}),
    "flatten": lambda name, shape, rng: (Flatten(), {}),
}
