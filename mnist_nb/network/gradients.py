"""How each number of a network has to move so that its answers get better: its gradient.

    forward = Forward(weights, images)              # what every layer makes of the images
    forward.loss(labels)                            # how wrong the answers are
    gradients = forward.gradients(labels).tensors   # for each number: loss gained by 1 more of it
    weights = moved(weights, gradients, rate=0.01)  # each moves a little, against its gradient

Each layer is a function with two halves. The way forward turns x into y, and returns with it the
way back: from dy, the gradient of the loss by each number of y, to dx, that by each number of x,
and to those of the layer's own tensors. That is the chain rule, applied from the last layer to the
first (Rumelhart, Hinton, Williams, 1986). Batch norm takes its mean and variance from the file, as
the network does in use; only its weight and bias have gradients.

Shapes: N images, C channels, H rows and W columns that go in; O filters, R rows and S columns that
come out; k rows and columns of a window.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, DTypeLike, NDArray

from mnist_nb.drawing import as_images
from mnist_nb.network.architecture import (
    BatchNorm2d,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    Relu,
)
from mnist_nb.network.file_format import Weights

Array = NDArray[np.floating]
Tensors = Mapping[str, Array]
Back = Callable[[Array], tuple[Array, dict[str, Array]]]  # dy -> dx, and those of the tensors

_erf = np.frompyfunc(math.erf, 1, 1)


@dataclass(frozen=True, eq=False)
class Gradients:
    """How much the loss grows for each 1 more of a number.

    Attributes:
        tensors: by name, in the shape of the tensor; the running statistics have none.
        pixels: (N, 28, 28), of the normalised pixels that enter the first layer.
    """

    tensors: dict[str, Array]
    pixels: Array


class Forward:
    """Images on their way through a network, which remembers how to come back.

    Args:
        weights: of any layers of the format.
        images: uint8, as `Network.predict` takes them.
        dtype: float64 is exact enough to be compared, float32 takes half of the time.

    Attributes:
        outputs: what enters the first layer, then what each layer gives, (N, ...).
        logits: the last of them, (N, labels).
        probabilities: their softmax, (N, labels).
    """

    def __init__(self, weights: Weights, images: ArrayLike, dtype: DTypeLike = np.float64) -> None:
        entry = weights.architecture
        tensors = {name: tensor.astype(dtype) for name, tensor in weights.tensors.items()}
        pixels = as_images(images).reshape(-1, 1, 28, 28).astype(dtype)  # (N, 1, 28, 28)
        self.outputs: list[Array] = [(pixels / entry.scale - entry.mean) / entry.std]
        self._ways_back: list[Back] = []
        for layer in entry.layers:
            y, back = _run(layer, self.outputs[-1], tensors)
            self.outputs.append(y)
            self._ways_back.append(back)
        self.logits = self.outputs[-1]
        powers = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        self.probabilities: Array = powers / powers.sum(axis=1, keepdims=True)

    def loss(self, labels: ArrayLike) -> float:
        """Return the cross-entropy in nats: minus the mean logarithm of what the labels (N,) got.

        A label of -1 is "no digit": there every digit should get the same.
        """
        shares = np.maximum(self.probabilities, np.finfo(self.probabilities.dtype).tiny)
        return float(-(self.targets(labels) * np.log(shares)).sum(axis=1).mean())

    def targets(self, labels: ArrayLike) -> Array:
        """Return what the probabilities should be, (N, labels): 1 for the label, else 0."""
        index, count = np.asarray(labels, int).reshape(-1), self.logits.shape[1]
        wanted: Array = np.eye(count, dtype=self.logits.dtype)[index]
        wanted[index < 0] = 1 / count
        return wanted

    def gradients(self, labels: ArrayLike) -> Gradients:
        """Return the gradients of the loss.

        By the logits it is as simple as can be: what the network said less what it should have
        said, p - onehot, for each image a share of the mean.
        """
        return self.back((self.probabilities - self.targets(labels)) / len(self.logits))

    def back(self, error: Array) -> Gradients:
        """Return the gradients of whatever has the gradient `error` (N, labels) by the logits."""
        found: dict[str, Array] = {}
        for back in reversed(self._ways_back):
            error, own = back(error)
            for name, gradient in own.items():  # a tensor may serve two layers
                found[name] = found[name] + gradient if name in found else gradient
        return Gradients(found, error[:, 0])


def moved(weights: Weights, steps: Tensors, rate: float) -> Weights:
    """Return weights that have gone a step: each number less `rate` times that in `steps`."""
    tensors = dict(weights.tensors)
    for name, step in steps.items():
        tensors[name] = (tensors[name] - rate * step).astype(tensors[name].dtype)
    return replace(weights, tensors=tensors)


def _run(layer: Layer, x: Array, tensors: Tensors) -> tuple[Array, Back]:
    """Return what a layer makes of x, and its way back."""
    if isinstance(layer, Conv2d):
        return _conv2d(layer, x, tensors)
    if isinstance(layer, BatchNorm2d):
        return _batchnorm2d(layer, x, tensors)
    if isinstance(layer, MaxPool2d):
        return _maxpool2d(layer, x)
    if isinstance(layer, Flatten):
        return x.reshape(len(x), -1), lambda dy: (dy.reshape(x.shape), {})
    if isinstance(layer, Linear):
        return _linear(layer, x, tensors)
    return _relu(x) if isinstance(layer, Relu) else _gelu(x)


def _linear(layer: Linear, x: Array, tensors: Tensors) -> tuple[Array, Back]:
    weight = tensors[layer.weight]  # (out, in)
    y = x @ weight.T  # (N, out)

    def back(dy: Array) -> tuple[Array, dict[str, Array]]:
        own: dict[str, Array] = {
            layer.weight: dy.T @ x
        }  # (out, in): error that comes out times what went in
        if layer.bias:
            own[layer.bias] = dy.sum(axis=0)  # (out,)
        dx: Array = dy @ weight  # (N, in)
        return dx, own

    return (y + tensors[layer.bias] if layer.bias else y), back


def _conv2d(layer: Conv2d, x: Array, tensors: Tensors) -> tuple[Array, Back]:
    weight, stride = tensors[layer.weight], layer.stride  # (O, C, k, k)
    out, channels, k, _ = weight.shape
    before, after = ((k - 1) // 2, k // 2) if layer.padding == "same" else (0, 0)
    padded = np.pad(x, ((0, 0), (0, 0), (before, after), (before, after)))
    windows = _windows(padded, k, stride)  # (N, C, R, S, k, k)
    n, _, rows, columns = windows.shape[:4]
    matrix = weight.reshape(out, -1)  # (O, C*k*k)
    # Each window is a row of numbers, and a filter another: (N, R*S, C*k*k).
    patches = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n, rows * columns, -1)
    y = (patches @ matrix.T).transpose(0, 2, 1).reshape(n, out, rows, columns)

    def back(dy: Array) -> tuple[Array, dict[str, Array]]:
        error = dy.reshape(n, out, -1)  # (N, O, R*S)
        own: dict[str, Array] = {layer.weight: (error @ patches).sum(axis=0).reshape(weight.shape)}
        if layer.bias:
            own[layer.bias] = error.sum(axis=(0, 2))  # (O,)
        spread = error.transpose(0, 2, 1) @ matrix  # (N, R*S, C*k*k)
        places = spread.reshape(n, rows, columns, channels, k, k).transpose(0, 3, 1, 2, 4, 5)
        dx = _gathered(places, padded, stride)
        return dx[:, :, before : before + x.shape[2], before : before + x.shape[3]], own

    return (y + tensors[layer.bias][:, None, None] if layer.bias else y), back


def _batchnorm2d(layer: BatchNorm2d, x: Array, tensors: Tensors) -> tuple[Array, Back]:
    mean, var, weight, bias = (
        tensors[f"{layer.prefix}.{name}"][:, None, None]  # (C, 1, 1)
        for name in ("running_mean", "running_var", "weight", "bias")
    )
    spread = np.sqrt(var + layer.eps)
    normal = (x - mean) / spread  # (N, C, H, W)

    def back(dy: Array) -> tuple[Array, dict[str, Array]]:
        own: dict[str, Array] = {
            f"{layer.prefix}.weight": (dy * normal).sum(axis=(0, 2, 3)),  # (C,)
            f"{layer.prefix}.bias": dy.sum(axis=(0, 2, 3)),
        }
        return dy * weight / spread, own

    return normal * weight + bias, back


def _maxpool2d(layer: MaxPool2d, x: Array) -> tuple[Array, Back]:
    windows = _windows(x, layer.size, layer.stride)  # (N, C, R, S, k, k)
    flat = windows.reshape(*windows.shape[:4], -1)  # (N, C, R, S, k*k)
    winner = flat.argmax(axis=-1)[..., None]  # the first of several, as in PyTorch

    def back(dy: Array) -> tuple[Array, dict[str, Array]]:
        places = np.zeros(flat.shape, dy.dtype)  # all goes to the winner
        np.put_along_axis(places, winner, dy[..., None], axis=-1)
        return _gathered(places.reshape(windows.shape), x, layer.stride), {}

    return np.take_along_axis(flat, winner, axis=-1)[..., 0], back


def _relu(x: Array) -> tuple[Array, Back]:
    return np.maximum(x, 0), lambda dy: (dy * (x > 0), {})


def _gelu(x: Array) -> tuple[Array, Back]:
    below = (1 + _erf(x / math.sqrt(2)).astype(x.dtype)) / 2  # the normal distribution up to x

    def back(dy: Array) -> tuple[Array, dict[str, Array]]:
        density: Array = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return dy * (below + x * density), {}

    return x * below, back


def _windows(x: Array, k: int, stride: int) -> Array:
    """Return the windows of x (N, C, H, W) as a view, (N, C, R, S, k, k)."""
    return sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]


def _gathered(places: Array, x: Array, stride: int) -> Array:
    """Add up what windows (N, C, R, S, k, k) say of the numbers of x that they share."""
    dx = np.zeros(x.shape, places.dtype)  # (N, C, H, W)
    rows, columns, k = *places.shape[2:4], places.shape[-1]
    for i in range(k):
        for j in range(k):
            down, across = i + stride * (rows - 1) + 1, j + stride * (columns - 1) + 1
            dx[:, :, i:down:stride, j:across:stride] += places[..., i, j]
    return dx
