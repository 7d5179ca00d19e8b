"""The paper of a pad: an ipycanvas, and the ink on it.

Nothing here is sent to the canvas by its own comm (such as `canvas.blur()`; drawing commands have
another one). ipykernel 7 routes the events of a widget to the subshell that last sent to it, so
that would move the pen to another thread in the middle of a stroke, and its events out of order.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from ipycanvas import Canvas, hold_canvas
from numpy.typing import NDArray
from traitlets import Unicode

SIDE = 280  # CSS pixels, and the unit of the strokes
SHARP = 2  # canvas pixels per CSS pixel, for displays of high density
PEN = 15  # CSS pixels, for the eye only: rasterize has a pen of its own
INK = "#000000"  # the style sheet turns it white on dark paper
NAME = "Paper: draw a digit, or press 0 to 9 for a sample, Backspace to undo, Tab to leave"

Point = tuple[float, float]

_lock = threading.Lock()  # ipycanvas has one queue for all canvases of a process


class NamedCanvas(Canvas):  # type: ignore[misc]  # ipycanvas is untyped
    """A canvas that says to screen readers what it is.

    Args:
        name: a few words.
        kwargs: those of `ipycanvas.Canvas`.
    """

    description = Unicode("").tag(sync=True)  # the front end asks for it where there is a tooltip

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(tooltip=name, **kwargs)


class Paper(NamedCanvas):
    """A square canvas that shows strokes; its units are CSS pixels, `SIDE` of them a side."""

    def __init__(self) -> None:
        layout = {"width": f"{SIDE}px", "height": f"{SIDE}px", "flex": "0 0 auto"}
        super().__init__(NAME, width=SHARP * SIDE, height=SHARP * SIDE, layout=layout)

    def dot(self, point: Point) -> None:
        """Put the pen down."""
        with _one_message():
            self.fill_circle(SHARP * point[0], SHARP * point[1], SHARP * PEN / 2)

    def line(self, before: Point, point: Point) -> None:
        """Move the pen."""
        with _one_message():
            self.stroke_line(*(SHARP * value for value in (*before, *point)))

    def show(self, strokes: Sequence[NDArray[np.float64]]) -> None:
        """Show strokes (N, 2) in place of what is there; whole ones are smoother than segments."""
        with _one_message():
            # A page that was reloaded has a new canvas manager that knows of no current canvas,
            # but ipycanvas here believes that ours still is (ipycanvas issue 322).
            self._canvas_manager._current_canvas = None
            self.clear()
            self.fill_style = self.stroke_style = INK
            self.line_width = SHARP * PEN
            self.line_cap = self.line_join = "round"
            for stroke in strokes:
                self.fill_circle(*(SHARP * stroke[0]), SHARP * PEN / 2)
                if len(stroke) > 1:
                    self.stroke_lines(SHARP * stroke)


def place(x: float, y: float) -> tuple[Point, bool]:
    """From canvas pixels to the unit of the strokes.

    Returns:
        The point, moved to the border where it is beyond, and whether it was on the paper.
    """
    x, y = x / SHARP, y / SHARP
    point = min(max(x, 0.0), float(SIDE)), min(max(y, 0.0), float(SIDE))
    return point, point == (x, y)


@contextmanager
def _one_message() -> Iterator[None]:
    """`hold_canvas` that survives an exception, after which the original never flushes again."""
    error: Exception | None = None
    with _lock, hold_canvas():
        try:
            yield
        except Exception as raised:
            error = raised
    if error is not None:
        raise error
