"""The exercises of `05_train`."""

import math
from typing import Any

import numpy as np

from mnist_nb.errors import MnistNbError
from mnist_nb.lessons.exercises.exercise import Off, array, number
from mnist_nb.network import Conv2d
from mnist_nb.training import design

FEWEST = 3000  # parameters that the small network of 05-4 has to stay below
CLOSE = 1e-4  # so much the numbers of 05-5 may differ, as float32 does
NARROWEST = 20  # numbers that go on from each of its layers but the last, at least


def _guessing(answer: Any) -> str:
    found = number(answer)
    if math.isclose(found, math.log2(10), rel_tol=0.01):
        raise Off("that is in bits: take the natural logarithm.")
    if math.isclose(found, -math.log(10), rel_tol=0.01):
        raise Off("a logarithm of a share is negative; the loss is minus that.")
    if abs(found - math.log(10)) > 0.006:
        raise Off("the right digit gets a tenth: what is minus the logarithm of that?")
    return (
        "An honest guesser begins there. Random weights do not: they are sure of this or that, "
        "mostly wrong, and their curve begins above it."
    )


def _steps(answer: Any) -> str:
    found = number(answer)
    if found == 157:
        raise Off("that is one epoch.")
    if found == 156 * 3 or abs(found - 468.75) < 0.01:
        raise Off("the last batch of an epoch is smaller, and is a step all the same.")
    if found != 471:
        raise Off("how many batches hold 20,000 images, and how often is each used?")
    return (
        "Twice as large batches halve the steps, and each step then is worth more, up to a point."
    )


def _first_layer(answer: Any) -> str:
    found = number(answer)
    if found == 200:
        raise Off("each filter also has a bias, one number that is added to its sum.")
    if found == 8 * 28 * 28:
        raise Off("a filter is small and slides over the image: it has no number for each pixel.")
    if found != 208:
        raise Off("count one filter first: its window, and what is added to its sum.")
    return "208 numbers look at every place of the image: that is what a convolution saves."


def _small(answer: Any) -> str:
    if not isinstance(answer, list | tuple):
        raise Off("the answer is a list of layers, as LAYERS above.")
    try:
        weights = design(answer)
    except MnistNbError as error:
        raise Off(f"these layers make no network: {error}.") from None
    layers, tensors = weights.architecture.layers, weights.tensors
    windows = [tensors[layer.weight].shape[-1] for layer in layers if isinstance(layer, Conv2d)]
    if not windows:
        raise Off("there is no convolution among them.")
    if max(windows) < 2:
        raise Off("a window of one pixel sees no neighbours, and so no edge of a stroke.")
    if weights.parameters >= FEWEST:
        raise Off(f"it has {weights.parameters:,} parameters; fewer than {FEWEST:,} are wanted.")
    shapes = weights.architecture.shapes({name: t.shape for name, t in tensors.items()})
    narrowest = min(math.prod(shape) for shape in shapes[:-1])
    if narrowest < NARROWEST:
        raise Off(
            f"at its narrowest it lets through only {narrowest}; at least {NARROWEST} numbers are "
            "wanted, or it has too little to tell digits apart by."
        )
    return (
        f"{weights.parameters:,} parameters, and the edge runs it without a new deploy. Put your "
        "list in place of LAYERS and run the notebook again: what does it cost in accuracy?"
    )


def _last_step(answer: Any) -> str:
    if not callable(answer):
        raise Off("give the function itself: check('05-5', last_step), without calling it.")
    rng = np.random.default_rng(5)
    for label, rate in ((4, 0.5), (9, 0.1), (0, 1.0)):
        weight, bias, inputs = rng.normal(size=(10, 7)), rng.normal(size=10), rng.normal(size=7)
        given = answer(weight.copy(), bias.copy(), inputs.copy(), label, rate)
        if given is None:
            raise Off("your function gives nothing back: does it end with return?")
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise Off("two things are to be returned: the new weight, and the new bias.")
        new, new_bias = array(given[0], 10, 7), array(given[1], 10)
        powers = np.exp(weight @ inputs + bias)
        shares = powers / powers.sum()
        error = shares - np.eye(10)[label]
        move, move_bias = new - weight, new_bias - bias
        wanted = -rate * np.outer(error, inputs)
        if np.abs(move - wanted).max() > CLOSE:
            for wrong, hint in (
                (np.zeros_like(wanted), "the weight has not moved."),
                (-wanted, "it moves with the gradient, uphill: the loss grows."),
                (wanted / rate, "by how much of its gradient does a number move?"),
                (-rate * np.outer(shares, inputs), "what should the right digit have got?"),
                (-rate * error[:, None] + 0 * wanted, "an input of 0 has no say: what goes in?"),
            ):
                if np.abs(move - wrong).max() < CLOSE:
                    raise Off(hint)
            raise Off("the weight is off: error of each output, times what each input was.")
        if np.abs(move_bias + rate * error).max() > CLOSE:
            raise Off("the weight is right, the bias is off: its input is always 1.")
    return "So does each layer, and hands weight.T @ error on to the one before it."


EXERCISES = {
    "05-1": _guessing,
    "05-2": _steps,
    "05-3": _first_layer,
    "05-4": _small,
    "05-5": _last_step,
}
