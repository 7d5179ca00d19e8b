"""The network in numpy: 784 bytes in, ten probabilities out.

Images go through the layers on maps, up to the flatten, one at a time, so that all stays in cache
(`maps.py`); then as rows through the linear layers, some at a time, because these read so many
weights. `plain_loops.py` is the same network in plain loops.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from mnist_nb.drawing import as_images
from mnist_nb.network.activations import Array, gelu, leaky_relu, memory, relu, sigmoid
from mnist_nb.network.answer import Answer, threshold
from mnist_nb.network.file_format import Weights, read_weights, shipped_weights
from mnist_nb.network.maps import IMAGES, Maps, Tensors, scale_and_shift
from mnist_nb.network.ops import (
    BatchNorm1d,
    Flatten,
    Gelu,
    Layer,
    LeakyRelu,
    Linear,
    Relu,
    Sigmoid,
    Tanh,
)

SMALL_VECTOR = 8192  # multiply-adds of a vector and a matrix that no BLAS shares among threads

Step = Callable[[Array], Array]  # from rows to rows


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
        layers = weights.architecture.layers
        flat = next((i for i, layer in enumerate(layers) if isinstance(layer, Flatten)), None)
        self._layers = layers[:flat]
        self._idle = [self._maps()]  # those that no thread is using
        shape = self._idle[0].shape
        self._rows = [] if flat is None else _rows(layers[flat:], weights.tensors, shape)

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

    def answer(self, image: ArrayLike) -> Answer:
        """Return what it says of one image, and how long that took; see `predict`."""
        began = perf_counter()
        (probabilities,) = self.predict(image)
        ms = 1000 * (perf_counter() - began)
        doubt, place = self.not_sure_below, "numpy here"
        return Answer(probabilities, self.labels, doubt, self.sha256, self.name, ms, place)

    def logits(self, images: ArrayLike) -> Array:
        """Return what enters the softmax, float32 (N, labels); see `predict`."""
        return self._run(images).astype(np.float32)

    def _run(self, images: ArrayLike) -> Array:
        pixels = as_images(images).reshape(-1, 784)
        try:
            maps = self._idle.pop()
        except IndexError:
            maps = self._maps()
        parts = []
        # Powers in gelu may overflow, and windows that are left out; in an answer it shows.
        with np.errstate(over="ignore", invalid="ignore"):
            for i in range(0, len(pixels), IMAGES):
                x = maps.run(pixels[i : i + IMAGES])  # (N, H, W, C)
                for step in self._rows:
                    x = gelu(x, maps.notes) if step is gelu else step(x)
                parts.append(x.copy())
        self._idle.append(maps)
        return np.concatenate(parts)

    def _maps(self) -> Maps:
        # Rounded after each operation, as by every framework: where most pixels are 0, another
        # order would shift nearly all of them by the same error.
        entry = self.architecture
        levels = np.arange(256, dtype=np.float32) / np.float32(entry.scale)
        levels = (levels - np.float32(entry.mean)) / np.float32(entry.std)
        return Maps(levels, self._layers, self.weights.tensors)

    def __repr__(self) -> str:
        return f"Network({self.name!r}, {self.parameters:,} parameters, sha256 {self.sha256[:8]})"


def _rows(layers: Sequence[Layer], tensors: Tensors, shape: tuple[int, ...]) -> list[Step]:
    """Turn the layers from the flatten on into functions from rows to rows.

    The file counts channels first, our maps have them last. So the first linear layer gets its
    weights in our order; only where there is none, the numbers themselves are moved.
    """
    height, width, channels = shape
    places = np.arange(height * width * channels).reshape(channels, height, width)
    order: Array | None = places.transpose(1, 2, 0).reshape(-1)  # the file's, of our numbers
    steps: list[Step] = [lambda x: x.reshape(len(x), -1)]
    for layer in layers:
        if isinstance(layer, Linear):
            weight = tensors[layer.weight]  # (out, in)
            bias = tensors[layer.bias] if layer.bias else np.zeros(len(weight), np.float32)
            # Of numbers as few as the last ones, that decide this much, rounding would be seen.
            dtype = np.float64 if layer is layers[-1] else np.float32
            weight, order = weight if order is None else weight[:, order], None
            steps.append(_linear(weight.astype(dtype), bias.astype(dtype)))
        elif isinstance(layer, BatchNorm1d):
            numbers = scale_and_shift(layer, tensors)
            steps.append(_affine(*(x if order is None else x[order] for x in numbers)))
        elif isinstance(layer, LeakyRelu):
            steps.append(partial(leaky_relu, slope=layer.slope))
        elif type(layer) in _FUNCTIONS:
            steps.append(_FUNCTIONS[type(layer)])
    if order is not None:
        back = np.argsort(order)
        steps.append(lambda x: x[:, back])
    return steps


_FUNCTIONS: dict[type[Layer], Step] = {Gelu: gelu, Relu: relu, Tanh: np.tanh, Sigmoid: sigmoid}


def _affine(scale: Array, shift: Array) -> Step:
    return lambda x: x * scale + shift


def _linear(weight: Array, bias: Array) -> Step:
    """Return a function from (N, in) to (N, out), in the dtype of weight (out, in)."""
    out, width = weight.shape
    fits = (g for g in range(1, 129) if width % g == 0 and width // g * out <= SMALL_VECTOR)
    groups = next(fits, 1)  # the inputs are cut into groups, and their shares added up
    matrix = memory(groups, width // groups, out).astype(weight.dtype, copy=False)
    matrix[:] = weight.T.reshape(matrix.shape)

    def step(x: Array) -> Array:
        x = x.astype(weight.dtype, copy=False).reshape(len(x), groups, -1)
        shares = x.transpose(1, 0, 2) @ matrix  # (groups, N, in / groups) -> (groups, N, out)
        y: Array = np.add.reduce(shares)  # (N, out)
        return np.add(y, bias, y)

    return step
