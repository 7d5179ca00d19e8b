"""A pad to draw a digit on, with mouse, pen or finger.

The strokes are kept here, in Python, as a `Drawing`; the canvas in the browser only shows them.
ipycanvas sends every event to the kernel, so a handler does little: it keeps the point, sends the
one new segment, and asks for an update of everything else at the next frame.

Nothing here is sent to the canvas by its own comm (such as `canvas.blur()`; drawing commands have
another one). ipykernel 7 routes the events of a widget to the subshell that last sent to it, so
that would move the pen to another thread in the middle of a stroke, and its events out of order.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import ipywidgets as widgets
import numpy as np
from ipycanvas import hold_canvas
from numpy.typing import NDArray
from PIL import Image

from mnist_nb.drawing import SIZE as SEEN
from mnist_nb.drawing import Drawing, rasterize, samples
from mnist_nb.errors import InputError
from mnist_nb.lab.names import NamedCanvas
from mnist_nb.lab.parts import Frames, StatusLine, stylesheet
from mnist_nb.lab.png import data_uri

SIDE = 280  # CSS pixels, and the unit of the strokes
SHARP = 2  # canvas pixels per CSS pixel, for displays of high density
PEN = 15  # CSS pixels, for the eye only: rasterize has a pen of its own
PREVIEW = 84  # CSS pixels: each of the 28 x 28 is 3 wide
PREVIEW_FRAME = 0.12  # seconds between two pictures of them: a browser loads each like a file
FULL = 20_000  # points; a digit has some hundred
NAME = "Paper: draw a digit, or press 0 to 9 for a sample, Backspace to undo, Tab to leave"
INK = "#000000"  # the style sheet turns it white on dark paper

Point = tuple[float, float]

_canvas_lock = threading.Lock()  # ipycanvas has one queue for all canvases of a process


class DigitPad(widgets.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A square of paper with Undo, Clear, ten sample digits, and the image the network sees.

    Attributes:
        canvas: the ipycanvas `Canvas` one draws on.
        preview: the `HTML` widget with a picture of the 28x28 image.
        status: the line that shows errors.
        lock: held by whoever touches the pad; events may come in another thread than cells run.
    """

    def __init__(self) -> None:
        self._done: list[NDArray[np.float64]] = []  # finished strokes
        self._stroke: list[Point] | None = None  # the one under the pen
        self._drawing: Drawing | None = Drawing([], (SIDE, SIDE))  # None: to be made anew
        self._image: NDArray[np.uint8] | None = None
        self._callbacks: list[Callable[[DigitPad], object]] = []
        self.lock = threading.RLock()
        self.status = StatusLine(self.lock)
        self._frames = Frames(self._changed, self.status.guard)
        self._previews = Frames(self._show_preview, self.status.guard, PREVIEW_FRAME)
        self.canvas = NamedCanvas(
            NAME, width=SHARP * SIDE, height=SHARP * SIDE, layout=_square(SIDE)
        )
        self.preview = widgets.HTML()  # its own picture widget has no alternative text
        self._before, self._behind = _way_out(), _way_out()
        self.undo_button = widgets.Button(description="Undo", tooltip="Take back the last stroke")
        self.clear_button = widgets.Button(description="Clear", tooltip="Empty the paper")
        self.sample_buttons = [
            widgets.Button(description=str(digit), tooltip=f"Draw a sample {digit} for me")
            for digit in range(10)
        ]
        self._paper = _box([self._before, self.canvas, self._behind], "paper")
        self._listen()
        super().__init__([stylesheet(), self._paper, self._tools(), self.status])
        self.add_class("mnist-nb")
        self.add_class("mnist-nb-pad")
        self._show_drawing()
        self._show_preview()
        self._hint()

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
            self._done = [stroke * scale for stroke in drawing.strokes]
            self._stroke = None
            self._replaced()

    @property
    def image(self) -> NDArray[np.uint8]:
        """The drawing as the network sees it: uint8 (28, 28), 255 = ink."""
        with self.lock:
            if self._image is None:
                self._image = rasterize(self.drawing)
            return self._image

    def clear(self) -> None:
        """Empty the paper."""
        with self.lock:
            self._done, self._stroke = [], None
            self._replaced()

    def undo(self) -> None:
        """Take back the last stroke, also the one under the pen."""
        with self.lock:
            if self._stroke is not None:
                self._stroke = None
            elif self._done:
                self._done.pop()
            self._replaced()

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
            self._previews.flush()

    def close(self) -> None:
        """Take the pad off the page; it cannot be shown again."""
        if hasattr(self, "_frames"):  # ipywidgets closes also what could not be made
            self._frames.cancel()
            self._previews.cancel()
            super().close()

    # --- events ----------------------------------------------------------------------------------

    def _listen(self) -> None:
        guard = self.status.guard
        canvas = self.canvas
        canvas.on_client_ready(guard(self._show_drawing))
        canvas.on_mouse_down(guard(self._press))
        canvas.on_mouse_move(guard(self._move))
        # The canvas does not capture the pointer: outside of it, a release would go unseen.
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
        """A canvas with the focus swallows every key; Tab must get out of it all the same."""
        if len(key) == 1 and key in "0123456789":
            self._sample(int(key))
        elif key in ("Backspace", "Delete") or (key == "z" and (ctrl or meta)):
            self.undo()
        elif key not in ("Shift", "Control", "Meta", "Alt"):
            way_out = self._before if key == "Tab" and shift else self._behind
            way_out.focus()

    def _touch(self, fingers: Sequence[Point]) -> None:
        if len(fingers) == 1:  # a second finger or the palm does not start anew
            self._press(*fingers[0])

    def _press(self, x: float, y: float) -> None:
        self._lift()
        if self._points() >= FULL:
            raise InputError(f"the paper is full after {FULL} points: press Clear or Undo")
        point = _on_paper(x, y)
        self._stroke = [point]
        with _one_message():
            self.canvas.fill_circle(SHARP * point[0], SHARP * point[1], SHARP * PEN / 2)
        self._touched()

    def _move(self, x: float, y: float) -> None:
        if self._stroke is None:  # hovering: there are many of these
            return
        before, point = self._stroke[-1], _on_paper(x, y)
        if point == before:
            return
        self._stroke.append(point)
        with _one_message():
            self.canvas.stroke_line(*(SHARP * value for value in (*before, *point)))
        if len(self._stroke) + self._points() >= FULL:
            self._lift()
        self._touched()

    def _lift(self, x: float | None = None, y: float | None = None) -> None:
        if self._stroke is None:
            return
        if x is not None and y is not None:
            self._move(x, y)
        if self._stroke is not None:
            self._frames.flush()  # what is drawn now stays: no need to wait for more of it
            self._done.append(np.array(self._stroke))
            self._stroke = None
            self._show_drawing()  # whole strokes are smoother than their segments one by one

    def _points(self) -> int:
        return sum(map(len, self._done))

    # --- showing ---------------------------------------------------------------------------------

    def _replaced(self) -> None:
        self.status.clear()
        self._drawing = self._image = None
        self._show_drawing()
        self._hint()
        self._frames.ask()

    def _touched(self) -> None:
        self._drawing = self._image = None
        self._hint()
        self._frames.ask()

    def _hint(self) -> None:
        """Invite to draw on empty paper."""
        # Both do nothing, and send nothing, where the class is as it should be.
        if self._stroke or self._done:
            self._paper.remove_class("mnist-nb-empty")
        else:
            self._paper.add_class("mnist-nb-empty")

    def _changed(self) -> None:
        self._previews.ask()
        for callback in tuple(self._callbacks):
            self.status.guard(callback)(self)

    def _show_drawing(self) -> None:
        canvas = self.canvas
        strokes = [SHARP * stroke for stroke in self.drawing.strokes]
        # A page that was reloaded has a new canvas manager that knows of no current canvas, but
        # ipycanvas here believes that ours still is (ipycanvas issue 322).
        with _one_message():
            canvas._canvas_manager._current_canvas = None
            canvas.clear()
            canvas.fill_style = canvas.stroke_style = INK
            canvas.line_width = SHARP * PEN
            canvas.line_cap = canvas.line_join = "round"
            for stroke in strokes:
                canvas.fill_circle(*stroke[0], SHARP * PEN / 2)
                if len(stroke) > 1:
                    canvas.stroke_lines(stroke)

    def _show_preview(self) -> None:
        self.preview.value = (
            f'<img src="{data_uri(Image.fromarray(self.image))}" width="{PREVIEW}" '
            f'height="{PREVIEW}" alt="What the network sees, {SEEN} by {SEEN} pixels">'
        )

    def _tools(self) -> widgets.Box:
        caption = widgets.HTML(f"What the network sees: {SEEN} × {SEEN}")
        caption.add_class("mnist-nb-small")
        hint = widgets.HTML("or take a sample")
        hint.add_class("mnist-nb-small")
        buttons = _box([self.undo_button, self.clear_button], "buttons")
        examples = _box(self.sample_buttons, "samples")
        controls = _box([buttons, hint, examples], "controls", widgets.VBox)
        seen = _box([self.preview, caption], "seen", widgets.VBox)
        return _box([seen, controls], "tools")


def _square(side: int) -> dict[str, str]:
    return {"width": f"{side}px", "height": f"{side}px", "flex": "0 0 auto"}


def _way_out() -> widgets.Button:
    """An unseen stop of Tab beside the canvas, to put the focus on."""
    button = widgets.Button(description="Leave the paper")
    button.add_class("mnist-nb-way-out")
    return button


def _box(
    children: Sequence[widgets.Widget], name: str, kind: type[widgets.Box] = widgets.HBox
) -> widgets.Box:
    box = kind(list(children))
    box.add_class(f"mnist-nb-{name}")
    return box


def _on_paper(x: float, y: float) -> Point:
    """From canvas pixels to the unit of the strokes; a pen that leaves ends at the edge."""
    return min(max(x / SHARP, 0.0), float(SIDE)), min(max(y / SHARP, 0.0), float(SIDE))


@contextmanager
def _one_message() -> Iterator[None]:
    """`hold_canvas` that survives an exception, after which the original never flushes again."""
    error: Exception | None = None
    with _canvas_lock, hold_canvas():
        try:
            yield
        except Exception as raised:
            error = raised
    if error is not None:
        raise error
