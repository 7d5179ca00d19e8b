"""Looking inside a network: what comes out of each of its layers.

Nothing is computed in another way than `Network` does it. A network that ends after its k-th layer
is a `Network` too, and its "logits" are what that layer gives. Activations are the same functions.
"""

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mnist_nb.network.activations import gelu, relu
from mnist_nb.network.numpy_network import Network
from mnist_nb.network.ops import (
    Conv2d,
    Flatten,
    Gelu,
    GlobalAvgPool2d,
    Layer,
    Linear,
    Pool,
    Relu,
    border,
    reach,
)

Array = NDArray[np.float32]


class Layers:
    """The layers of a network, each with what comes out of it.

    Attributes:
        network: the network.
        layers: its layers, in the order they run.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.layers: tuple[Layer, ...] = network.architecture.layers
        self._start = _first(network, 0)
        # What depends on the layer before in no simple way is run from the start.
        self._until = [
            None if isinstance(layer, Gelu | Relu | Flatten) else _first(network, index + 1)
            for index, layer in enumerate(self.layers)
        ]

    def outputs(self, image: NDArray[np.uint8]) -> list[Array]:
        """Return what enters the first layer, then what each layer gives.

        Args:
            image: uint8 (28, 28).

        Returns:
            One float32 array more than there are layers: (channels, rows, columns) as long as
            there are rows and columns, (n,) afterwards. The last holds the logits.
        """
        values = [_channels_first(self._start.logits(image)[0])]
        for layer, network in zip(self.layers, self._until, strict=True):
            before = values[-1]
            if network is not None:
                values.append(_channels_first(network.logits(image)[0]))
            elif isinstance(layer, Flatten):
                values.append(before.ravel())
            else:
                values.append((gelu if isinstance(layer, Gelu) else relu)(before.copy()))
        return values

    def maps(self, index: int, images: NDArray[np.uint8]) -> Array:
        """Return what a layer before the flatten gives for many images, (N, C, rows, columns)."""
        values = _first(self.network, index + 1).logits(images)
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))

    def features(self, images: NDArray[np.uint8]) -> Array:
        """Return the numbers that enter the last layer, which adds up the evidence, (N, n)."""
        last = self.index(Linear, -1)
        return _first(self.network, last).logits(images)

    def field(self, index: int, row: int, column: int) -> tuple[int, int, int]:
        """Return which pixels a number of a layer before the flatten depends on.

        Returns:
            The first row and the first column, and how many pixels a side. It may stick out of the
            image where the layers pad it.
        """
        tensors = self.network.weights.tensors
        shapes = self.network.architecture.shapes({n: t.shape for n, t in tensors.items()})
        top, left, size = row, column, 1
        for at in reversed(range(index + 1)):
            layer = self.layers[at]
            if isinstance(layer, GlobalAvgPool2d):
                top, left, size = 0, 0, shapes[at - 1][1] if at else 28
            elif isinstance(layer, Conv2d | Pool):
                if isinstance(layer, Conv2d):
                    k = reach(layer, tensors[layer.weight].shape[-1])
                else:
                    k = layer.size
                before, stride = border(layer, k)[0], layer.stride
                top, left = top * stride - before, left * stride - before
                size = (size - 1) * stride + k
        return top, left, size

    def index(self, kind: type[Layer], nth: int = 0) -> int:
        """Return the index of the n-th layer of a kind, such as `Conv2d`; IndexError for none."""
        return [i for i, layer in enumerate(self.layers) if isinstance(layer, kind)][nth]

    @cached_property
    def linear_weights(self) -> dict[int, NDArray[np.float64]]:
        """The weights of the linear layers, float64 (out, in), by the index of their layer."""
        tensors = self.network.weights.tensors
        return {
            index: tensors[layer.weight].astype(np.float64)
            for index, layer in enumerate(self.layers)
            if isinstance(layer, Linear)
        }

    @property
    def flatten(self) -> int:
        """The index of the layer that turns maps into one row of numbers."""
        return self.index(Flatten)


def _channels_first(values: Array) -> Array:
    return np.ascontiguousarray(values.transpose(2, 0, 1)) if values.ndim == 3 else values


def _first(network: Network, count: int) -> Network:
    """Return the network that ends after so many layers."""
    architecture = replace(network.architecture, layers=network.architecture.layers[:count])
    return Network(replace(network.weights, architecture=architecture))
