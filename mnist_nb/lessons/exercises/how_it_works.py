"""The exercises of notebook 02: layer by layer, and the way to the edge."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import rasterize
from mnist_nb.lessons.exercises.draw import drawing, network
from mnist_nb.lessons.exercises.exercise import Off, array, number
from mnist_nb.network import percent

FLAT = 1e-6  # an answer that counts as none, where the largest weight is 1
CLOSE = 1e-3  # so much two sums may differ, with or without the small number beside the variance


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
    kernel = kernel / np.abs(kernel).max()
    flat = float(kernel.sum())
    if abs(flat) > FLAT:
        raise Off(f"on a flat area, nine pixels that are all 1, it is {_sign(flat)} 0, not 0.")
    # Where the window stands on the edge: one row of ink in it, or two.
    tops = [np.repeat([[0.0], [0], [1]], 3, axis=1), np.repeat([[0.0], [1], [1]], 3, axis=1)]
    for top in tops:
        for turns, side in ((1, "right"), (3, "left")):
            at_side = float((kernel * np.rot90(top, turns)).sum())
            if abs(at_side) > FLAT:
                raise Off(
                    f"it answers to upright edges, too: it is {_sign(at_side)} 0 at a {side} one."
                )
    one, two = (float((kernel * top).sum()) for top in tops)
    if max(one, two) <= FLAT:
        raise Off("where background lies over ink its answer is not above 0.")
    if min(one, two) < -FLAT:
        rows = "one row" if one < two else "two rows"
        raise Off(f"with {rows} of ink in the window, below background, its answer is below 0.")
    return "It sums to 0, so does each column, and it weighs below against above."


def _sign(value: float) -> str:
    return "above" if value > 0 else "below"


def _softmax(answer: Any) -> str:
    if not callable(answer):
        raise Off("give the function itself: check('02-3', softmax), without calling it.")
    logits = np.array([2.0, 1.0, -1.0, 0.5, 0.0, -3.0, 1.5, -0.5, 0.25, -2.0])

    def share_of(values: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
        given = answer(values.copy(), temperature)  # a function may write on what it gets
        if given is None:
            raise Off("your function gives nothing back: does it end with return?")
        return array(given, 10)

    share = share_of(logits, 1.0)
    if abs(share.sum() - 1) > 1e-6:
        raise Off(f"at temperature 1 the results sum to {share.sum():.4g}, not to 1.")
    if np.abs(share - _share(logits)).max() > 1e-6:
        raise Off("they sum to 1, but are they in the ratio of the exponentials?")
    if np.abs(share_of(logits, 4.0) - _share(logits / 4)).max() > 1e-6:
        raise Off("at temperature 1 it is right, at 4 it is not: what is divided by what?")
    for first, second in ((1000.0, 999.0), (1000.0, -1000.0), (-1000.0, -1001.0)):
        large = np.array([first, second, *np.full(8, min(0.0, 3 * first))])
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(answer(large.copy(), 1.0), np.float64)
        except (OverflowError, ZeroDivisionError):  # from math.exp, and from a sum of zeros
            found = np.empty(0)
        if found.shape != (10,) or not np.allclose(found, _share(large - large.max()), atol=1e-6):
            raise Off(
                f"for logits of {first:g} and {second:g} it gives no probabilities: exp(1000) is "
                "more than a float holds, exp(-1000) less. What may you subtract from all logits "
                "without changing the ratios?"
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


def _merged(answer: Any) -> str:
    if not callable(answer):
        raise Off("give the function itself: check('02-6', merge), without calling it.")
    rng = np.random.default_rng(6)
    for _ in range(4):
        weights, patch = rng.normal(size=(2, 3, 3))
        bias, mean, shift = rng.normal(size=3)
        variance, scale = rng.uniform(2, 5), rng.uniform(0.5, 2)
        wanted = ((patch * weights).sum() + bias - mean) / np.sqrt(variance) * scale + shift
        given = answer(weights.copy(), float(bias), float(mean), float(variance), scale, shift)
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise Off("two things are to be returned: the new filter, and the new bias.")
        new, new_bias = array(given[0], 3, 3), number(given[1])
        if np.abs(new - weights * scale / np.sqrt(variance)).max() > CLOSE:
            if np.abs(new - weights * scale / variance).max() < CLOSE:
                raise Off("the spread is the square root of the variance.")
            raise Off("the new filter is off: by what are all nine products multiplied?")
        if abs((patch * new).sum() + new_bias - wanted) > CLOSE:
            raise Off("the filter is right, the bias is off: it is moved and scaled, too.")
    return "Four numbers less, and a pass over each channel less: so do numpy and the edge here."


def _order(answer: Any) -> str:
    values = array(answer, 3)
    with np.errstate(over="ignore", invalid="ignore"):
        a, b, c = values.astype(np.float32)
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
    "02-6": _merged,
    "02-7": _order,
}
