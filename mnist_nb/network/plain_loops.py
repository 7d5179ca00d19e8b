"""The network in plain loops and double precision: slow, obvious, and the oracle of the fast ones.

Activations have PyTorch's order, (channels, rows, columns). One image at a time.
"""

import math

import numpy as np
from numpy.typing import NDArray

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

Array = NDArray[np.float64]


def predict(weights: Weights, image: NDArray[np.uint8]) -> Array:
    """Return the probabilities, float64 (labels,), of one image uint8 (28, 28)."""
    entry = weights.architecture
    tensors = {name: tensor.astype(np.float64) for name, tensor in weights.tensors.items()}
    x = (image.reshape(1, 28, 28) / entry.scale - entry.mean) / entry.std
    for layer in entry.layers:
        x = run(layer, x, tensors)
    e = np.exp(x - x.max())
    return e / e.sum()  # type: ignore[no-any-return]


def run(layer: Layer, x: Array, tensors: dict[str, Array]) -> Array:
    """Return what one layer makes of one image's activation."""
    if isinstance(layer, Conv2d):
        return conv2d(layer, x, tensors)
    if isinstance(layer, MaxPool2d):
        return maxpool2d(layer, x)
    if isinstance(layer, BatchNorm2d):
        return batchnorm2d(layer, x, tensors)
    if isinstance(layer, Flatten):
        return x.reshape(-1)
    if isinstance(layer, Linear):
        return linear(layer, x, tensors)
    one = relu if isinstance(layer, Relu) else gelu
    return np.array([one(value) for value in x.flat]).reshape(x.shape)


def conv2d(layer: Conv2d, x: Array, tensors: dict[str, Array]) -> Array:
    """Slide each kernel over the image: multiply, sum, add the bias."""
    weight = tensors[layer.weight]  # (O, I, k, k)
    out, _, size, _ = weight.shape
    if layer.padding == "same":
        before, after = (size - 1) // 2, size - 1 - (size - 1) // 2
        x = np.pad(x, ((0, 0), (before, after), (before, after)))
    height, width = ((side - size) // layer.stride + 1 for side in x.shape[1:])
    y = np.zeros((out, height, width))
    for o in range(out):
        for row in range(height):
            for column in range(width):
                top, left = row * layer.stride, column * layer.stride
                patch = x[:, top : top + size, left : left + size]  # (I, k, k)
                y[o, row, column] = (patch * weight[o]).sum()
        if layer.bias:
            y[o] += tensors[layer.bias][o]
    return y


def batchnorm2d(layer: BatchNorm2d, x: Array, tensors: dict[str, Array]) -> Array:
    """Normalise each channel by the running statistics of training."""
    y = np.empty_like(x)
    for c in range(len(x)):
        mean = tensors[f"{layer.prefix}.running_mean"][c]
        var = tensors[f"{layer.prefix}.running_var"][c]
        normal = (x[c] - mean) / math.sqrt(var + layer.eps)
        y[c] = normal * tensors[f"{layer.prefix}.weight"][c] + tensors[f"{layer.prefix}.bias"][c]
    return y


def maxpool2d(layer: MaxPool2d, x: Array) -> Array:
    """Keep the largest value of each window."""
    height, width = ((side - layer.size) // layer.stride + 1 for side in x.shape[1:])
    y = np.empty((len(x), height, width))
    for row in range(height):
        for column in range(width):
            top, left = row * layer.stride, column * layer.stride
            window = x[:, top : top + layer.size, left : left + layer.size]
            y[:, row, column] = window.max(axis=(1, 2))
    return y


def linear(layer: Linear, x: Array, tensors: dict[str, Array]) -> Array:
    """Add up the evidence of every input for every output."""
    weight = tensors[layer.weight]  # (out, in)
    y = np.array([(row * x).sum() for row in weight])
    return y + tensors[layer.bias] if layer.bias else y


def relu(x: float) -> float:
    """Return x where it is above 0, else 0."""
    return max(x, 0.0)


def gelu(x: float) -> float:
    """Return x times the share of a normal distribution that lies below x."""
    return x * (1 + math.erf(x / math.sqrt(2))) / 2
