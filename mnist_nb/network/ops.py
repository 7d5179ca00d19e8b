"""The layers that a network may have, and what each makes of a shape.

`docs/weights-format.md` describes them; `deploy/src/network/ops.ts` is the same in the Worker.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mnist_nb.errors import WeightsError

MAX_ACTIVATION = 1 << 20  # numbers in the largest activation of one image, its padding too

Padding = Literal["valid", "same"] | int | tuple[int, int]  # zeros on each side, or before, after
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Conv2d:
    """Cross-correlation, weight (out, in / groups, k, k), its numbers `dilation` pixels apart.

    `same` adds as many zeros as keep the size at stride 1, the odd one after.
    """

    weight: str
    bias: str | None = None
    stride: int = 1
    padding: Padding = "valid"
    dilation: int = 1
    groups: int = 1


@dataclass(frozen=True)
class BatchNorm2d:
    """Per channel (x - running_mean) / sqrt(running_var + eps) * weight + bias."""

    prefix: str
    eps: float = 1e-5


@dataclass(frozen=True)
class BatchNorm1d:
    """The same per number, after a flatten."""

    prefix: str
    eps: float = 1e-5


@dataclass(frozen=True)
class Relu:
    """max(x, 0)."""


@dataclass(frozen=True)
class LeakyRelu:
    """max(x, slope * x), slope 0 to 1."""

    slope: float = 0.01


@dataclass(frozen=True)
class Gelu:
    """x * (1 + erf(x / sqrt(2))) / 2: the exact one, not the tanh approximation."""


@dataclass(frozen=True)
class Tanh:
    """tanh(x)."""


@dataclass(frozen=True)
class Sigmoid:
    """1 / (1 + exp(-x))."""


@dataclass(frozen=True)
class MaxPool2d:
    """The largest of each size x size window; rows and columns that fill no window are dropped.

    Padding belongs to windows, and is never the largest.
    """

    size: int
    stride: int
    padding: int | tuple[int, int] = 0


@dataclass(frozen=True)
class AvgPool2d:
    """The sum of each window divided by size * size; padding counts as zeros."""

    size: int
    stride: int
    padding: int | tuple[int, int] = 0


@dataclass(frozen=True)
class GlobalAvgPool2d:
    """The mean of each channel, (channels, 1, 1)."""


@dataclass(frozen=True)
class Flatten:
    """(channels, rows, columns) to one axis, in that order."""


@dataclass(frozen=True)
class Linear:
    """Weight (out, in) times x, plus bias."""

    weight: str
    bias: str | None = None


BatchNorm = BatchNorm2d | BatchNorm1d
Pool = MaxPool2d | AvgPool2d
Activation = Relu | LeakyRelu | Gelu | Tanh | Sigmoid
Layer = Conv2d | BatchNorm | Activation | Pool | GlobalAvgPool2d | Flatten | Linear

OP: dict[type[Any], str] = {
    kind: kind.__name__.lower()
    for kind in (
        *(Conv2d, BatchNorm2d, BatchNorm1d, Relu, LeakyRelu, Gelu, Tanh, Sigmoid),
        *(MaxPool2d, AvgPool2d, GlobalAvgPool2d, Flatten, Linear),
    )
}
NORM = ("weight", "bias", "running_mean", "running_var")  # tensors of a batch norm


def border(layer: Conv2d | Pool, size: int) -> tuple[int, int]:
    """Return how much padding stands before the first row and column, and after the last.

    Args:
        layer: a convolution or a pool.
        size: of its window, with the gaps of a dilation.
    """
    match layer.padding:
        case "valid":
            return 0, 0
        case "same":
            return (size - 1) // 2, size // 2
        case int(both):
            return both, both
        case before, after:
            return before, after


def reach(layer: Conv2d, size: int) -> int:
    """Return over how many pixels a side the window of a convolution reaches."""
    return layer.dilation * (size - 1) + 1


def is_depthwise(layer: Conv2d, weight: Shape, channels: int) -> bool:
    """Say whether each channel has a window of its own."""
    return layer.groups == channels == weight[0] > 1


def tensor_names(layer: Layer) -> list[str]:
    """Return the names of the tensors that a layer takes from the file."""
    if isinstance(layer, BatchNorm):
        return [f"{layer.prefix}.{part}" for part in NORM]
    if isinstance(layer, Conv2d | Linear):
        return [layer.weight, *([] if layer.bias is None else [layer.bias])]
    return []


def shape_after(layer: Layer, shape: Shape, tensors: Mapping[str, Shape], where: str) -> Shape:
    """Return the shape of what a layer makes of one image's activation.

    Args:
        layer: the layer.
        shape: what enters it, (channels, rows, columns) or (n,).
        tensors: the shape of each tensor of the file by name.
        where: how errors call the layer.

    Raises:
        WeightsError: a tensor is missing or does not fit.
    """

    def tensor(name: str, expected: Shape | None = None) -> Shape:
        if name not in tensors:
            raise WeightsError(f"{where}: tensor {name!r:.80} is not in the file")
        if expected is not None and tensors[name] != expected:
            raise WeightsError(f"{where}: {name} has shape {tensors[name]}, expected {expected}")
        return tensors[name]

    if isinstance(layer, Activation):
        return shape
    if isinstance(layer, Flatten):
        return (math.prod(shape),)
    if isinstance(layer, Linear):
        weight = tensor(layer.weight)
        if len(shape) != 1 or len(weight) != 2 or weight[1] != shape[0] or weight[0] == 0:
            raise WeightsError(
                f"{where}: {layer.weight} has shape {weight}, expected (out, in) for an input of "
                f"shape {shape}" + (": flatten it first" if len(shape) != 1 else "")
            )
        if layer.bias is not None:
            tensor(layer.bias, (weight[0],))
        return (weight[0],)
    if isinstance(layer, BatchNorm1d):
        if len(shape) != 1:
            raise WeightsError(f"{where}: flatten its input of shape {shape} first")
    elif len(shape) != 3:
        raise WeightsError(f"{where} takes (channels, rows, columns), but the input is {shape}")
    if isinstance(layer, BatchNorm):
        for name in tensor_names(layer):
            tensor(name, shape[:1])
        return shape
    channels, rows, columns = shape  # type: ignore[misc]  # three, as seen above
    if isinstance(layer, GlobalAvgPool2d):
        return channels, 1, 1
    if isinstance(layer, Conv2d):
        weight = tensor(layer.weight)
        inside = channels // layer.groups
        if len(weight) != 4 or weight[1] != inside or weight[2] != weight[3] or 0 in weight:
            raise WeightsError(
                f"{where}: {layer.weight} has shape {weight}, expected (out, {inside}, k, k)"
            )
        if channels % layer.groups or weight[0] % layer.groups:
            raise WeightsError(
                f"{where}: {layer.groups} groups do not divide {channels} inputs and {weight[0]} "
                "outputs"
            )
        out, size = weight[0], reach(layer, weight[2])
        if layer.bias is not None:
            tensor(layer.bias, (out,))
    else:
        out, size = channels, layer.size
    pad = sum(border(layer, size))
    if size > min(rows, columns) + pad:
        raise WeightsError(f"{where}: a window of {size} is larger than the input {shape}")
    height, width = ((side + pad - size) // layer.stride + 1 for side in (rows, columns))
    needs = max(channels * (rows + pad) * (columns + pad), out * height * width)
    if needs > MAX_ACTIVATION:
        raise WeightsError(
            f"{where} needs {needs:,} numbers an image, at most {MAX_ACTIVATION:,} are allowed"
        )
    return out, height, width
