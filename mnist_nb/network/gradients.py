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
come out; k rows and columns of a window; G groups of channels that do not see each other.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, DTypeLike, NDArray

from mnist_nb.drawing import as_images
from mnist_nb.network.file_format import Weights
from mnist_nb.network.ops import (
    Activation,
    BatchNorm,
    Conv2d,
    Flatten,
    Gelu,
    GlobalAvgPool2d,
    Layer,
    LeakyRelu,
    Linear,
    MaxPool2d,
    Pool,
    Relu,
    Tanh,
    border,
    reach,
)

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
    if isinstance(layer, BatchNorm):
        return _batchnorm(layer, x, tensors)
    if isinstance(layer, Pool):
        return _pool(layer, x)
    if isinstance(layer, Flatten):
        return x.reshape(len(x), -1), lambda dy: (dy.reshape(x.shape), {})
    if isinstance(layer, Linear):
        return _linear(layer, x, tensors)
    if isinstance(layer, GlobalAvgPool2d):
        share = 1 / (x.shape[2] * x.shape[3])  # each number has the same in the mean
        mean: Array = x.mean(axis=(2, 3), keepdims=True)
        return mean, lambda dy: (np.broadcast_to(dy * share, x.shape), {})
    y, slope = _activation(layer, x)
    return y, lambda dy: (dy * slope(), {})


def _linear(layer: Linear, x: Array, tensors: Tensors) -> tuple[Array, Back]:
    weight = tensors[layer.weight]  # (out, in)
    y: Array = np.einsum("ni,oi->no", x, weight)  # not by BLAS, whose threads wait: see maps.py

    def back(dy: Array) -> tuple[Array, dict[str, Array]]:
        own: dict[str, Array] = {
            layer.weight: dy.T @ x
        }  # (out, in): error that comes out times what went in
        if layer.bias:
            own[layer.bias] = dy.sum(axis=0)  # (out,)
        return np.einsum("no,oi->ni", dy, weight), own  # (N, in)

    return (y + tensors[layer.bias] if layer.bias else y), back


def _conv2d(layer: Conv2d, x: Array, tensors: Tensors) -> tuple[Array, Back]:
    weight, stride, gap = tensors[layer.weight], layer.stride, layer.dilation
    out, inside, k, _ = weight.shape  # (O, C/G, k, k)
    before, after = border(layer, reach(layer, k))
    padded = np.pad(x, ((0, 0), (0, 0), (before, after), (before, after)))
    windows = _windows(padded, reach(layer, k), stride)[..., ::gap, ::gap]  # (N, C, R, S, k, k)
    n, _, rows, columns = windows.shape[:4]
    groups = layer.groups
    matrix = weight.reshape(groups, 1, out // groups, -1)  # (G, 1, O/G, C/G*k*k)
    # Each window is a row of numbers, and a filter another: (N, G, R, S, C/G*k*k). A product for
    # each row of the image is so small that no BLAS shares it among threads.
    split = windows.reshape(n, groups, inside, rows, columns, k, k).transpose(0, 1, 3, 4, 2, 5, 6)
    patches = split.reshape(n, groups, rows, columns, -1)
    y = (patches @ matrix.swapaxes(2, 3)).transpose(0, 1, 4, 2, 3).reshape(n, out, rows, columns)

    def back(dy: Array) -> tuple[Array, dict[str, Array]]:
        error = dy.reshape(n, groups, out // groups, rows, columns).swapaxes(2, 3)  # R before O/G
        own: dict[str, Array] = {
            layer.weight: (error @ patches).sum(axis=(0, 2)).reshape(weight.shape)
        }
        if layer.bias:
            own[layer.bias] = dy.sum(axis=(0, 2, 3))  # (O,)
        spread = (error.swapaxes(3, 4) @ matrix).reshape(split.shape)
        places = spread.transpose(0, 1, 4, 2, 3, 5, 6).reshape(windows.shape)
        dx = _gathered(places, padded, stride, gap)
        return dx[:, :, before : before + x.shape[2], before : before + x.shape[3]], own

    return (y + tensors[layer.bias][:, None, None] if layer.bias else y), back


def _batchnorm(layer: BatchNorm, x: Array, tensors: Tensors) -> tuple[Array, Back]:
    mean, var, weight, bias = (
        tensors[f"{layer.prefix}.{name}"].reshape(-1, *[1] * (x.ndim - 2))  # (C, 1, 1) or (C,)
        for name in ("running_mean", "running_var", "weight", "bias")
    )
    spread = np.sqrt(var + x.dtype.type(layer.eps))
    normal = (x - mean) / spread
    others = tuple(axis for axis in range(x.ndim) if axis != 1)

    def back(dy: Array) -> tuple[Array, dict[str, Array]]:
        own: dict[str, Array] = {
            f"{layer.prefix}.weight": (dy * normal).sum(axis=others),  # (C,)
            f"{layer.prefix}.bias": dy.sum(axis=others),
        }
        return dy * weight / spread, own

    return normal * weight + bias, back


def _pool(layer: Pool, x: Array) -> tuple[Array, Back]:
    k, (before, after) = layer.size, border(layer, layer.size)
    largest = isinstance(layer, MaxPool2d)
    sides = ((0, 0), (0, 0), (before, after), (before, after))
    padded = np.pad(x, sides, constant_values=-np.inf if largest else 0)
    windows = _windows(padded, k, layer.stride)  # (N, C, R, S, k, k)
    flat = windows.reshape(*windows.shape[:4], -1)  # (N, C, R, S, k*k)
    winner = flat.argmax(axis=-1)[..., None]  # the first of several, as in PyTorch

    def back(dy: Array) -> tuple[Array, dict[str, Array]]:
        places = np.zeros(flat.shape, dy.dtype)
        if largest:  # all goes to the winner
            np.put_along_axis(places, winner, dy[..., None], axis=-1)
        else:
            places += dy[..., None] / k**2
        dx = _gathered(places.reshape(windows.shape), padded, layer.stride)
        return dx[:, :, before : before + x.shape[2], before : before + x.shape[3]], {}

    y: Array = np.take_along_axis(flat, winner, axis=-1)[..., 0] if largest else flat.mean(axis=-1)
    return y, back


def _activation(layer: Activation, x: Array) -> tuple[Array, Callable[[], Array]]:
    """Return what a function makes of each number, and its slope there."""
    if isinstance(layer, Relu | LeakyRelu):
        low = layer.slope if isinstance(layer, LeakyRelu) else 0.0
        return np.maximum(x, low * x), lambda: np.where(x > 0, 1, low).astype(x.dtype)
    if isinstance(layer, Gelu):
        below = (1 + _erf(x / math.sqrt(2)).astype(x.dtype)) / 2  # the normal distribution up to x
        return x * below, lambda: below + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    if isinstance(layer, Tanh):
        y = np.tanh(x)
        return y, lambda: 1 - y * y
    y = (1 + np.tanh(x / 2)) / 2  # sigmoid
    return y, lambda: y * (1 - y)


def _windows(x: Array, k: int, stride: int) -> Array:
    """Return the windows of x (N, C, H, W) as a view, (N, C, R, S, k, k)."""
    return sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]


def _gathered(places: Array, x: Array, stride: int, gap: int = 1) -> Array:
    """Add up what windows (N, C, R, S, k, k) say of the numbers of x that they share."""
    dx = np.zeros(x.shape, places.dtype)  # (N, C, H, W)
    down, across = (stride * (count - 1) + 1 for count in places.shape[2:4])
    for i, j in np.ndindex(places.shape[4:]):
        top, left = i * gap, j * gap
        seen = dx[:, :, top : top + down : stride, left : left + across : stride]
        seen += places[..., i, j]
    return dx
