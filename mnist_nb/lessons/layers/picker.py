"""Pointing at a picture: an ipycanvas without ink lies over it, and hears pointer and keys."""

import threading
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from mnist_nb.lab import Frames, NamedCanvas, StatusLine

ARROWS = {"ArrowUp": (-1, 0), "ArrowDown": (1, 0), "ArrowLeft": (0, -1), "ArrowRight": (0, 1)}

Point = tuple[float, float]  # in CSS pixels


class Picker(widgets.Box):  # type: ignore[misc]  # ipywidgets is untyped
    """Hears where the pointer is, where somebody presses or drags, and the arrow keys.

    A browser tells of every move of the pointer. The newest is handed on, once a frame at most.

    Args:
        size: width and height in CSS pixels.
        name: what it is for, for screen readers.
        hover: called with where the pointer is; with None when it has left.
        press: called with where somebody presses or drags.
        step: called with (rows, columns) to go, for an arrow key.

    Attributes:
        canvas: the ipycanvas `Canvas`.
        status: the line that shows errors.
    """

    def __init__(
        self,
        size: tuple[int, int],
        name: str,
        hover: Callable[[Point | None], object],
        press: Callable[[Point], object],
        step: Callable[[int, int], object],
    ) -> None:
        width, height = size
        self._hover, self._press_at, self._step = hover, press, step
        self._is_down = False
        self._where: Point | None = None  # the pointer, when last heard of
        # A lock of its own: the pad's is taken by views while they look, the other way round.
        self.status = StatusLine(threading.RLock())
        guard = self.status.guard
        self._frames = Frames(self._moved, guard)
        layout = {"width": f"{width}px", "height": f"{height}px", "flex": "0 0 auto"}
        self.canvas = canvas = NamedCanvas(name, width=width, height=height, layout=layout)
        canvas.on_mouse_down(guard(self._press))
        canvas.on_mouse_move(guard(self._move))
        canvas.on_mouse_up(guard(self._lift))
        canvas.on_mouse_out(guard(self._leave))
        canvas.on_touch_start(guard(self._touch))
        canvas.on_touch_move(guard(self._touch))
        canvas.on_key_down(guard(self._key))
        super().__init__([canvas])
        self.add_class("mn-picker")

    def _press(self, x: float, y: float) -> None:
        self._is_down = True
        self._frames.cancel()
        self._press_at((x, y))

    def _move(self, x: float, y: float) -> None:
        self._where = x, y
        self._frames.ask()

    def _moved(self) -> None:
        if self._is_down and self._where is not None:
            self._press_at(self._where)
        else:
            self._hover(self._where)

    def _lift(self, x: float, y: float) -> None:
        self._frames.flush()
        self._is_down = False

    def _leave(self, x: float, y: float) -> None:
        self._lift(x, y)
        self._where = None
        self._frames.ask()

    def _touch(self, fingers: Sequence[Point]) -> None:
        if len(fingers) == 1:
            self._press_at(fingers[0])

    def _key(self, key: str, shift: bool, ctrl: bool, meta: bool) -> None:
        if key in ARROWS:
            self._frames.cancel()
            self._step(*ARROWS[key])
