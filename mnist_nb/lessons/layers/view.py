"""What all views share: they follow the subject, and can be seen without a kernel."""

import threading
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from math import log2
from typing import Any

import ipywidgets as widgets

from mnist_nb.lab import STYLES, FrontEnd, StatusLine, close_all
from mnist_nb.lessons.layers.subject import Subject

SHEETS = ("layers.css", "tables.css")
SAMPLE_NOTE = '<p class="mn-note">Nothing is drawn yet: this is a sample.{}</p>'
BESIDE, ELSEWHERE = " Draw on the pad.", " It follows the pad of the other sections."


@cache
def css() -> str:
    """Return the style sheet of all views."""
    folder = files("mnist_nb.lessons.layers")
    sheets = (folder.joinpath(name).read_text(encoding="utf-8") for name in SHEETS)
    return "\n".join(sheets)


class Styles(FrontEnd):
    """Brings the style sheet of the views, and names for screen readers, into the page."""

    _css = STYLES.read_text(encoding="utf-8") + css()


class Still(widgets.HBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A widget that can be seen without a kernel: as the HTML of what it shows."""

    shown: widgets.HTML

    def picture(self) -> str:
        """Return all that is shown, for those who have no widgets."""
        return str(self.shown.value)

    def still(self) -> str:
        """Return what is shown now as HTML that needs neither a kernel nor another file."""
        shown = self.picture().replace(BESIDE, "")  # the pad is not in the picture
        return f'<style>{css()}</style><div class="mnist-nb mn-still">{shown}</div>'

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data["text/plain"] = repr(self)
            data["text/html"] = self.still()
        return bundle


class View(Still):
    """The pad on the left, if wanted, and on the right what a subclass makes of its drawing.

    A subclass makes its controls, calls `super().__init__`, and has `html()`, which is called for
    every new drawing and whenever a control changes, in one thread or another but never at once.

    Args:
        subject: what to look at.
        controls: widgets above what is shown; a change of their `value` shows anew.
        overlay: a widget that lies over what is shown, and is put at its top left corner.
        with_pad: False leaves the pad out: each one that is shown costs the browser some
            milliseconds at every move of the pen.

    Attributes:
        shown: the HTML widget with what `html()` gave.
        status: shows what went wrong with a button. It has a lock of its own: the pad's is taken by
            views while they look, and a button that looks would take them the other way round.
    """

    title = "A view"  # what the fallback is called
    at_rest = False  # see `Follower`
    shows_anew = True  # when the value of a control changes

    def __init__(
        self,
        subject: Subject,
        controls: Sequence[widgets.Widget] = (),
        overlay: Sequence[widgets.Widget] = (),
        with_pad: bool = True,
    ) -> None:
        self.subject = subject
        self._where = BESIDE if with_pad else ELSEWHERE
        self._drawing_lock = threading.RLock()
        self._newest = 0  # how often this has looked
        self._guard = subject.pad.status.guard
        self.shown = widgets.HTML()
        self.status = StatusLine(threading.RLock())
        self.shown.add_class("mn-shown")
        for control in controls:
            if self.shows_anew and control.has_trait("value"):
                control.observe(lambda change: self.follow(), "value")
        tools = widgets.HBox(list(controls))
        tools.add_class("mn-tools" if controls else "mnist-nb-hidden")
        stage = widgets.VBox([self.shown, *overlay, self.status])
        stage.add_class("mn-stage")
        self._body = body = widgets.VBox([Styles(), tools, stage])
        body.add_class("mn-body")
        self.follow()
        super().__init__([subject.pad, body] if with_pad else [body])
        self.add_class("mnist-nb")
        self.add_class("mn-view")
        subject.add(self)

    def html(self) -> str:
        """Return what to show of `self.subject.look`, everything escaped."""
        raise NotImplementedError

    def note(self) -> str:
        """Return a remark when a sample stands in for a drawing."""
        return SAMPLE_NOTE.format(self._where) if self.subject.look.is_sample else ""

    def follow(self) -> None:
        """Show the newest drawing."""
        self.prepare()()

    def prepare(self) -> Callable[[], None]:
        """Look at the newest drawing; what is returned shows it, unless there is newer by then."""
        with self._drawing_lock:
            self._newest += 1
            mine = self._newest
            try:
                html = self.html()
            except Exception as error:  # it would reach no cell
                with self.subject.pad.lock:
                    self.subject.pad.status.show(error)
                return lambda: None

        def show() -> None:
            with self._drawing_lock:
                if mine == self._newest:
                    self.shown.value = html

        return show

    def close(self) -> None:
        """Take the view off the page; the pad stays."""
        if hasattr(self, "subject"):  # ipywidgets closes also what could not be made
            self.subject.remove(self)
            self.children = [self._body]
            close_all(self)

    def guarded(self, call: Callable[[], object]) -> Callable[[], None]:
        """Return what a button may call: what goes wrong is shown below the view."""
        return lambda: self.status.guard(call)()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.title}>"


def button(text: str, tooltip: str, call: Callable[[], object]) -> widgets.Button:
    """Make a button that calls something; the caller guards it."""
    made = widgets.Button(description=text, tooltip=tooltip)
    made.on_click(lambda _: call())
    return made


def choice(text: str, options: Sequence[Any], value: Any = None) -> widgets.RadioButtons:
    """Make radio buttons in a row: of all choices the one that says its state to screen readers."""
    made = widgets.RadioButtons(
        description=text,
        options=options,
        orientation="horizontal",
        layout={"width": "max-content"},
        style={"description_width": "initial"},
    )
    if value is not None:
        made.value = value
    made.add_class("mn-choice")
    return made


def dropdown(text: str, options: Sequence[Any], width: str = "auto") -> widgets.Dropdown:
    """Make a list to choose from."""
    return widgets.Dropdown(
        description=text,
        options=options,
        layout={"width": width},
        style={"description_width": "initial"},
    )


def slider(text: str, value: float, low: float, high: float, width: str) -> widgets.FloatLogSlider:
    """Make a slider of powers of two; a style sheet beside it names it for screen readers."""
    return widgets.FloatLogSlider(
        description=text,
        value=value,
        base=2,
        min=log2(low),
        max=log2(high),
        step=0.25,
        readout_format=".3g",
        layout={"width": width},
        style={"description_width": "initial"},
    )


def counter(text: str, value: int, low: int, high: int) -> widgets.BoundedIntText:
    """Make a field for a whole number: it names the very one, which a slider of 28 hardly hits."""
    return widgets.BoundedIntText(
        description=text,
        value=value,
        min=low,
        max=high,
        layout={"width": "130px"},
        style={"description_width": "initial"},
    )
