"""What one image costs in the kernel, and the room that the kernel needs for a network.

Both are bounded before anything runs, and by counting: the clock of a Worker stands still while it
computes. `docs/weights-format.md` has the table, and where its numbers are from;
`deploy/src/network/cost.ts` counts the same, and a test holds the two together.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil, prod

from mnist_nb.errors import WeightsError
from mnist_nb.network.architecture import INPUT_SHAPE, Architecture
from mnist_nb.network.ops import (
    AvgPool2d,
    BatchNorm,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Gelu,
    GlobalAvgPool2d,
    LeakyRelu,
    Linear,
    MaxPool2d,
    Relu,
    Shape,
    Sigmoid,
    Tanh,
    border,
    is_depthwise,
    reach,
)

MAX_COST = 250_000_000  # multiply-adds an image: about 12 ms at the edge
MAX_ROOM = 7_000_000  # numbers, of the 8 million in the 32 MiB that the kernel has


def check_cost(
    architecture: Architecture, shapes: Sequence[Shape], tensors: Mapping[str, Shape]
) -> None:
    """Refuse a network that is too slow or too large for the edge.

    Args:
        architecture: of the network.
        shapes: what comes out of each layer, as `Architecture.shapes` gives it.
        tensors: the shape of each tensor by name.

    Raises:
        WeightsError: with the count and the limit.
    """
    work, numbers = count(architecture, shapes, tensors)
    for what, number, most in (
        (f"it costs as much as {work:,} multiply-adds an image", work, MAX_COST),
        (f"packed it needs room for {numbers:,} numbers", numbers, MAX_ROOM),
    ):
        if number > most:
            raise WeightsError(f"{what}, at most {most:,} are allowed: use fewer or smaller layers")


def count(
    architecture: Architecture, shapes: Sequence[Shape], tensors: Mapping[str, Shape]
) -> tuple[int, int]:
    """Return the cost in multiply-adds of a well-filled convolution, and the room in numbers."""
    cost = 600 * prod(shapes[-1])  # softmax
    kept = unpacked = largest = 0
    layers = architecture.layers
    for index, (before, after) in enumerate(pairwise([INPUT_SHAPE, *shapes])):
        layer = layers[index]
        entering, leaving = _numbers(before), _numbers(after)
        match layer:
            case Conv2d():
                # Channels go in fours, but for the image itself; tiles are 6 pixels of 8 channels.
                weight, inputs = tensors[layer.weight], _fours(before[0]) if index else 1
                size = reach(layer, weight[-1])
                pixels = prod(after[1:])
                if is_depthwise(layer, weight, before[0]):
                    cost += (40 + 5 * size**2) * leaving
                    kept += (size**2 + 1) * _fours(after[0])
                else:
                    tiles = 4 * ceil(pixels / 24) if size == 3 else ceil(pixels / 6)
                    cost += tiles * ceil(after[0] / 8) * (48 * size**2 * inputs + 100 * size + 300)
                    kept += ((36 if size == 3 else size**2) * inputs + 1) * _fours(after[0])
                if pad := sum(border(layer, size)):
                    padded = inputs * prod(side + pad for side in before[1:])
                    cost += 10 * padded
                    largest = max(largest, padded)
            case MaxPool2d() | AvgPool2d():
                cost += (40 + 3 * layer.size**2) * leaving
            case GlobalAvgPool2d():
                cost += 40 * leaving + 3 * entering
            case Linear():
                if index == len(layers) - 1:
                    cost += 14 * after[0] * before[0]  # in float64
                else:
                    cost += 16 * ceil(after[0] / 8) * entering
                kept += after[0] * entering + leaving
            case Gelu():
                cost += 24 * entering
            case Tanh() | Sigmoid():
                cost += 60 * entering
            case Flatten():
                cost += 16 * entering
            case BatchNorm2d() | BatchNorm1d() | Relu() | LeakyRelu():
                cost += 10 * entering
                kept += 2 * _fours(before[0]) if isinstance(layer, BatchNorm) else 0
        if isinstance(layer, Conv2d | Linear):
            unpacked = max(unpacked, prod(tensors[layer.weight]))
        largest = max(largest, entering, leaving)
    # Two images go through the network at once, back and forth between two buffers; and a margin.
    return cost, kept + unpacked + 6 * largest


def _fours(channels: int) -> int:
    return -(-channels // 4) * 4


def _numbers(shape: Shape) -> int:
    return _fours(shape[0]) * prod(shape[1:])
