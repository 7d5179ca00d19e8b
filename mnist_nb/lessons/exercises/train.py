"""The exercises of `05_train`."""

import math
from typing import Any

from mnist_nb.errors import MnistNbError
from mnist_nb.lessons.exercises.exercise import Off, number
from mnist_nb.network import Conv2d
from mnist_nb.training import design

FEWEST = 3000  # parameters that the small network of 05-4 has to stay below


def _guessing(answer: Any) -> str:
    found = number(answer)
    if math.isclose(found, math.log2(10), rel_tol=0.01):
        raise Off("that is in bits: take the natural logarithm.")
    if math.isclose(found, -math.log(10), rel_tol=0.01):
        raise Off("a logarithm of a share is negative; the loss is minus that.")
    if not math.isclose(found, math.log(10), rel_tol=0.01):
        raise Off("the right digit gets a tenth: what is minus the logarithm of that?")
    return "Where the curve of an honest start begins. A loss above it means: sure, and wrong."


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
    if not isinstance(answer, list):
        raise Off("the answer is a list of layers, as LAYERS above.")
    try:
        weights = design(answer)
    except MnistNbError as error:
        raise Off(f"these layers make no network: {error}.") from None
    if len(weights.architecture.labels) != 10 or not any(
        isinstance(layer, Conv2d) for layer in weights.architecture.layers
    ):
        raise Off("there is no convolution among them.")
    if weights.parameters >= FEWEST:
        raise Off(f"it has {weights.parameters:,} parameters; fewer than {FEWEST:,} are wanted.")
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
