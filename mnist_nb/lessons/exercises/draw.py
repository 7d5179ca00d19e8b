"""The exercises of notebook 01: drawings, and what both networks get and say."""

from functools import cache
from typing import Any

from mnist_nb.drawing import Drawing, rasterize
from mnist_nb.errors import InputError
from mnist_nb.lessons.exercises.exercise import Off, number
from mnist_nb.network import Network, is_sure, percent

SEVEN = [[(80, 70), (200, 70), (130, 220)]]


@cache
def network() -> Network:
    """Return the network that comes with mnist-nb."""
    return Network.load()


def drawing(answer: Any) -> Drawing:
    """Read a drawing, or its strokes; raises `Off` for anything else, and for empty paper."""
    try:
        given = answer if isinstance(answer, Drawing) else Drawing(answer)
    except (InputError, TypeError):
        raise Off("the answer is a Drawing, or a list of strokes, each a list of (x, y).") from None
    if given.is_empty:
        raise Off("the paper is empty: there is no stroke with a point.")
    return given


def _bytes(answer: Any) -> str:
    value = number(answer)
    if value == 280 * 280:
        raise Off("that is the canvas. Does the edge get the canvas, or what the network sees?")
    if value == 3 * 28 * 28:
        raise Off("rows and columns are right, but a pixel here has no colours.")
    if value == 8 * 28 * 28:
        raise Off("those are bits.")
    if value != 28 * 28:
        raise Off("look at image.shape, and at image.dtype for the bytes of one pixel.")
    return "One byte for each of 28 × 28 pixels, whatever the size of the canvas."


def _moved(answer: Any) -> str:
    if number(answer) != 0:
        raise Off(
            "what does the rasteriser do with the place and the size of the ink? Read “What the "
            "network sees” above once more, then compare both images."
        )
    return "Fitting and centring undo the place and the size, and the pen is put on afterwards."


def _one(answer: Any) -> str:
    probabilities = network().predict(rasterize(drawing(answer)))[0]
    best = int(probabilities.argmax())
    if best != 1:
        raise Off(f"the network reads it as {best}. Keep it simple: one stroke, from the top down.")
    if probabilities[1] < 0.9:
        raise Off(f"it is read as a 1, but only with {percent(probabilities[1])}; 90 % are wanted.")
    return f"It is read as a 1 with {percent(probabilities[1])}."


def _unsure(answer: Any) -> str:
    probabilities = network().predict(rasterize(drawing(answer)))[0]
    if is_sure(probabilities, network().not_sure_below):
        raise Off(
            f"it is read as {int(probabilities.argmax())} with {percent(probabilities.max())}, "
            "which is sure. Draw something that is no digit at all, with several strokes."
        )
    return (
        f"The largest probability is only {percent(probabilities.max())}: both sides say not sure."
    )


EXERCISES = {
    "01-1": _bytes,
    "01-2": _moved,
    "01-3": _one,
    "01-4": _unsure,
}
