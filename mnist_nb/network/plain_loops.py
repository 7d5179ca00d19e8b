"""The network in plain loops and double precision: slow, obvious, and the oracle of the fast ones.

Activations have PyTorch's order, (channels, rows, columns). One image at a time.
"""

import math

import numpy as np
from numpy.typing import NDArray

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
    Sigmoid,
    Tanh,
    border,
    reach,
)

Array = NDArray[np.float64]


def predict(weights: Weights, image: NDArray[np.uint8]) -> Array:
    """Return the probabilities, float64 (labels,), of one image uint8 (28, 28)."""
    logits = outputs(weights, image)[-1]
    e = np.exp(logits - logits.max())
    return e / e.sum()  # type: ignore[no-any-return]


def outputs(weights: Weights, image: NDArray[np.uint8]) -> list[Array]:
    """Return what enters the first layer, then what each layer gives; see `Layers.outputs`."""
    entry = weights.architecture
    tensors = {name: tensor.astype(np.float64) for name, tensor in weights.tensors.items()}
    values = [(image.reshape(1, 28, 28) / entry.scale - entry.mean) / entry.std]
    for layer in entry.layers:
        values.append(run(layer, values[-1], tensors))
    return values


def run(layer: Layer, x: Array, tensors: dict[str, Array]) -> Array:
    """Return what one layer makes of one image's activation."""
    if isinstance(layer, Conv2d):
        return conv2d(layer, x, tensors)
    if isinstance(layer, BatchNorm):
        return batchnorm(layer, x, tensors)
    if isinstance(layer, Flatten):
        return x.reshape(-1)
    if isinstance(layer, Linear):
        return linear(layer, x, tensors)
    if isinstance(layer, Activation):
        return np.array([activation(layer, value) for value in x.flat]).reshape(x.shape)
    if isinstance(layer, GlobalAvgPool2d):
        return x.mean(axis=(1, 2), keepdims=True)  # type: ignore[no-any-return]
    return pool(layer, x)


def conv2d(layer: Conv2d, x: Array, tensors: dict[str, Array]) -> Array:
    """Slide each kernel over the image: multiply, sum, add the bias."""
    weight = tensors[layer.weight]  # (O, I / groups, k, k)
    out, inside, size, _ = weight.shape
    size, step = reach(layer, size), layer.dilation
    x = padded(x, border(layer, size), 0)
    height, width = ((side - size) // layer.stride + 1 for side in x.shape[1:])
    y = np.zeros((out, height, width))
    for o in range(out):
        first = o // (out // layer.groups) * inside  # input of its group
        for row in range(height):
            for column in range(width):
                top, left = row * layer.stride, column * layer.stride
                window = x[first : first + inside, top : top + size, left : left + size]
                y[o, row, column] = (window[:, ::step, ::step] * weight[o]).sum()
        if layer.bias:
            y[o] += tensors[layer.bias][o]
    return y


def padded(x: Array, border: tuple[int, int], value: float) -> Array:
    """Put a border around each channel."""
    return np.pad(x, ((0, 0), border, border), constant_values=value)


def batchnorm(layer: BatchNorm, x: Array, tensors: dict[str, Array]) -> Array:
    """Normalise each channel by the running statistics of training."""
    y = np.empty_like(x)
    for c in range(len(x)):
        mean = tensors[f"{layer.prefix}.running_mean"][c]
        var = tensors[f"{layer.prefix}.running_var"][c]
        normal = (x[c] - mean) / math.sqrt(var + layer.eps)
        y[c] = normal * tensors[f"{layer.prefix}.weight"][c] + tensors[f"{layer.prefix}.bias"][c]
    return y


def pool(layer: Pool, x: Array) -> Array:
    """Keep the largest value of each window, or its mean."""
    largest = isinstance(layer, MaxPool2d)
    x = padded(x, border(layer, layer.size), -math.inf if largest else 0)
    height, width = ((side - layer.size) // layer.stride + 1 for side in x.shape[1:])
    y = np.empty((len(x), height, width))
    for row in range(height):
        for column in range(width):
            top, left = row * layer.stride, column * layer.stride
            window = x[:, top : top + layer.size, left : left + layer.size]
            y[:, row, column] = window.max(axis=(1, 2)) if largest else window.mean(axis=(1, 2))
    return y


def linear(layer: Linear, x: Array, tensors: dict[str, Array]) -> Array:
    """Add up the evidence of every input for every output."""
    weight = tensors[layer.weight]  # (out, in)
    y = np.array([(row * x).sum() for row in weight])
    return y + tensors[layer.bias] if layer.bias else y


def activation(layer: Activation, x: float) -> float:
    """Return what an activation makes of a number."""
    match layer:
        case Relu():
            return max(x, 0.0)
        case LeakyRelu():
            return max(x, layer.slope * x)
        case Gelu():
            return gelu(x)
        case Tanh():
            return math.tanh(x)
        case Sigmoid():
            return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def gelu(x: float) -> float:
    """Return x times the share of a normal distribution that lies below x."""
    return x * (1 + math.erf(x / math.sqrt(2))) / 2
