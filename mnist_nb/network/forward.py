"""The network in numpy: 784 bytes in, ten probabilities out.

Activations are channel-last, (images, rows, columns, channels), so that a convolution is one matrix
product over patches laid side by side (im2col) and its result already has the next layer's layout.
`reference.py` is the same network in plain loops.

The matrix products are stacks of small ones on purpose. Above a size (OpenBLAS: 2^18 multiply-adds,
9216 for a vector) a BLAS shares a product among threads, and on a machine that is busy, with a
browser and a notebook server for instance, waiting for those threads takes ten to a hundred times
as long as the product.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_nb.images import as_images
from mnist_nb.network.architecture import (
    BatchNorm2d,
    Conv2d,
    Flatten,
    Gelu,
    Layer,
    Linear,
    MaxPool2d,
)
from mnist_nb.network.doubt import threshold
from mnist_nb.network.weights import Weights, read_weights, shipped_weights

BLOCK = 8  # images at a time: their patches stay in cache
SMALL_VECTOR = 8192  # multiply-adds of a vector and a matrix that no BLAS shares among threads
SMALL_MATRIX = 200_000  # the same of two matrices
# The logarithm of a normal distribution's tail, see gelu: coefficients from x^8 down to 1.
TAIL = np.array(
    [
        *(-1.17169609e-06, 1.73864105e-05, -7.93394165e-05, -2.24123858e-04, 5.08311476e-03),
        *(-3.65386984e-02, -3.18234571e-01, -7.97897844e-01, -6.93146400e-01),
    ],
    np.float32,
)
_erf = np.frompyfunc(math.erf, 1, 1)

Array = NDArray[Any]  # float32; from the first linear layer on float64
Step = Callable[[Array], Array]


class Network:
    """A network that is ready to run.

    Attributes:
        name, labels, metrics: what the weights file says of itself.
        not_sure_below: when no probability reaches this, the image does not look like a digit;
            None when the file has no such threshold (`metrics["not_sure_below"]`).
        sha256: of the weights file.
        parameters: how many numbers training found.
        weights: the file itself, with its architecture and tensors.
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.sha256 = weights.sha256
        self.path = weights.path
        self.architecture = weights.architecture
        self.name = weights.architecture.name
        self.labels = weights.architecture.labels
        self.metrics = weights.architecture.metrics
        self.not_sure_below = threshold(self.metrics.get("not_sure_below"))
        self.parameters = weights.parameters
        # (256,) the number that enters the network for each byte, rounded after each operation:
        # where most pixels are 0, another order would shift nearly all of them by the same error.
        levels = np.arange(256, dtype=np.float32) / np.float32(self.architecture.scale)
        mean, std = np.float32(self.architecture.mean), np.float32(self.architecture.std)
        self._normal: Array = (levels - mean) / std
        self._steps = _compile(weights)

    @classmethod
    def load(cls, path: "Path | str | None" = None) -> "Network":
        """Load a weights file; without a path the one that comes with mnist-nb.

        Raises:
            WeightsError: the file is missing or refused, with the reason.
        """
        return cls(read_weights(shipped_weights() if path is None else path))

    def predict(self, images: ArrayLike) -> Array:
        """Return the probability of each label for each image.

        Args:
            images: uint8 (784,), (28, 28), (N, 784) or (N, 28, 28); 0 = background, 255 = ink.

        Returns:
            float32 (N, labels); each row sums to 1.

        Raises:
            InputError: another shape or dtype, or no image.
        """
        logits = self._run(images)  # (N, labels)
        logits -= logits.max(axis=1, keepdims=True)  # softmax does not change; exp cannot overflow
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return logits.astype(np.float32)

    def logits(self, images: ArrayLike) -> Array:
        """Return what enters the softmax, float32 (N, labels); see `predict`."""
        return self._run(images).astype(np.float32)

    def _run(self, images: ArrayLike) -> Array:
        pixels = as_images(images)  # (N, 784) uint8
        blocks = [pixels[i : i + BLOCK] for i in range(0, len(pixels), BLOCK)]
        return np.concatenate([self._block(block) for block in blocks])

    def _block(self, pixels: NDArray[np.uint8]) -> Array:
        x = self._normal[pixels].reshape(-1, 28, 28, 1)  # (N, 28, 28, 1)
        for step in self._steps:
            x = step(x)
        return x

    def __repr__(self) -> str:
        return f"Network({self.name!r}, {self.parameters:,} parameters, sha256 {self.sha256[:8]})"


def _compile(weights: Weights) -> list[Step]:
    """Turn the layers into functions, with batch norm folded into the convolution before it."""
    tensors, steps = weights.tensors, []  # type: dict[str, Array], list[Step]
    layers = list(weights.architecture.layers)
    for index, layer in enumerate(layers):
        if isinstance(layer, Conv2d):
            norm = layers[index + 1] if index + 1 < len(layers) else None
            steps.append(_conv2d(layer, norm, tensors))
        elif isinstance(layer, BatchNorm2d):
            if index == 0 or not isinstance(layers[index - 1], Conv2d):
                steps.append(_affine(*_scale_and_shift(layer, tensors)))
        elif isinstance(layer, Linear):
            steps.append(_linear(layer, tensors))
        elif isinstance(layer, Flatten):
            steps.append(_flatten)
        elif isinstance(layer, MaxPool2d):
            steps.append(_maxpool2d(layer))
        else:
            steps.append(gelu if isinstance(layer, Gelu) else relu)
    return steps


def _scale_and_shift(norm: BatchNorm2d, tensors: dict[str, Array]) -> tuple[Array, Array]:
    weight, bias, mean, var = (
        tensors[f"{norm.prefix}.{name}"].astype(np.float64)
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = weight / np.sqrt(var + norm.eps)  # (C,)
    return scale.astype(np.float32), (bias - mean * scale).astype(np.float32)


def _conv2d(layer: Conv2d, norm: Layer | None, tensors: dict[str, Array]) -> Step:
    weight = tensors[layer.weight]  # (O, I, k, k)
    out, _, size, _ = weight.shape
    bias = tensors[layer.bias] if layer.bias else np.zeros(out, np.float32)
    if isinstance(norm, BatchNorm2d):
        scale, shift = _scale_and_shift(norm, tensors)
        weight, bias = weight * scale[:, None, None, None], bias * scale + shift
    matrix = np.ascontiguousarray(weight.transpose(2, 3, 1, 0).reshape(-1, out))  # (k*k*I, O)
    stride, pad = layer.stride, size - 1 if layer.padding == "same" else 0
    before, after = pad // 2, pad - pad // 2

    def step(x: Array) -> Array:
        if pad:
            x = np.pad(x, ((0, 0), (before, after), (before, after), (0, 0)))
        windows = _windows(x, size, stride)  # (N, H, W, k, k*I)
        n, height, width = windows.shape[:3]
        rows = _rows(n * height, width * matrix.size)  # of pixels in one product
        patches = windows.reshape(-1, rows * width, len(matrix))  # copied: side by side
        y: Array = patches @ matrix  # (N*H / rows, rows*W, O)
        y += bias
        return y.reshape(n, height, width, out)

    return step


def _windows(x: Array, size: int, stride: int) -> Array:
    """Return all windows of x (N, H, W, C) without copying: (N, H', W', size, size * C)."""
    x = np.ascontiguousarray(x)
    n, height, width, channels = x.shape
    image, row, pixel, number = x.strides
    shape = (n, (height - size) // stride + 1, (width - size) // stride + 1, size, size * channels)
    # A row of a window is one run of numbers. As sliding_window_view, in a tenth of its 10 us.
    return np.ndarray(shape, x.dtype, x, 0, (image, row * stride, pixel * stride, row, number))


def _rows(count: int, work: int) -> int:
    """Return into how many of `count` rows, of so many multiply-adds each, a product may go."""
    fitting = max(1, SMALL_MATRIX // work)
    return next(rows for rows in range(min(fitting, count), 0, -1) if count % rows == 0)


def _affine(scale: Array, shift: Array) -> Step:
    def step(x: Array) -> Array:
        return x * scale + shift  # (N, H, W, C)

    return step


def _linear(layer: Linear, tensors: dict[str, Array]) -> Step:
    """Return float64: of numbers this few, that decide this much, the rounding would be seen."""
    out, width = tensors[layer.weight].shape
    bias = tensors[layer.bias].astype(np.float64) if layer.bias else 0.0
    if width * out <= SMALL_VECTOR:
        small = tensors[layer.weight].T.astype(np.float64)  # (in, out)
        return lambda x: x @ small + bias  # (N, out)
    groups = (g for g in range(1, 129) if width % g == 0 and width // g * out <= SMALL_VECTOR)
    count = next(groups, 1)  # G: the inputs are cut into groups, and their shares added up
    matrix = np.ascontiguousarray(tensors[layer.weight].T).reshape(count, width // count, out)

    def step(x: Array) -> Array:
        x = x.astype(np.float32, copy=False).reshape(len(x), count, -1)
        parts = x.transpose(1, 0, 2) @ matrix  # (G, N, out)
        y: Array = parts.sum(axis=0, dtype=np.float64)  # (N, out)
        y += bias
        return y

    return step


def _flatten(x: Array) -> Array:
    if x.ndim == 4:
        x = x.transpose(0, 3, 1, 2)  # (N, C, H, W): the file counts channels first
    return np.ascontiguousarray(x).reshape(len(x), -1)


def _maxpool2d(layer: MaxPool2d) -> Step:
    size, stride = layer.size, layer.stride

    def step(x: Array) -> Array:
        height, width = ((side - size) // stride + 1 for side in x.shape[1:3])
        y: Any = None
        for i in range(size):
            for j in range(size):
                part = x[:, i::stride, j::stride][:, :height, :width]  # (N, H', W', C)
                y = part.copy() if y is None else np.maximum(y, part, out=y)
        return y  # type: ignore[no-any-return]

    return step


def relu(x: Array) -> Array:
    """Set what is below 0 to 0, in place."""
    return np.maximum(x, 0, out=x)


def gelu(x: Array) -> Array:
    """Multiply x by the normal distribution function of x, in place: x * (1 + erf(x/sqrt 2)) / 2.

    numpy has no erf. This is max(x, 0) - |x| tail(|x|), where tail(t) is the share of a normal
    distribution above t. Its logarithm is nearly a polynomial: fitted to the least error of gelu,
    one of degree 8 leaves 7e-9. What a linear layer gave is in float64, and little: it gets the
    erf of Python.
    """
    if x.dtype == np.float64:
        x *= (1 + _erf(x / np.sqrt(2)).astype(np.float64)) / 2
        return x
    size = np.abs(x)
    np.minimum(size, np.float32(12), out=size)  # tail(12) is 0 in float32; the fit ends there
    tail = size * TAIL[0]
    for coefficient in TAIL[1:-1]:
        tail += coefficient
        tail *= size
    tail += TAIL[-1]
    np.exp(tail, out=tail)
    tail *= size
    np.maximum(x, 0, out=x)
    x -= tail
    return x
