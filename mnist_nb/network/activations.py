"""The activations in numpy, in place."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Step = Callable[[], object]

VECTOR = 16  # float32 of the widest registers
LINE = 64  # bytes of a cache line: what begins on one is read and written in half the time
PIECE = 12_288  # numbers at a time: what gelu notes of them stays in cache
# The logarithm of a normal distribution's tail, see gelu: coefficients of 1 to x^3 and x^4 to x^8.
TAIL = np.array(
    [
        [-6.93146400e-01, -7.97897844e-01, -3.18234571e-01, -3.65386984e-02, 0],
        [5.08311476e-03, -2.24123858e-04, -7.93394165e-05, 1.73864105e-05, -1.17169609e-06],
    ],
    np.float32,
)
TAIL_ENDS = 12  # tail(12) is 0 in float32; the fit ends there
_erf = np.frompyfunc(math.erf, 1, 1)
_HALF_ROOT = math.sqrt(0.5)


def aligned(*shape: int) -> Array:
    """Return zeros, float32, that begin on a cache line."""
    count = math.prod(shape)
    memory = np.zeros(4 * count + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + 4 * count].view(np.float32).reshape(shape)


def relu(x: Array) -> Array:
    """Set what is below 0 to 0, in place."""
    return np.maximum(x, 0, out=x)


def gelu(x: Array) -> Array:
    """Multiply x by the normal distribution function of x, in place: x * (1 + erf(x/sqrt 2)) / 2.

    numpy has no erf. `GeluSteps` is for many float32; others, as what a linear layer gives, are
    few and get the erf of Python.
    """
    if x.dtype != np.float32:
        share: Array = np.asarray(_erf(x * _HALF_ROOT), x.dtype)
        share += 1
        share *= 0.5
        x *= share
    elif x.flags.c_contiguous:
        for step in GeluSteps(aligned(GeluSteps.ROOM)).on(x):
            step()
    else:
        x[...] = gelu(x.copy())
    return x


class GeluSteps:
    """Gelu of float32, with the memory that it needs.

    gelu(x) = max(x, 0) - |x| tail(|x|), where tail(t) is the share of a normal distribution above
    t. Its logarithm is nearly a polynomial: fitted to the least error of gelu, one of degree 8
    leaves 7e-9. Each operation of numpy passes over memory, and that is its price: so one matrix
    product computes the two halves of the polynomial from the powers of t.

    Args:
        memory: float32 (ROOM,), aligned; others may use it in between.
    """

    ROW = PIECE + VECTOR  # rows a power of 2 apart would fall on the same places in the cache
    ROOM = 7 * ROW

    def __init__(self, memory: Array) -> None:
        self._memory = memory
        # Arrays, because numpy's minimum and maximum are slower with a number.
        self._ends, self._zero = aligned(2, self.ROW)
        self._ends[:] = TAIL_ENDS

    def on(self, array: Array) -> list[Step]:
        """Return what to call to make the gelu of an array, contiguous float32, in place."""
        numbers = array.reshape(-1)
        pieces = -(-len(numbers) // PIECE)
        size = -(-len(numbers) // pieces // VECTOR) * VECTOR  # each begins on a cache line
        return [self._piece(numbers[i : i + size]) for i in range(0, len(numbers), size)]

    def _piece(self, x: Array) -> Step:
        rows = self._memory[: self.ROOM].reshape(7, self.ROW)[:, : len(x)]
        powers, halves = rows[:5], rows[5:]  # of t; low and high
        one, t, t2, t3, t4 = powers
        low, high = halves
        ends, zero = self._ends[: len(x)], self._zero[: len(x)]

        def step() -> None:
            one.fill(1)
            np.absolute(x, out=t)
            np.minimum(t, ends, out=t)
            np.square(t, out=t2)
            np.multiply(t2, t, out=t3)
            np.square(t2, out=t4)
            np.matmul(TAIL, powers, out=halves)  # (2, 5) @ (5, n)
            np.multiply(high, t4, out=high)
            np.add(low, high, out=low)
            np.exp(low, out=low)  # tail(t)
            np.multiply(low, t, out=low)
            np.maximum(x, zero, out=x)
            np.subtract(x, low, out=x)

        return step
