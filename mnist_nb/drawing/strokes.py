"""A drawing is its strokes: where the pen went, kept as data and not as pixels."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb import strict_json
from mnist_nb.errors import InputError

FORMAT = "mnist-nb.drawing/1"
MAX_POINTS = 100_000
MAX_DEPTH = 1000  # of lists in the text; a drawing has 3
_NO_NUMBERS = (TypeError, ValueError, OverflowError, RecursionError)  # what numpy says of them


class Drawing:
    """Pen strokes on a canvas.

    Args:
        strokes: sequences of (x, y) in canvas pixels, x to the right and y down. A stroke of one
            point is a dot; strokes without points are dropped.
        size: width and height of the canvas in pixels.

    Raises:
        InputError: a stroke is not a sequence of finite (x, y) pairs, there are more than 100,000
            of them, or a side of the canvas is not from 0.001 to a million.
    """

    def __init__(
        self,
        strokes: Iterable[Sequence[Sequence[float]] | NDArray[Any]] = (),
        size: tuple[float, float] = (280, 280),
    ) -> None:
        self.size = _checked_size(size)
        if not isinstance(strokes, Iterable):
            raise InputError(f"strokes are sequences of (x, y) points, got {_shown(strokes)}")
        checked = (_checked_stroke(index, stroke) for index, stroke in enumerate(strokes))
        self.strokes: tuple[NDArray[np.float64], ...] = tuple(s for s in checked if len(s))
        points = sum(len(s) for s in self.strokes)
        if points > MAX_POINTS:
            raise InputError(f"a drawing has at most {MAX_POINTS} points, got {points}: draw less")

    @property
    def is_empty(self) -> bool:
        """True when there is no point at all."""
        return not self.strokes

    def to_json(self) -> str:
        """Return the drawing as JSON text; `from_json` reads it back exactly."""
        strokes = [stroke.tolist() for stroke in self.strokes]
        return json.dumps({"format": FORMAT, "size": list(self.size), "strokes": strokes})

    @classmethod
    def from_json(cls, text: str) -> "Drawing":
        """Read what `to_json` wrote.

        Raises:
            InputError: the text is not JSON, not of this format, or holds no valid strokes.
        """
        try:
            strict_json.check_depth(text, MAX_DEPTH)
            data = json.loads(text)
        except (AttributeError, TypeError, ValueError, RecursionError) as error:
            raise InputError(f"a drawing is JSON text, but this does not parse: {error}") from None
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            found = data.get("format") if isinstance(data, dict) else type(data).__name__
            raise InputError(
                f'a drawing has "format": "{FORMAT}", found {_shown(found)}: save it with to_json()'
            )
        strokes, size = data.get("strokes"), data.get("size")
        if not isinstance(strokes, list) or not isinstance(size, list):
            raise InputError('a drawing has the lists "strokes" and "size": save it with to_json()')
        return cls(strokes, size)  # type: ignore[arg-type]  # both are checked there

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Drawing):
            return NotImplemented
        same_strokes = len(self.strokes) == len(other.strokes) and all(
            np.array_equal(a, b) for a, b in zip(self.strokes, other.strokes, strict=True)
        )
        return self.size == other.size and same_strokes

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    def __repr__(self) -> str:
        points = sum(len(s) for s in self.strokes)
        width, height = self.size
        return f"Drawing({len(self.strokes)} strokes, {points} points, {width:g}x{height:g})"


def _checked_stroke(index: int, stroke: object) -> NDArray[np.float64]:
    what = f"stroke {index} is a sequence of (x, y) points in canvas pixels"
    try:
        points = np.array(stroke, dtype=np.float64)
    except _NO_NUMBERS:
        raise InputError(f"{what}, got {_shown(stroke)}") from None
    if points.size == 0:
        return np.empty((0, 2))
    if points.ndim != 2 or points.shape[1] != 2:
        raise InputError(f"{what}, got an array of shape {points.shape}")
    if not np.isfinite(points).all() or np.abs(points).max() > 1e6:
        raise InputError(f"{what}, each number finite and within a million, got {_shown(points)}")
    points.flags.writeable = False
    return points


def _checked_size(size: object) -> tuple[float, float]:
    what = "the size of a drawing is (width, height) in pixels, both from 0.001 to a million"
    try:
        width, height = (float(side) for side in size)  # type: ignore[attr-defined]
    except _NO_NUMBERS:
        raise InputError(f"{what}, got {_shown(size)}") from None
    if not (1e-3 <= width <= 1e6 and 1e-3 <= height <= 1e6):
        raise InputError(f"{what}, got {_shown(size)}")
    return width, height


def _shown(value: object) -> str:
    """The start of a value; one that Python itself refuses to write out gives its type."""
    try:
        return f"{value!r:.80}"
    except (ValueError, RecursionError):  # an integer of thousands of digits, lists in lists
        return f"a {type(value).__name__} that is too large to show"
