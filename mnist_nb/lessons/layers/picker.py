"""Pointing at a picture: an ipycanvas without ink lies over it, and hears pointer and keys."""

import threading
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from mnist_nb.lab import Frames, NamedCanvas, StatusLine
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View

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


Place = tuple[int, ...]  # the last two are row and column


class Pointed(View):
    """A view with places that can be pointed at.

    The pointer shows the place that it is over; a click, the fields or the arrow keys choose the
    one to show when it has left. A subclass has `under`, `point` and `limits`.

    Args:
        subject: what to look at.
        fields: widgets whose values name the chosen place; the last two are row and column.
        size: of what can be pointed at, in CSS pixels.
        name: what that is for, for screen readers.
        controls: further widgets, before the fields.
        below: what lies between the picture and the picker.
    """

    shows_anew = False  # `point` does, once for all fields

    def __init__(
        self,
        subject: Subject,
        fields: Sequence[widgets.Widget],
        size: tuple[int, int],
        name: str,
        controls: Sequence[widgets.Widget] = (),
        below: Sequence[widgets.Widget] = (),
    ) -> None:
        self._fields = tuple(fields)
        self._over: Place | None = None  # under the pointer
        self._is_choosing = False
        self.picker = Picker(
            size, name, self._hover, lambda point: self._choose(self.under(point)), self._step
        )
        for field in fields:
            field.observe(lambda change: self._typed(), "value")
        overlay = [*below, self.picker, self.picker.status]
        super().__init__(subject, [*controls, *fields], overlay, with_pad=False)

    @property
    def kept(self) -> Place:
        """The chosen place, which the fields name."""
        return tuple(field.value for field in self._fields)

    @property
    def place(self) -> Place:
        """The place that is shown: under the pointer, or else the chosen one."""
        return self.kept if self._over is None else self._over

    def under(self, point: Point) -> Place:
        """Return the place at a point of the picker, or the nearest one."""
        raise NotImplementedError

    def point(self) -> None:
        """Show the place."""
        self.follow()

    def limits(self) -> None:
        """Let the fields take what there is; called after each of them has changed."""

    def _hover(self, point: Point | None) -> None:
        before = self.place
        self._over = None if point is None else self.under(point)
        if self.place != before:
            self.point()

    def _step(self, rows: int, columns: int) -> None:
        *rest, row, column = self.kept
        to = zip(self._fields[-2:], (row + rows, column + columns), strict=True)
        self._choose((*rest, *(min(max(at, 0), field.max) for field, at in to)))

    def _choose(self, place: Place) -> None:
        self._over = place  # so that nothing is shown between the changes
        self._is_choosing = True
        try:
            for field, value in zip(self._fields, place, strict=True):
                field.value = value
                self.limits()
        finally:
            self._is_choosing = False
        self.point()

    def _typed(self) -> None:
        """What is typed counts, wherever the pointer rests."""
        if not self._is_choosing:
            self._over = None
            self.limits()
            self.point()
