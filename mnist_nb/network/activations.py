"""The activations in numpy, and memory as they and the layers use it."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

PIECE = 12_288  # numbers at a time: what gelu notes of them stays in cache
HALF = np.full((), 0.5, np.float32)
# Of the three curves below: coefficients of 1, x^2 and x^4, fitted to the least error of gelu.
CURVES = np.array(
    [[0.7978842161, -0.03438519692, 4.343193327e-4],
     [1, -0.01898148397, 9.640143336e-4],
     [1, 0.1076152469, 4.312535483e-3]], np.float32
)  # fmt: skip


def memory(*shape: int, spare: int = 0) -> Array:
    """Return float32 zeros, and so many more behind them, that begin on a line of the cache."""
    count = math.prod(shape)
    raw = np.zeros(4 * (count + spare) + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + 4 * count].view(np.float32).reshape(shape)


def relu(x: Array) -> Array:
    """Return x with 0 for what is below 0."""
    return np.maximum(x, 0)


def leaky_relu(x: Array, slope: float, out: Array | None = None) -> Array:
    """Return x, times the slope where it is below 0; `out` is another array than x."""
    out = np.multiply(x, np.asarray(slope, x.dtype), out)
    return np.maximum(x, out, out=out)


def sigmoid(x: Array, out: Array | None = None) -> Array:
    """Return 1 / (1 + exp(-x)); `out` may be x."""
    out = np.negative(x, out)
    np.exp(out, out)  # too large a number becomes infinity, and that a 0
    np.add(out, np.asarray(1, x.dtype), out)
    return np.reciprocal(out, out)


def gelu(x: Array, notes: Array | None = None) -> Array:
    """Return x times the share of a normal distribution below x, float32; see `gelu_steps`."""
    y = np.array(x, np.float32, order="C")
    for step in gelu_steps(y, gelu_notes() if notes is None else notes):
        step()
    return y


def gelu_notes() -> Array:
    """Return memory: 1, x^2, x^4, the curves. Rows 2^n apart would share places in the cache."""
    notes = memory(6, PIECE + 16)
    notes[0] = 1
    return notes


def gelu_steps(x: Array, notes: Array) -> list[Callable[[], None]]:
    """Return what to call for the gelu of contiguous float32, in place.

    gelu(x) = x (1 + erf(x / sqrt 2)) / 2 = x (1 + tanh r) / 2, where r / x is nearly a polynomial
    of x^2: one of degree 6 leaves 7e-8, and float32's rounding 5e-7. Each operation of numpy
    passes over memory, and that is its price: so the polynomial is the product of three curves
    of degree 2, which one matrix product computes. Beyond 1e19, where x^2 overflows, it is NaN.
    """
    pieces = [x.reshape(-1)[i : i + PIECE] for i in range(0, x.size, PIECE)]
    return [_gelu_step(piece, notes[:, : piece.size]) for piece in pieces]


def _gelu_step(x: Array, notes: Array) -> Callable[[], None]:
    powers, curves = notes[:3], notes[3:]
    (_, x2, x4), (r, second, third) = powers, curves

    def step() -> None:
        np.square(x, x2)
        np.square(x2, x4)
        np.matmul(CURVES, powers, curves)  # (3, 3) @ (3, n)
        np.multiply(r, second, r)
        np.multiply(r, third, r)
        np.multiply(r, x, r)
        np.tanh(r, r)
        np.multiply(r, x, r)
        np.add(x, r, x)
        np.multiply(x, HALF, x)

    return step
