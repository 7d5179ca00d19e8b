"""The network in numpy: 784 bytes in, ten probabilities out.

Images go through the layers on maps, up to the flatten, as few at a time as stay in cache
(`maps.py`); then as rows through the linear layers, many at a time, because these read so many
weights. `reference.py` is the same network in plain loops.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_nb.drawing import as_images
from mnist_nb.network.activations import Array, gelu, relu
from mnist_nb.network.answer import Answer, threshold
from mnist_nb.network.architecture import Flatten, Gelu, Layer, Linear, Relu
from mnist_nb.network.file_format import Weights, read_weights, shipped_weights
from mnist_nb.network.maps import ROOM, Maps, Tensors

__all__ = ["Network", "gelu", "relu"]

ROWS = 16  # images at a time in the linear layers
SMALL_VECTOR = 8192  # multiply-adds of a vector and a matrix that no BLAS shares among threads

Step = Callable[[Array], Array]  # from rows to rows; float64 from the first linear layer on


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
        layers = self.architecture.layers
        flat = next((i for i, layer in enumerate(layers) if isinstance(layer, Flatten)), None)
        self._layers = layers[:flat]  # on maps
        self._maps: dict[int, list[Maps]] = defaultdict(list)  # for so many images, not at work
        one = self._take(1)
        self._images = max(1, min(ROWS, ROOM // one.largest))
        self._shape = one.output.shape[1:]
        self._maps[1].append(one)
        self._rows = [] if flat is None else _rows(layers[flat:], weights.tensors, self._shape)

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
        pixels = as_images(images)  # (N, 784) uint8
        parts = [self._some(pixels[i : i + ROWS]) for i in range(0, len(pixels), ROWS)]
        return np.concatenate(parts)

    def _some(self, pixels: NDArray[np.uint8]) -> Array:
        x: Array = np.empty((len(pixels), *self._shape), np.float32)  # (N, H, W, C)
        for i in range(0, len(pixels), self._images):
            some = pixels[i : i + self._images]
            maps = self._take(len(some))
            maps.pixels.reshape(some.shape)[:] = self._normal.take(some)
            x[i : i + len(some)] = maps.run()
            self._maps[len(some)].append(maps)
        for step in self._rows:
            x = step(x)
        return x

    def _take(self, images: int) -> Maps:
        """Return layers that no other thread is using."""
        try:
            return self._maps[images].pop()
        except IndexError:
            return Maps(self._layers, self.weights.tensors, images)

    def __repr__(self) -> str:
        return f"Network({self.name!r}, {self.parameters:,} parameters, sha256 {self.sha256[:8]})"


def _rows(layers: Sequence[Layer], tensors: Tensors, shape: tuple[int, ...]) -> list[Step]:
    """Turn the layers from the flatten on into functions.

    The file counts channels first, our maps have them last. So the first linear layer gets its
    weights in our order; only where there is none, the numbers themselves are moved.
    """
    height, width, channels = shape
    if not any(isinstance(layer, Linear) for layer in layers):
        steps: list[Step] = [lambda x: np.ascontiguousarray(x.transpose(0, 3, 1, 2))]
        steps.append(lambda x: x.reshape(len(x), -1))
    else:
        steps = [lambda x: x.reshape(len(x), -1)]
    ours = True  # is the order ours, with channels last?
    for layer in layers:
        if isinstance(layer, Linear):
            weight = tensors[layer.weight]  # (out, in)
            if ours:
                weight = weight.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
                weight, ours = weight.reshape(len(weight), -1), False
            steps.append(_linear(weight, tensors[layer.bias] if layer.bias else None))
        elif isinstance(layer, Gelu | Relu):
            steps.append(gelu if isinstance(layer, Gelu) else relu)
    return steps


def _linear(weight: Array, bias: Array | None) -> Step:
    """Return float64: of numbers this few, that decide this much, the rounding would be seen."""
    out, width = weight.shape
    shift = 0.0 if bias is None else bias.astype(np.float64)
    if width * out <= SMALL_VECTOR:
        small = weight.T.astype(np.float64)  # (in, out)
        return lambda x: x @ small + shift  # (N, out)
    groups = (g for g in range(1, 129) if width % g == 0 and width // g * out <= SMALL_VECTOR)
    count = next(groups, 1)  # G: the inputs are cut into groups, and their shares added up
    matrix = np.ascontiguousarray(weight.T).reshape(count, width // count, out)

    def step(x: Array) -> Array:
        x = x.astype(np.float32, copy=False).reshape(len(x), count, -1)
        parts = x.transpose(1, 0, 2) @ matrix  # (G, N, out)
        y: Array = parts.sum(axis=0, dtype=np.float64)  # (N, out)
        y += shift
        return y

    return step
