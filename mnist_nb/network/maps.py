"""The layers before the flatten: convolutions and what is between them, on memory that is kept.

Activations are channel-last, (rows, columns, channels): the pixels under one row of a kernel are
numbers side by side. Each step knows the arrays it reads and writes, so that nothing is allocated
or looked up while it runs. The matrix products are small ones on purpose: above a size (OpenBLAS:
2^18 multiply-adds, 9216 for a vector) a BLAS shares a product among threads, and on a busy machine
waiting for those takes ten to a hundred times as long as the product.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import zip_longest

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from mnist_nb.network.activations import (
    Array,
    gelu_notes,
    gelu_steps,
    leaky_relu,
    memory,
    sigmoid,
)
from mnist_nb.network.ops import (
    NORM,
    AvgPool2d,
    BatchNorm,
    BatchNorm2d,
    Conv2d,
    Gelu,
    GlobalAvgPool2d,
    Layer,
    LeakyRelu,
    MaxPool2d,
    Pool,
    Relu,
    Sigmoid,
    Tanh,
    border,
    is_depthwise,
    reach,
)

IMAGES = 16  # at a time: they share one reading of the weights of a linear layer
SMALL_MATRIX = 250_000  # multiply-adds of two matrices that no BLAS shares among threads
SPARE = 3  # rows that the last block of 4 may reach below a map
GIANT = 8  # weights from here on would drown others in Winograd's sums

Tensors = Mapping[str, Array]

# Winograd's F(4, 3), see Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015:
# AT ((G g) * (BT d)) are 4 sums of 3 products of 6 neighbouring numbers d with 3 weights g. It
# multiplies polynomials by their values at 6 places. With these it rounds less than with 1 and 2.
PLACES = np.array([0, 3 / 4, -3 / 4, 3 / 2, -3 / 2])  # and infinity
AT, G, BT = (np.vstack([np.vander(PLACES, n, True), np.eye(n)[-1]]) for n in (4, 3, 6))
BT = np.linalg.inv(BT).T
SCALE = np.append(BT[:5, 4], 1)[:, None]  # makes the numbers of BT short ones, exact in float32
BT, G = np.round(BT / SCALE, 6).astype(np.float32), G * SCALE
AT = np.vstack([AT, np.ones(4)]).T.astype(np.float32)  # with a column for the bias


class Maps:
    """Layers on maps, to be run in one thread at a time.

    Args:
        levels: float32 (256,), the number that enters for each byte of an image.
        layers, tensors: those before the flatten, and the tensors of the file.

    Attributes:
        shape: of what the last layer gives, (rows, columns, channels).
        notes: memory that `gelu` may use in between.
    """

    def __init__(self, levels: Array, layers: Sequence[Layer], tensors: Tensors) -> None:
        self._levels, self.notes = levels, gelu_notes()
        self._steps: list[Callable[[], object]] = []
        self._pixels = x = _room(28, 28, 1)
        before: Layer | None = None
        for layer, after in zip_longest(layers, layers[1:]):
            match layer:
                case Conv2d():
                    x = self._conv2d(x, layer, *folded(layer, after, tensors))
                case BatchNorm2d() if not isinstance(before, Conv2d):
                    scale, shift = scale_and_shift(layer, tensors)
                    self._steps += [partial(np.multiply, x, scale, x), partial(np.add, x, shift, x)]
                case MaxPool2d() | AvgPool2d():
                    x = self._pool(x, layer)
                case GlobalAvgPool2d():
                    x = self._pool(x, AvgPool2d(len(x), 1))
                case Gelu():
                    self._steps += gelu_steps(x, self.notes)
                case Relu():  # with zeros: with a number numpy's maximum is slower
                    self._steps.append(partial(np.maximum, x, memory(*x.shape), out=x))
                case LeakyRelu():
                    y = _room(*x.shape)
                    self._steps.append(partial(leaky_relu, x, layer.slope, y))
                    x = y
                case Tanh():
                    self._steps.append(partial(np.tanh, x, x))
                case Sigmoid():
                    self._steps.append(partial(sigmoid, x, x))
            before = layer
        self._last, self.shape = x, x.shape
        self._outputs = memory(IMAGES, *x.shape)

    def run(self, images: NDArray[np.uint8]) -> Array:
        """Return what the last layer gives for at most IMAGES images, uint8 (N, 784).

        Returns:
            float32 (N, rows, columns, channels), overwritten by the next call.
        """
        pixels = self._pixels.reshape(784)
        for image, output in zip(images, self._outputs, strict=False):
            self._levels.take(image, out=pixels, mode="clip")
            for step in self._steps:
                step()
            output[:] = self._last
        return self._outputs[: len(images)]

    def _padded(self, x: Array, sides: tuple[int, int], value: float = 0) -> Array:
        if sides == (0, 0):
            return x
        (height, width, channels), low = x.shape, sides[0]
        y = _room(height + sum(sides), width + sum(sides), channels)
        y[:] = value
        self._steps.append(partial(np.copyto, y[low : low + height, low : low + width], x))
        return y

    def _conv2d(self, x: Array, layer: Conv2d, weight: Array, bias: Array) -> Array:
        x = self._padded(x, border(layer, reach(layer, weight.shape[2])))
        if is_depthwise(layer, weight.shape, x.shape[2]):
            return self._depthwise(
                x, dense(weight, replace(layer, groups=1), 1), bias, layer.stride
            )
        convolution = Convolution(x, dense(weight, layer, x.shape[2]), bias, layer.stride)
        self._steps.append(convolution)
        return convolution.output

    def _depthwise(self, x: Array, weight: Array, bias: Array, stride: int) -> Array:
        """Add up the places of a window, times a weight for each channel."""
        places = _places(x, weight.shape[2], stride)
        weights = weight.reshape(len(weight), -1).T.copy()  # (k*k, C)
        y = _room(*places[0].shape)
        product = memory(*y.shape)
        self._steps.append(partial(np.copyto, y, bias))
        for place, factor in zip(places, weights, strict=True):
            self._steps.append(partial(np.multiply, place, factor, product))
            self._steps.append(partial(np.add, y, product, y))
        return y

    def _pool(self, x: Array, layer: Pool) -> Array:
        largest = isinstance(layer, MaxPool2d)
        x = self._padded(x, border(layer, layer.size), -np.inf if largest else 0)
        first, *others = _places(x, layer.size, layer.stride)
        y = _room(*first.shape)
        self._steps.append(partial(np.copyto, y, first))
        add = np.maximum if largest else np.add
        self._steps += [partial(add, y, other, out=y) for other in others]
        if not largest:
            self._steps.append(partial(np.multiply, y, np.float32(1 / layer.size**2), y))
        return y


def _places(x: Array, size: int, stride: int) -> list[Array]:
    """Return for each place of a window what stands there in all windows, (H', W', C)."""
    height, width = ((side - size) // stride + 1 for side in x.shape[:2])
    places = [x[i::stride, j::stride] for i in range(size) for j in range(size)]
    return [place[:height, :width] for place in places]


def dense(weight: Array, layer: Conv2d, channels: int) -> Array:
    """Return weights (O, channels, k', k') with zeros for the gaps and for other groups' inputs."""
    if layer.groups == layer.dilation == 1:
        return weight
    out, inside, size, _ = weight.shape
    size, step = reach(layer, size), layer.dilation
    filled = memory(out, channels, size, size)
    for o, own in enumerate(weight):
        first = o // (out // layer.groups) * inside
        filled[o, first : first + inside, ::step, ::step] = own
    return filled


class Convolution:
    """(H, W, C) -> (H', W', O), by blocks of m rows of the output, from q rows of the input.

    The q rows are spread: as they are, or as Winograd's sums of them. Each is multiplied with
    weights of its own, and from the q products the m rows are gathered.

    A window of a row, k pixels, is k*C numbers side by side. Each p-th window begins behind the end
    of one: as they lie they are a matrix, without a copy; so are those from the second on, and so
    on, p matrices. Windows over the end of a row give rubbish, which is not gathered.
    """

    def __init__(self, x: Array, weight: Array, bias: Array, stride: int) -> None:
        (h, w, c), (o, _, k, _) = x.shape, weight.shape
        height, width = (h - k) // stride + 1, (w - k) // stride + 1
        self._fast = (k, stride) == (3, 1) and bool(np.abs(weight).max() < GIANT)
        self._fast = self._fast and 36 * w * max(c, o) < SMALL_MATRIX
        m, g = (4, G) if self._fast else (1, np.eye(k))
        q, n = len(g), -(-height // m)  # n blocks; the last may reach into the spare rows
        line, p = -(-w // stride), -(-k // stride)  # `line` windows of a row, all of them
        most = max(1, SMALL_MATRIX // (k * c * o))
        s = -(-n * line // p // most)  # products for each of the p matrices,
        t = -(-n * line // (p * s))  # of so many windows
        # Numbers: of a spread row of all blocks, and of its product.
        spread, product = (s * t * p * stride + k) * c, s * t * p * o
        u, y = memory(q, spread), memory(q + 1, product)
        y[q] = np.tile(bias, s * t * p)
        self._rows = _view(x, (n, q, w * c), (m * stride * w * c, w * c, 1))
        self._spread = _view(u, (n, q, w * c), (line * stride * c, spread, 1))
        far = p * stride * c  # from a window of a matrix to the next
        self._windows = _view(u, (q, p, s, t, k * c), (spread, stride * c, t * far, far, 1))
        self._weight = memory(q, 1, 1, k * c, o)
        self._weight[:, 0, 0] = np.einsum("qy,ocyx->qxco", g, weight).reshape(q, k * c, o)
        self._products = _view(y, (q, p, s, t, o), (product, o, t * p * o, p * o, 1))
        self._gather = _view(y, (n, q + 1, width * o), (line * o, product, 1))
        self.output = _room(height, width, o)
        self._out = _view(self.output, (n, m, width * o), (m * width * o, width * o, 1))
        whole = _view(self.output, ((height + SPARE) * width * o,), (1,))
        self._below = whole[height * width * o :]

    def __call__(self) -> None:
        """Compute `output` anew from x."""
        if self._fast:
            np.matmul(BT, self._rows, self._spread)  # (6, 6) @ (n, 6, W*C)
        else:
            np.copyto(self._spread, self._rows)  # (n, k, W*C)
        np.matmul(self._windows, self._weight, self._products)  # (q,p,s,t,k*C) @ (q,1,1,k*C,O)
        if self._fast:
            np.matmul(AT, self._gather, self._out)  # (4, 7) @ (n, 7, W'*O)
            # No norm or activation will see what the last block left below, and the next
            # convolution adds it and takes it away again: what is large there would round the rest.
            self._below.fill(0)
        else:
            np.add.reduce(self._gather, 1, out=self._out[:, 0])  # (n, k + 1, W'*O)


def _room(height: int, width: int, channels: int) -> Array:
    """Return memory for maps, with spare rows of 0 for the blocks of `Convolution`."""
    return memory(height, width, channels, spare=SPARE * width * channels)


def _view(x: Array, shape: tuple[int, ...], steps: tuple[int, ...]) -> Array:
    """Return the numbers of x with axes that advance by so many."""
    return as_strided(x, shape, [4 * step for step in steps])


def folded(layer: Conv2d, after: Layer | None, tensors: Tensors) -> tuple[Array, Array]:
    """Return weight and bias with the batch norm after the convolution in them."""
    weight = tensors[layer.weight]
    bias = tensors[layer.bias] if layer.bias else np.zeros(len(weight), np.float32)
    if not isinstance(after, BatchNorm2d):
        return weight, bias
    scale, shift = scale_and_shift(after, tensors)
    return weight * scale[:, None, None, None], bias * scale + shift


def scale_and_shift(norm: BatchNorm, tensors: Tensors) -> tuple[Array, Array]:
    """Return what a batch norm multiplies with and adds, (C,) each."""
    weight, bias, mean, var = (tensors[f"{norm.prefix}.{p}"].astype(np.float64) for p in NORM)
    scale = weight / np.sqrt(var + norm.eps)  # (C,)
    return scale.astype(np.float32), (bias - mean * scale).astype(np.float32)
