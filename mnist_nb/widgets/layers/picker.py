"""Pointing at a picture: an ipycanvas on which nothing is drawn lies over it and hears the pointer.

Keys work too. A canvas with the focus swallows every key, so that Tab has to be helped out of it.
"""

from collections.abc import Callable, Sequence

import ipywidgets as widgets
from ipycanvas import Canvas
from traitlets import Unicode

Guard = Callable[[Callable[..., object]], Callable[..., None]]

ARROWS = {"ArrowUp": (-1, 0), "ArrowDown": (1, 0), "ArrowLeft": (0, -1), "ArrowRight": (0, 1)}


class _Surface(Canvas):  # type: ignore[misc]  # ipycanvas is untyped
    """A canvas that may have a tooltip: the front end then asks for a description, too."""

    description = Unicode("").tag(sync=True)


class Picker(widgets.Box):  # type: ignore[misc]  # ipywidgets is untyped
    """Hears where somebody presses or drags, and the arrow keys.

    Args:
        size: width and height in CSS pixels.
        name: what it is for, for screen readers.
        at: called with (x, y) in CSS pixels.
        step: called with (rows, columns) to go, for an arrow key.
        guard: wraps callbacks, so that errors are seen.

    Attributes:
        canvas: the ipycanvas `Canvas`.
    """

    def __init__(
        self,
        size: tuple[int, int],
        name: str,
        at: Callable[[float, float], object],
        step: Callable[[int, int], object],
        guard: Guard,
    ) -> None:
        width, height = size
        self._at, self._step, self._is_down = at, step, False
        layout = {"width": f"{width}px", "height": f"{height}px", "flex": "0 0 auto"}
        self.canvas = _Surface(width=width, height=height, layout=layout)
        self.canvas.tooltip = name
        self._before, self._behind = (_way_out() for _ in range(2))
        canvas = self.canvas
        canvas.on_mouse_down(guard(self._press))
        canvas.on_mouse_move(guard(self._move))
        canvas.on_mouse_up(guard(self._lift))
        canvas.on_mouse_out(guard(self._lift))
        canvas.on_touch_start(guard(self._touch))
        canvas.on_touch_move(guard(self._touch))
        canvas.on_key_down(guard(self._key))
        super().__init__([self._before, canvas, self._behind])
        self.add_class("mn-picker")

    def _press(self, x: float, y: float) -> None:
        self._is_down = True
        self._at(x, y)

    def _move(self, x: float, y: float) -> None:
        if self._is_down:
            self._at(x, y)

    def _lift(self, x: float, y: float) -> None:
        self._is_down = False

    def _touch(self, fingers: Sequence[tuple[float, float]]) -> None:
        if len(fingers) == 1:
            self._at(*fingers[0])

    def _key(self, key: str, shift: bool, ctrl: bool, meta: bool) -> None:
        if key in ARROWS:
            self._step(*ARROWS[key])
        elif key not in ("Shift", "Control", "Meta", "Alt"):
            (self._before if key == "Tab" and shift else self._behind).focus()


def _way_out() -> widgets.Button:
    """An unseen stop of Tab beside the canvas, to put the focus on."""
    button = widgets.Button(description="Leave the picture")
    button.add_class("mn-way-out")
    return button
