"""A line that shows what went wrong or is worth a note, and callbacks that bring it there."""

import threading
from collections.abc import Callable
from functools import wraps
from html import escape
from typing import Any

import ipywidgets as widgets

from mnist_nb.errors import MnistNbError


class StatusLine(widgets.HTML):  # type: ignore[misc]  # ipywidgets is untyped
    """A line that shows what went wrong.

    An exception in a widget's callback reaches no cell: without this line, nobody would see it.

    Args:
        lock: held while a guarded callback runs.
    """

    def __init__(self, lock: "threading.RLock") -> None:
        self._guarding = lock
        self._is_note = False
        super().__init__("")
        self.add_class("mnist-nb-status")
        self.add_class("mnist-nb-hidden")

    def show(self, error: BaseException) -> None:
        """Show an error: our own say what to do, any other is a bug and says its type."""
        text = str(error) if isinstance(error, MnistNbError) else f"{type(error).__name__}: {error}"
        self._is_note = False
        self.value = f'<span role="alert">{escape(text)}</span>'
        self.remove_class("mnist-nb-hidden")

    def note(self, text: str) -> None:
        """Say what is no error, unless one is shown; "" takes it back."""
        if not self.value or self._is_note:
            self._is_note = bool(text)
            said = f'<span role="status" class="mnist-nb-small">{escape(text)}</span>'
            self.value = said if text else ""
            (self.remove_class if text else self.add_class)("mnist-nb-hidden")

    def clear(self) -> None:
        """Hide the line."""
        if self.value:
            self.value = ""
            self.add_class("mnist-nb-hidden")

    def guard(self, callback: Callable[..., object]) -> Callable[..., None]:
        """Wrap a callback: one at a time, and what it raises is shown here."""

        @wraps(callback)
        def guarded(*args: Any) -> None:
            with self._guarding:
                try:
                    callback(*args)
                except Exception as error:
                    self.show(error)

        return guarded


def close_all(widget: widgets.Widget) -> None:
    """Close a widget and what it is made of, which ipywidgets would keep in its registry."""
    parts = [getattr(widget, name, None) for name in ("layout", "style")]
    for part in [*getattr(widget, "children", ()), *parts]:
        if isinstance(part, widgets.Widget):
            close_all(part)
    widgets.Widget.close(widget)
