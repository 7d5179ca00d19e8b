"""The exercises of notebook 02: layer by layer, and the way to the edge."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import rasterize
from mnist_nb.lessons.exercises.draw import drawing, network
from mnist_nb.lessons.exercises.exercise import Off, array, number
from mnist_nb.network import percent

FLAT = 1e-6  # an answer to a flat area that counts as none


def _multiplications(answer: Any) -> str:
    value = number(answer)
    if value == 28 * 28 * 9 * 8:
        raise Off("the 3 × 3 window has to lie inside of the image: in how many places can it?")
    if value == 26 * 26 * 8:
        raise Off("those are the results; how many products does each of them take?")
    if value in (26 * 26 * 9, 28 * 28 * 9):
        raise Off("that is one filter; there are several.")
    if value != 26 * 26 * 9 * 8:
        raise Off("multiply: places of the window, products in each place, filters.")
    return (
        "26 × 26 places, 9 products in each, 8 filters. The third convolution takes 34 times that."
    )


def _kernel(answer: Any) -> str:
    kernel = array(answer, 3, 3)
    if not kernel.any():
        raise Off("a filter of zeros answers 0 to everything.")
    flat = float(kernel.sum())
    if abs(flat) > FLAT:
        raise Off(f"on a flat area, nine pixels that are all 1, it gives {flat:g}, not 0.")
    top = np.array([[0.0, 0, 0], [0, 0, 0], [1, 1, 1]])  # background above, ink below
    sides = [float((kernel * np.rot90(top, turns)).sum()) for turns in (1, 3)]
    if max(map(abs, sides)) > FLAT:
        raise Off(f"it answers to upright edges too: {sides[0]:g} to a left one.")
    if (kernel * top).sum() <= 0:
        raise Off("where ink begins below background its answer is not above 0.")
    return "It sums to 0, its columns are alike, and it weighs below against above."


def _softmax(answer: Any) -> str:
    if not callable(answer):
        raise Off("give the function itself: check('02-3', softmax), without calling it.")
    logits = np.array([2.0, 1.0, -1.0])
    share = array(answer(logits, 1.0), 3)
    if abs(share.sum() - 1) > 1e-6:
        raise Off(f"at temperature 1 the results sum to {share.sum():.4g}, not to 1.")
    if np.abs(share - _share(logits)).max() > 1e-6:
        raise Off("they sum to 1, but are they in the ratio of the exponentials?")
    if np.abs(array(answer(logits, 4.0), 3) - _share(logits / 4)).max() > 1e-6:
        raise Off("at temperature 1 it is right, at 4 it is not: what is divided by what?")
    with np.errstate(all="ignore"):
        large = np.asarray(answer(np.array([1000.0, 999.0]), 1.0), np.float64)
    if large.shape != (2,) or not np.allclose(large, _share(np.array([1.0, 0.0])), atol=1e-6):
        raise Off(
            "for logits of 1000 it gives no probabilities: exp(1000) is more than a float holds. "
            "What may you subtract from all logits without changing the ratios?"
        )
    return "And it survives large logits, as the networks on both sides do."


def _share(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits)
    share: NDArray[np.float64] = powers / powers.sum()
    return share


def _weights(answer: Any) -> str:
    value = number(answer)
    layer = network().weights.tensors["fc1.weight"]
    outputs, inputs = layer.shape
    if value in (inputs, outputs, inputs + outputs):
        raise Off("each of the outputs has a weight for each of the inputs.")
    if value == inputs * outputs + outputs:
        raise Off("close, but this layer has no bias.")
    if value != layer.size:
        raise Off("multiply: numbers that go in, numbers that come out.")
    return f"That is {percent(layer.size / network().parameters)} of all parameters of the network."


def _steps(answer: Any) -> str:
    one = drawing(answer)
    with_step, without = (
        int(network().predict(rasterize(one, crop=crop))[0].argmax()) for crop in (True, False)
    )
    if with_step == without:
        raise Off(f"with and without the step it is read as {with_step}: make it smaller.")
    return f"Read as {with_step}, and without fitting into the box as {without}."


def _travel(answer: Any) -> str:
    there, back = array(answer, 2)
    if there != 100 * 784:
        raise Off("the first number is off: 28 × 28 pixels, a byte each, a hundred drawings.")
    if back in (100 * 10, 100 * 10 * 8):
        raise Off("the second number is off: how many bytes does a float32 have?")
    if back != 100 * 10 * 4:
        raise Off("the second number is off: ten probabilities for each drawing, as float32.")
    return (
        "78.4 kB there and 4 kB back, in one request. As JSON text it would be several times that."
    )


def _order(answer: Any) -> str:
    a, b, c = (np.float32(value) for value in array(answer, 3))
    with np.errstate(over="ignore"):
        left, right = np.float32(np.float32(a + b) + c), np.float32(a + np.float32(b + c))
    if not np.isfinite([left, right]).all():
        raise Off("their sum is beyond float32; smaller ones will do.")
    if left == right:
        raise Off(f"both orders give {left:g}. Mix large and small numbers.")
    return f"(a + b) + c is {left:.9g} and a + (b + c) is {right:.9g}."


EXERCISES = {
    "02-1": _multiplications,
    "02-2": _kernel,
    "02-3": _softmax,
    "02-4": _weights,
    "02-5": _steps,
    "02-6": _travel,
    "02-7": _order,
}
