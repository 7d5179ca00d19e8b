"""No more bars than the page can paint.

Without this, a slow computer is sent table after table while its browser still paints those before,
and its bars fall behind the pen, by a second and more. So a table has a number, and a few lines of
JavaScript in the page (`pace.js`) press an unseen button when it is painted: the only way to the
kernel without a widget of one's own. Where a front end forbids those, nothing is held back.

A page that is busy and one that is far from its kernel both take long to tell. The quickest answer
says how far it is, and what is well above that is work.
"""

import time
from collections.abc import Callable
from html import escape
from importlib.resources import files

import ipywidgets as widgets

AHEAD = 2  # tables on their way to a page that keeps up: one it paints, one that is sent meanwhile
SELDOM = 4  # of so many tables a page that keeps up is asked about one
BUSY = 2  # times what the quickest answer took: then one at a time
PATIENCE = 1.0  # seconds; a page that is silent for so long may have gone, or be unseen


class Pace(widgets.Box):  # type: ignore[misc]  # ipywidgets is untyped
    """An invisible widget to put beside the bars; it knows whether the page keeps up.

    Args:
        painted: called when the page has painted the table that it was asked about.
        guard: wraps what the page calls.
    """

    def __init__(
        self, painted: Callable[[], object], guard: Callable[..., Callable[..., None]]
    ) -> None:
        self._painted = painted
        self._number = 0  # of the table that the page is asked about, or was
        self._asked_at: float | None = None  # None: it has told
        self._sent = 0  # tables since then, with that one
        self._unasked = 0  # tables that are still to go before the next question
        self._ahead: float = float("inf")  # tables that may be; so until the page tells anything
        self._least = float("inf")  # seconds from a question to its answer
        script = files("mnist_nb.lab").joinpath("pace.js").read_text(encoding="utf-8")
        style = widgets.HTML(f'<style onload="{escape(script, quote=True)}"></style>')
        button = widgets.Button(description="The bars are painted")
        button.add_class("mnist-nb-painted")
        button.on_click(guard(lambda button: self._told()))
        super().__init__([style, button])
        self.add_class("mnist-nb-pace")

    def next(self) -> int:
        """Return the number for the next table, which goes out now."""
        if self.patience <= 0:
            self._asked_at, self._ahead = None, float("inf")
        if self._asked_at is None and self._unasked > 0:
            self._unasked -= 1
            return self._number
        if self._asked_at is None:
            self._number += 1
            self._asked_at, self._sent = time.monotonic(), 0
        self._sent += 1
        return self._number

    @property
    def is_behind(self) -> bool:
        """Has the page enough to paint?"""
        return self._asked_at is not None and self._sent >= self._ahead and self.patience > 0

    @property
    def patience(self) -> float:
        """Seconds for which the page may still be silent; 0 and less when it was for too long."""
        if self._asked_at is None:
            return PATIENCE
        return self._asked_at + PATIENCE - time.monotonic()

    def _told(self) -> None:
        if self._asked_at is None:
            return  # another view of the same lab was quicker
        took = time.monotonic() - self._asked_at
        self._asked_at = None
        self._least = min(self._least, took)
        keeps_up = took < BUSY * self._least
        self._ahead, self._unasked = (AHEAD, SELDOM - 1) if keeps_up else (1, 0)
        self._painted()
