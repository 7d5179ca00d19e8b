"""A pad to draw a digit on, with mouse, pen or finger.

The strokes are kept here, in Python, as a `Drawing`; the canvas in the browser only shows them.
ipycanvas sends every event to the kernel, so a handler does little: it keeps the point, sends the
one new segment, and asks for an update of everything else at the next frame.
"""

import threading
from collections.abc import Callable, Sequence

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import Drawing, FoundDigit, cut_digits, rasterize, samples
from mnist_nb.errors import InputError
from mnist_nb.lab.frames import Frames, Pace
from mnist_nb.lab.paper import SIDE, Paper, Point, place
from mnist_nb.lab.several import several
from mnist_nb.lab.status import StatusLine, close_all
from mnist_nb.lab.view import View

FULL = 20_000  # points; a digit has some hundred
ASK = 0.0125  # seconds between two calls of `ask`: less than between two moves of a mouse


class DigitPad(widgets.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A square of paper with Undo, Clear, ten sample digits, and the image the network sees.

    Args:
        show: sends `view` its frames, when the drawing has changed; its owner
            shows it beside the pad. None: the pad shows it, and it shows the image alone.
        ask: called sooner and more often than `show`, to ask what takes time.

    Attributes:
        canvas: the ipycanvas `Canvas` one draws on.
        view: the `View` with the 28x28 image.
        status: the line that shows errors.
        lock: held by whoever touches the pad; events may come in another thread than cells run.
        pace: of the page that paints the frames of `view`.
    """

    def __init__(
        self,
        *,
        show: Callable[[], object] | None = None,
        ask: Callable[[], None] | None = None,
    ) -> None:
        self._done: list[NDArray[np.float64]] = []  # finished strokes
        self._stroke: list[Point] | None = None  # the one under the pen
        self._is_held = False  # the pen is down, on the paper or beyond it
        self._drawing: Drawing | None = Drawing([], (SIDE, SIDE))  # None: to be made anew
        self._digits: list[FoundDigit] | None = None  # of the drawing; None: to be found anew
        self._callbacks: list[Callable[[DigitPad], object]] = []
        self._show = show
        self.lock = threading.RLock()
        self.status = StatusLine(self.lock)
        self.pace = Pace()
        self._frames = Frames(self._frame, self.status.guard, self.pace)
        guarded = self.status.guard(ask or (lambda: None))
        self._asks = Frames(guarded, self.status.guard, frame=ASK)
        self.view = View("lab" if show else "seen", self.status.guard(self._frames.painted))
        self.canvas = Paper()
        self.undo_button = widgets.Button(description="Undo", tooltip="Take back the last stroke")
        self.clear_button = widgets.Button(description="Clear", tooltip="Empty the paper")
        self.sample_buttons = [
            widgets.Button(description=str(digit), tooltip=f"Draw a sample {digit} for me")
            for digit in range(10)
        ]
        self._paper = _box([self.canvas], "paper")
        self._listen()
        super().__init__([self._paper, self._tools(), self.status])
        self.add_class("mnist-nb")
        self.add_class("mnist-nb-pad")
        self._show_drawing()
        self._show_emptiness()
        self.view.show(self.pace.number, self.image)

    # --- the drawing -----------------------------------------------------------------------------

    @property
    def drawing(self) -> Drawing:
        """What is on the paper, strokes in pixels of a 280x280 canvas; set it to show another."""
        with self.lock:
            if self._drawing is None:
                current = [np.array(self._stroke)] if self._stroke else []
                self._drawing = Drawing([*self._done, *current], (SIDE, SIDE))
            return self._drawing

    @drawing.setter
    def drawing(self, drawing: Drawing) -> None:
        if not isinstance(drawing, Drawing):
            raise InputError(f"the pad shows a Drawing, got {type(drawing).__name__}")
        scale = SIDE / max(drawing.size)
        with self.lock:
            self._replace([stroke * scale for stroke in drawing.strokes])

    @property
    def image(self) -> NDArray[np.uint8]:
        """The drawing as the network sees it: uint8 (28, 28), 255 = ink; the first of several."""
        digits = self.digits
        return digits[0].image if digits else rasterize(self.drawing)

    @property
    def digits(self) -> list[FoundDigit]:
        """The digits drawn, in reading order, with their images: mostly one, which is all ink."""
        with self.lock:
            if self._digits is None:
                self._digits = cut_digits(self.drawing)
            return self._digits

    def note_several(self, read: Callable[[NDArray[np.uint8]], str] | None = None) -> None:
        """Say below the paper if there are several digits; `read` names each image's."""
        if not self.is_pressed:  # a stroke under the pen may still reach the others
            self.status.note(several(self.digits, read))

    def clear(self) -> None:
        """Empty the paper."""
        with self.lock:
            self._replace([])

    def undo(self) -> None:
        """Take back the last stroke, also the one under the pen."""
        with self.lock:
            self._replace(self._done if self._stroke is not None else self._done[:-1])

    def on_change(self, callback: Callable[["DigitPad"], object], remove: bool = False) -> None:
        """Call `callback(pad)` soon after the drawing changed, at most once a frame.

        Args:
            callback: gets the pad; what it raises is shown in the status line.
            remove: True to stop calling it.
        """
        if remove:
            self._callbacks.remove(callback)
        else:
            self._callbacks.append(callback)

    @property
    def is_pressed(self) -> bool:
        """Is the pen down?"""
        return self._stroke is not None

    def flush(self) -> None:
        """Show and tell now what is due, without waiting for the next frame."""
        with self.lock:
            self._frames.flush()

    def close(self) -> None:
        """Take the pad off the page; it cannot be shown again."""
        if hasattr(self, "view"):  # ipywidgets closes also what could not be made
            self._frames.cancel()
            self._asks.cancel()
            self._callbacks.clear()
            close_all(self.view)
            close_all(self)

    # --- events ----------------------------------------------------------------------------------

    def _listen(self) -> None:
        guard = self.status.guard
        canvas = self.canvas
        canvas.on_client_ready(guard(self._show_drawing))
        canvas.on_mouse_down(guard(self._press))
        canvas.on_mouse_move(guard(self._move))
        # Where the script of `view` cannot run, a release beyond the paper would go unseen.
        canvas.on_mouse_up(guard(self._lift))
        canvas.on_mouse_out(guard(self._lift))
        canvas.on_touch_start(guard(self._touch))
        canvas.on_touch_move(guard(lambda fingers: self._move(*fingers[0])))
        # touch_end lists the fingers that remain, so nothing says which one has gone.
        canvas.on_touch_end(guard(lambda fingers: self._lift()))
        canvas.on_touch_cancel(guard(lambda fingers: self._lift()))
        canvas.on_key_down(guard(self._key))
        self.undo_button.on_click(guard(lambda button: self.undo()))
        self.clear_button.on_click(guard(lambda button: self.clear()))
        for digit, button in enumerate(self.sample_buttons):
            button.on_click(guard(lambda button, digit=digit: self._sample(digit)))

    def _sample(self, digit: int) -> None:
        self.drawing = samples()[digit]

    def _key(self, key: str, shift: bool, ctrl: bool, meta: bool) -> None:
        if ctrl or meta:
            if key == "z":
                self.undo()
        elif len(key) == 1 and key in "0123456789":
            self._sample(int(key))
        elif key in ("Backspace", "Delete"):
            self.undo()

    def _touch(self, fingers: Sequence[Point]) -> None:
        if len(fingers) == 1:  # a second finger or the palm does not start anew
            self._press(*fingers[0])

    def _press(self, x: float, y: float) -> None:
        self._lift()
        self._begin(place(x, y)[0])

    def _begin(self, point: Point) -> None:
        if self._points() >= FULL:
            self._frames.ask()  # the page draws along by itself until it hears of us
            raise InputError(f"the paper is full after {FULL} points: press Clear or Undo")
        was_empty = not self._done
        self._is_held, self._stroke = True, [point]
        self.canvas.dot(point)
        self._touched()
        if was_empty:
            self._show_emptiness()

    def _move(self, x: float, y: float) -> None:
        if not self._is_held:  # hovering: there are many of these
            return
        point, is_on_paper = place(x, y)
        if self._stroke is None:  # a pen that was beyond the paper comes back
            if is_on_paper:
                self._begin(point)
            return
        self._add(point)
        if not is_on_paper:
            self._end_stroke()
        elif len(self._stroke) + self._points() >= FULL:
            self._lift()

    def _add(self, point: Point) -> None:
        assert self._stroke is not None
        before = self._stroke[-1]
        if point != before:
            self._stroke.append(point)
            self.canvas.line(before, point)
            self._touched()

    def _lift(self, x: float | None = None, y: float | None = None) -> None:
        if self._stroke is not None:
            if x is not None and y is not None:
                self._add(place(x, y)[0])
            self._end_stroke()
        self._is_held = False

    def _end_stroke(self) -> None:
        self._frames.flush()  # what is drawn now stays: no need to wait for more of it
        if self._stroke is not None:
            self._done.append(np.array(self._stroke))
        self._stroke = None
        if len(self.digits) > 1:
            self._frames.ask()  # now it is known how many there are
        self._show_drawing()

    def _points(self) -> int:
        return sum(map(len, self._done))

    # --- showing ---------------------------------------------------------------------------------

    def _replace(self, strokes: list[NDArray[np.float64]]) -> None:
        self._done, self._stroke, self._is_held = strokes, None, False
        self.status.clear()
        self._touched()
        self._show_drawing()
        self._show_emptiness()

    def _touched(self) -> None:
        self._drawing = self._digits = None
        self._frames.ask()
        self._asks.ask()

    def _frame(self) -> None:
        if self._show is not None:
            self.status.guard(self._show)()
        else:
            tell = self.pace.next()
            self.view.show(self.pace.number, self.image, tell=tell)
            self.note_several()
        for callback in tuple(self._callbacks):
            self.status.guard(callback)(self)

    def _show_drawing(self) -> None:
        self.canvas.show(self.drawing.strokes)

    def _show_emptiness(self) -> None:
        """Invite to draw on empty paper, where there is nothing to undo either."""
        # These do nothing, and send nothing, where all is as it should be.
        is_empty = not (self._stroke or self._done)
        if is_empty:
            self._paper.add_class("mnist-nb-empty")
        else:
            self._paper.remove_class("mnist-nb-empty")
        self.undo_button.disabled = self.clear_button.disabled = is_empty

    def _tools(self) -> widgets.Box:
        hint = widgets.HTML("or take a sample")
        hint.add_class("mnist-nb-small")
        buttons = _box([self.undo_button, self.clear_button], "buttons")
        examples = _box(self.sample_buttons, "samples")
        controls = _box([buttons, hint, examples], "controls", widgets.VBox)
        return _box([controls] if self._show else [self.view, controls], "tools")


def _box(
    children: Sequence[widgets.Widget], name: str, kind: type[widgets.Box] = widgets.HBox
) -> widgets.Box:
    box = kind(list(children))
    box.add_class(f"mnist-nb-{name}")
    return box
