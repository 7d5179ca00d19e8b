"""Predict, then reveal: the field locks, and the plots show the bet beside the truth."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from mnist_nb.comparison import Times
from mnist_nb.lessons import latency as plots
from mnist_nb.lessons.bets import Bet
from mnist_nb.lessons.figures import Shown
from mnist_nb.lessons.layers import Softmax, Subject
from mnist_nb.lessons.training_plots import curves
from mnist_nb.training import Step


def test_a_bet_counts_once_it_is_locked_and_cannot_be_changed_then() -> None:
    bet = Bet("How long", 5, low=0, high=100, unit="ms")
    assert bet.reveal() is None
    bet.field.value = 7.5
    assert bet.reveal() is None
    bet.button.click()
    assert bet.reveal() == 7.5
    assert bet.field.disabled
    assert bet.button.disabled
    bet.field.value = 8
    bet.lock()
    assert bet.reveal() == 7.5
    assert repr(bet) == "<Bet: How long, 7.5>"
    bet.close()


def test_what_cannot_be_is_kept_out_of_the_field() -> None:
    bet = Bet("A share", 50, low=0, high=100, unit="%")
    bet.field.value = 1e9
    bet.button.click()
    assert bet.reveal() == 100
    bet.close()


STEPS = [Step(k, 24, 3 / k, {"kept apart": k / 24} if k % 2 == 0 else {}) for k in range(1, 25)]
TIMES = [Times("here", np.array([0.3, 0.4, 0.5])), Times("there", np.array([2.0]))]


@pytest.mark.parametrize(
    "plot",
    [
        lambda bet: plots.differences(np.array([0, 1e-9, 1e-7]), "Differences", bet),
        lambda bet: plots.shares(TIMES, "Times", bet),
        lambda bet: curves(STEPS, "Training", (bet, None)),
        lambda bet: curves(STEPS, "Training", (None, bet)),
    ],
)
def test_a_plot_shows_the_bet_and_says_it(plot: Callable[[float | None], Shown]) -> None:
    without, with_bet = plot(None), plot(0.5)
    assert "our bet" not in without.html
    assert with_bet.text.endswith("Your bet: 0.5.")
    assert re.search(r">your bet</text>", with_bet.html)


def test_bets_at_the_ends_of_their_range_are_drawn() -> None:
    for bet in (0, 1):
        assert "Your bet" in plots.differences(np.array([1e-9, 1e-7]), "D", bet).text
    for bet in (0.001, 1e5):
        assert "Your bet" in plots.shares(TIMES, "Times", bet).text


def test_the_curves_of_a_temperature_have_the_bet() -> None:
    subject = Subject()
    assert "your bet" not in Softmax(subject).shown.value
    assert "across: your bet, 25 %" in Softmax(subject, bet=25).shown.value
    subject.close()
