"""Predict, then reveal: a field that locks, and whose number the plot below shows beside the truth.

    bet = Bet("One call of the edge, warm", 5, low=0.01, high=10_000, unit="ms")
    bet
    plots.shares(series, "Times", bet=bet.reveal())     # in a later cell

Nobody sees a bet but who made it: it is kept nowhere.
"""

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from mnist_nb.lab import StatusLine, close_all
from mnist_nb.lessons.figures import INK
from mnist_nb.lessons.layers.view import Styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Bet(widgets.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A number to be guessed before it is shown.

    Args:
        question: what the number will be.
        start: what stands in the field at first, no hint.
        low, high: what can be entered.
        unit: of the number, such as "ms".

    Attributes:
        value: the bet, None as long as it is not locked.
        field, button: what it is made of.
    """

    def __init__(
        self, question: str, start: float, *, low: float, high: float, unit: str = ""
    ) -> None:
        self.question, self.unit = question, unit
        self.value: float | None = None
        self.field = widgets.BoundedFloatText(
            description=f"{question}{f' ({unit})' if unit else ''}:",
            value=start,
            min=low,
            max=high,
            step=None,
            layout={"width": "min(100%, 480px)"},
            style={"description_width": "initial"},
        )
        self.button = widgets.Button(description="Lock it in", tooltip=f"Bet on: {question}")
        status = StatusLine(threading.RLock())
        self.button.on_click(status.guard(lambda _: self.lock()))
        self._said = widgets.HTML('<span aria-live="polite"></span>')
        row = widgets.HBox([self.field, self.button])
        row.add_class("mn-tools")
        super().__init__([Styles(), row, self._said, status])
        self.add_class("mnist-nb")

    def lock(self) -> None:
        """Take what stands in the field as the bet; it cannot be changed any more."""
        if self.value is None:
            self.value = float(self.field.value)
            self.field.disabled = self.button.disabled = True
            self.button.description = "Locked"
            self._said.value = (
                f'<span aria-live="polite">Your bet is {self.value:g} {self.unit}. '
                "The next cell shows how near you were.</span>"
            )

    def reveal(self) -> float | None:
        """Return the bet for the plot that shows the truth; None when none was locked in."""
        return self.value

    def close(self) -> None:
        """Take it off the page."""
        close_all(self)

    def __repr__(self) -> str:
        return f"<Bet: {self.question}, {'open' if self.value is None else f'{self.value:g}'}>"


def draw_bet(plot: "Axes", bet: float | None, *, at: float | None = None) -> str:
    """Draw a bet into a plot: an upright line there, or a star at (`at`, bet).

    Returns:
        What is to be said of it, for those who do not see it; "" for no bet.
    """
    if bet is None:
        return ""
    style: dict[str, Any] = {"color": INK, "zorder": 5}
    if at is None:
        plot.axvline(bet, linestyle=":", linewidth=2.5, **style)
        place = (bet, 0.04)
        side: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "va": "bottom"}
    else:
        plot.plot([at], [bet], "*", markersize=13, clip_on=False, **style)
        place, side = (at, bet), {"va": "center"}
    plot.annotate(
        "your bet", place, (8, 0), textcoords="offset points", fontsize=9.5, color=INK, **side
    )
    return f" Your bet: {bet:g}."
