"""The exercises of notebook 01: drawings, and what both networks get and say."""

import math
from functools import cache
from typing import Any

import numpy as np

from mnist_nb.drawing import Drawing, rasterize, samples
from mnist_nb.errors import InputError
from mnist_nb.lessons.exercises.exercise import Off, number
from mnist_nb.network import Network, is_sure, percent

BETWEEN = 0.8  # probability of two digits together, where a drawing is between them
NOTHING = 0.3  # largest probability of a drawing that is no digit at all
SEVEN = [[(80, 70), (200, 70), (130, 220)]]


@cache
def network() -> Network:
    """Return the network that comes with mnist-nb."""
    return Network.load()


def drawing(answer: Any) -> Drawing:
    """Read a drawing, or its strokes; raises `Off` for anything else, and for empty paper."""
    try:
        given = answer if isinstance(answer, Drawing) else Drawing(answer)
    except (InputError, TypeError) as error:
        raise Off(
            f"the answer is a Drawing, or a list of strokes, each a list of (x, y): {error}."
        ) from None
    if given.is_empty:
        raise Off("the paper is empty: there is no stroke with a point.")
    return given


def _images(answer: Any) -> str:
    count = 256 ** (28 * 28)
    if isinstance(answer, int) and answer == count:
        raise Off("that is the number itself: how many digits has it?")
    value, digits = number(answer), math.floor(784 * math.log10(256)) + 1
    if value in (digits - 1, 784 * math.log10(256)):
        raise Off("close: 100 is 10 to the power of 2, and has three digits.")
    if value in (784 * 8, 784 * 8 + 1):
        raise Off("so many binary digits; decimal ones are fewer.")
    if value == math.floor(784 * math.log10(2)) + 1:
        raise Off("that is for pixels that are black or white; a byte has more values than two.")
    if value == 784 * 256 or value == len(str(784 * 256)):
        raise Off("the values of two pixels are not added: each goes with each of the other.")
    if value != digits:
        raise Off("one pixel has 256 values, two have 256 times as many pairs: and 784?")
    return (
        f"A number of {digits:,} digits, and training saw some tens of thousands. So a network can "
        "know none of them by heart that you will draw: it has to do with what they share."
    )


def _turn(answer: Any) -> str:
    value, first = number(answer), _turned_away()
    if value == first - 1:
        raise Off("so far it still says 2; and one degree more?")
    if value != first:
        early = 0 <= value < first
        what = "with so little it still says 2" if early else "it is not the first such turn"
        raise Off(f"{what}: let a loop try one degree after the other.")
    return (
        "Place and size are undone by the rasteriser, a turn is not: against it only examples help "
        "that are turned, too."
    )


@cache
def _turned_away() -> int:
    """The first whole degree at which a sample 2, turned to the left, is read as something else."""
    two = samples()[2]
    for degrees in range(360):
        angle = math.radians(degrees)
        matrix = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        image = rasterize(Drawing([stroke @ matrix for stroke in two.strokes]))
        if network().predict(image)[0].argmax() != 2:
            return degrees
    raise AssertionError("no turn changes the answer")


def _one(answer: Any) -> str:
    probabilities = network().predict(rasterize(drawing(answer)))[0]
    best = int(probabilities.argmax())
    if best != 1:
        raise Off(f"the network reads it as {best}. Keep it simple: one stroke, from the top down.")
    if probabilities[1] < 0.9:
        raise Off(f"it is read as a 1, but only with {percent(probabilities[1])}; 90 % are wanted.")
    return f"It is read as a 1 with {percent(probabilities[1])}."


def _unsure(answer: Any) -> str:
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        raise Off("two drawings are wanted: between, nothing.")
    between, nothing = drawing(answer[0]), drawing(answer[1])
    first, second = (network().predict(rasterize(one))[0] for one in (between, nothing))
    best = int(first.argmax())
    if is_sure(first, network().not_sure_below):
        raise Off(f"the first is read as {best} with {percent(first.max())}, which is sure.")
    top = float(np.sort(first)[-2:].sum())
    if top < BETWEEN:
        raise Off(
            f"the two best digits of the first have {percent(top)} together; {percent(BETWEEN)} "
            "are wanted. Let it be two digits at once, not none."
        )
    if second.max() >= NOTHING:
        raise Off(
            f"of the second, {int(second.argmax())} still gets {percent(second.max())}; less than "
            f"{percent(NOTHING)} is wanted. A letter, perhaps?"
        )
    if _length(nothing) < 1:
        raise Off("the second is hardly more than a dot: draw lines as long as the paper is wide.")
    return (
        f"Between two digits: {percent(top)} for both together. Nothing of the kind: at most "
        f"{percent(second.max())} for any. Both are called not sure, for two reasons."
    )


def _length(one: Drawing) -> float:
    """Length of all strokes, in widths of the paper."""
    steps = (np.diff(stroke, axis=0) for stroke in one.strokes)
    return sum(float(np.hypot(step[:, 0], step[:, 1]).sum()) for step in steps) / one.size[0]


EXERCISES = {
    "01-1": _images,
    "01-2": _turn,
    "01-3": _one,
    "01-4": _unsure,
}
