"""Predict, then reveal: a field that locks, and whose number the plot below shows beside the truth.

    bet = Bet("One call of the edge, warm", 5, low=0.01, high=10_000, unit="ms")
    bet
    plots.shares(series, "Times", bet=bet.reveal())     # in a later cell

Nobody sees a bet but who made it. Only where MNIST_NB_EDGE_URL is a class's edge that collects, it
is counted there without a name, and `reveal` shows what the class bet.
"""

import os
import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

from mnist_nb.edge import EdgeClient
from mnist_nb.errors import EdgeError, InputError
from mnist_nb.lab import StatusLine, close_all
from mnist_nb.lessons.figures import HERE, INK, Shown, axes, picture
from mnist_nb.lessons.layers.view import Styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SECONDS = 1.0  # an edge that takes longer is left alone
_BINS = 12


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
            layout={"width": "auto", "max_width": "100%"},
            style={"description_width": "initial"},
        )
        self.button = widgets.Button(description="Lock it in", tooltip=f"Bet on: {question}")
        status = StatusLine(threading.RLock())
        self.button.on_click(status.guard(lambda _: self.lock()))
        self._said = widgets.HTML()
        self._is_counted = self._ask_class() is not None
        self._say("Your class's edge counts your bet, without your name." * self._is_counted)
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
            if self._is_counted:
                self._ask_class(self.value)
            self._say(
                f"Your bet is {self.value:g} {self.unit}. The next cell shows how near you were."
            )

    def reveal(self) -> float | None:
        """Return the bet for the plot that shows the truth; None when none was locked in.

        Shows what the class bet, where its edge counts that.
        """
        if bets := self._ask_class() if self._is_counted else None:
            from IPython.display import display

            display(of_the_class(f"{self.question}: what the class bet", bets, self.value))  # type: ignore[no-untyped-call]
        return self.value

    def _ask_class(self, value: float | None = None) -> dict[float, int] | None:
        """What the class bet, after counting this bet; None where nobody counts."""
        url, token = (os.environ.get(f"MNIST_NB_EDGE_{name}") for name in ("URL", "TOKEN"))
        if not url:
            return None
        try:
            with EdgeClient(url, token or None, _SECONDS) as edge:
                found = edge.bets(self.question, value)
        except (EdgeError, InputError):
            return None  # the bet stays here, as where there is no class
        low, high = self.field.min, self.field.max  # one can be sent past the field, as a joke
        return {bet: count for bet, count in found.items() if low <= bet <= high}

    def _say(self, text: str) -> None:
        self._said.value = f'<span aria-live="polite">{text}</span>'

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


def of_the_class(title: str, bets: dict[float, int], mine: float | None) -> Shown:
    """Return a histogram of how often each value was bet."""
    values, counts = np.array(list(bets)), np.array(list(bets.values()))
    low, high = values[0], values[-1]
    if low > 0 and high > 50 * low:  # on a scale of factors
        edges, scale = np.geomspace(low / 1.1, high * 1.1, _BINS + 1), "log"
    else:
        margin = (high - low or abs(low) or 1) / 20
        edges, scale = np.linspace(low - margin, high + margin, _BINS + 1), "linear"
    figure, (plot,) = axes(height=2.2)
    bars, _ = np.histogram(values, edges, weights=counts)
    plot.bar(edges[:-1], bars, np.diff(edges), align="edge", color=HERE)
    plot.set(xscale=scale, ylabel="bets")
    plot.locator_params(axis="y", integer=True)
    middle = values[np.searchsorted(counts.cumsum(), counts.sum() // 2, side="right")]
    said = f"{counts.sum()} bets from {low:g} to {high:g}, the middle one {middle:g}."
    return picture(figure, title, said + draw_bet(plot, mine))
