"""The layers before the flatten: convolutions and what is between them, on memory that is kept.

Activations are channel-last, (images, rows, columns, channels), so that a convolution is one matrix
product over patches laid side by side (im2col) and its result already has the next layer's layout.
Each step knows the arrays it reads and writes: nothing is allocated, or looked up, while it runs.

The matrix products are stacks of small ones on purpose. Above a size (OpenBLAS: 2^18 multiply-adds,
9216 for a vector) a BLAS shares a product among threads, and on a machine that is busy, with a
browser and a notebook server for instance, waiting for those threads takes ten to a hundred times
as long as the product.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mnist_nb.network.activations import VECTOR, Array, GeluSteps, Step, aligned
from mnist_nb.network.architecture import BatchNorm2d, Conv2d, Gelu, Layer, MaxPool2d, Relu

SMALL_MATRIX = 250_000  # multiply-adds of two matrices that no BLAS shares among threads
ROOM = 98_304  # numbers: what the images at work should need at most, to stay in cache
RUN = 500  # multiply-adds in the time of one copy of numbers that lie side by side

Tensors = Mapping[str, Array]


class Maps:
    """Layers on maps, ready to run for a fixed number of images, in one thread at a time.

    Attributes:
        pixels: float32 (images, 28, 28, 1); what enters the first layer is put here.
        output: (images, rows, columns, channels); what the last layer gave.
        largest: numbers of the largest array.
    """

    def __init__(self, layers: Sequence[Layer], tensors: Tensors, images: int) -> None:
        self.pixels = self.output = aligned(images, 28, 28, 1)
        self.largest = self.pixels.size
        self._steps: list[Step] = []
        self._memory = aligned(ROOM)  # of one step at a time
        self._gelu = GeluSteps(self._memory)
        for index, layer in enumerate(layers):
            if isinstance(layer, Conv2d):
                norm = layers[index + 1] if index + 1 < len(layers) else None
                self._conv2d(*_folded(layer, norm, tensors), layer)
            elif isinstance(layer, BatchNorm2d):
                if index == 0 or not isinstance(layers[index - 1], Conv2d):
                    self._affine(*_scale_and_shift(layer, tensors))
            elif isinstance(layer, MaxPool2d):
                self._maxpool2d(layer.size, layer.stride)
            elif isinstance(layer, Gelu):
                self._steps += self._gelu.on(self.output)
            elif isinstance(layer, Relu):
                self._relu()

    def run(self) -> Array:
        """Return `output` for what is in `pixels`; both are overwritten by it and by the next."""
        for step in self._steps:
            step()
        return self.output

    def _conv2d(self, weight: Array, bias: Array, layer: Conv2d) -> None:
        """Weight (O, I, k, k), bias (O,)."""
        (out, channels, size, _), stride = weight.shape, layer.stride
        x = self._padded(size - 1) if layer.padding == "same" else self.output
        n, height, width = (x.shape[0], *((side - size) // stride + 1 for side in x.shape[1:3]))
        tile = _tile(weight.shape, height, width, stride)  # T: so many pixels of a row in one
        tiles = n * height * (width // tile)
        # A row of a window is one run of numbers: (N, H, W/T, k, run).
        run = ((tile - 1) * stride + size) * channels
        image, row, pixel, number = x.strides
        steps = (image, row * stride, pixel * stride * tile, row, number)
        shape = (n, height, width // tile, size, run)
        windows: Array = np.ndarray(shape, x.dtype, x, 0, steps)
        # Side by side, and after them a 1, whose weight is the bias: (tiles, k * run + 1).
        patches = self._room(tiles, size * run + 1)
        ones = patches[:, -1]
        wide = patches.strides[0]
        steps = (height * shape[2] * wide, shape[2] * wide, wide, run * number, number)
        side_by_side: Array = np.ndarray(shape, x.dtype, patches, 0, steps)
        matrix = aligned(size * run + 1, tile * out)
        matrix[:] = _band(weight, bias, tile, stride)
        y = aligned(tiles, tile * out)
        self._steps.append(lambda: np.copyto(side_by_side, windows))
        self._steps.append(lambda: ones.fill(1))
        self._steps += _products(patches, matrix, y)
        self._gives(y.reshape(n, height, width, out), patches.size)

    def _padded(self, pad: int) -> Array:
        x = self.output
        n, height, width, channels = x.shape
        padded = aligned(n, height + pad, width + pad, channels)
        inside = padded[:, pad // 2 : pad // 2 + height, pad // 2 : pad // 2 + width]
        self._steps.append(lambda: np.copyto(inside, x))
        return padded

    def _affine(self, scale: Array, shift: Array) -> None:
        x = self.output
        self._steps.append(lambda: np.multiply(x, scale, out=x))
        self._steps.append(lambda: np.add(x, shift, out=x))

    def _relu(self) -> None:
        x, zero = self.output, aligned(*self.output.shape)  # an array: see GeluSteps
        self._steps.append(lambda: np.maximum(x, zero, out=x))

    def _maxpool2d(self, size: int, stride: int) -> None:
        x = self.output
        height, width = ((side - size) // stride + 1 for side in x.shape[1:3])
        y = aligned(len(x), height, width, x.shape[3])
        places = [(i, j) for i in range(size) for j in range(size)]
        parts = [x[:, i::stride, j::stride][:, :height, :width] for i, j in places]

        def step() -> None:
            np.copyto(y, parts[0])
            for part in parts[1:]:
                np.maximum(y, part, out=y)

        self._steps.append(step)
        self._gives(y)

    def _room(self, *shape: int) -> Array:
        """Return memory that other steps use as well."""
        count = math.prod(shape)
        memory = self._memory if count <= ROOM else aligned(count)
        return memory[:count].reshape(shape)

    def _gives(self, output: Array, largest: int = 0) -> None:
        self.output = output
        self.largest = max(self.largest, output.size, largest)


def _folded(layer: Conv2d, norm: Layer | None, tensors: Tensors) -> tuple[Array, Array]:
    """Return weight and bias with the batch norm after the convolution in them."""
    weight = tensors[layer.weight]
    bias = tensors[layer.bias] if layer.bias else np.zeros(len(weight), np.float32)
    if not isinstance(norm, BatchNorm2d):
        return weight, bias
    scale, shift = _scale_and_shift(norm, tensors)
    return weight * scale[:, None, None, None], bias * scale + shift


def _scale_and_shift(norm: BatchNorm2d, tensors: Tensors) -> tuple[Array, Array]:
    weight, bias, mean, var = (
        tensors[f"{norm.prefix}.{name}"].astype(np.float64)
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = weight / np.sqrt(var + norm.eps)  # (C,)
    return scale.astype(np.float32), (bias - mean * scale).astype(np.float32)


def _tile(weight: tuple[int, ...], height: int, width: int, stride: int) -> int:
    """Return how many pixels of a row to compute as one.

    Neighbours share most of their windows. As one they take fewer and longer copies, and fill the
    registers of the matrix product, but multiply by the zeros of the band (see `_band`).
    """
    out, channels, size, _ = weight

    def cost(tile: int) -> int:
        inputs = size * ((tile - 1) * stride + size) * channels
        outputs = -(-tile * out // VECTOR) * VECTOR
        return height * width // tile * (inputs * outputs + size * RUN)

    return min((tile for tile in range(1, width + 1) if width % tile == 0), key=cost)


def _band(weight: Array, bias: Array, tile: int, stride: int) -> Array:
    """Return the matrix from a window of `tile` pixels to their outputs, (k*run + 1, T*O).

    Each pixel sees its own part of the window: the kernel stands `tile` times in the matrix, each
    time `stride` pixels further down, and the rest is 0.
    """
    out, channels, size, _ = weight.shape
    band = np.zeros((size, (tile - 1) * stride + size, channels, tile, out), np.float32)
    for pixel in range(tile):
        here = slice(pixel * stride, pixel * stride + size)
        band[:, here, :, pixel] = weight.transpose(2, 3, 1, 0)
    return np.vstack([band.reshape(-1, tile * out), np.tile(bias, tile)])


def _products(left: Array, right: Array, out: Array) -> list[Step]:
    """Return the steps of left @ right, in pieces of rows that are small products."""
    count, most = len(left), max(1, SMALL_MATRIX // right.size)
    rows = -(-count // -(-count // most))  # pieces as equal as can be
    even = count // rows * rows
    a, y = left[:even].reshape(-1, rows, left.shape[1]), out[:even].reshape(-1, rows, out.shape[1])
    steps: list[Step] = [lambda: np.matmul(a, right, out=y)]
    if even < count:
        steps.append(lambda: np.matmul(left[even:], right, out=out[even:]))
    return steps
