"""The exercises of `05_train`."""

import math
from typing import Any

from mnist_nb.errors import MnistNbError
from mnist_nb.lessons.exercises.exercise import Off, number
from mnist_nb.network import Conv2d
from mnist_nb.training import design

FEWEST = 3000  # parameters that the small network of 05-4 has to stay below
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


EXERCISES = {
    "05-1": _guessing,
    "05-2": _steps,
    "05-3": _first_layer,
    "05-4": _small,
}
