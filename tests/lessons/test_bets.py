"""Predict, then reveal: the field locks, and the plots show the bet beside the truth."""

import re
from collections.abc import Callable, Iterator

import httpx
import numpy as np
import pytest

from mnist_nb import EdgeClient, LocalEdge
from mnist_nb.comparison import Times
from mnist_nb.errors import EdgeProtocolError
from mnist_nb.lessons import latency as plots
from mnist_nb.lessons.bets import Bet, of_the_class
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


# --- of a class ----------------------------------------------------------------------------------

URL = "MNIST_NB_EDGE_URL"


@pytest.fixture(scope="module")
def collecting() -> Iterator[LocalEdge]:
    with LocalEdge(vars={"COLLECT": "on"}) as edge:
        yield edge


def bet_on(question: str, value: float) -> Bet:
    bet = Bet(question, 5, low=0, high=100, unit="nats")
    bet.field.value = value
    bet.lock()
    return bet


@pytest.mark.edge
def test_a_class_sees_what_it_bet_when_it_is_revealed(
    collecting: LocalEdge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(URL, collecting.url)
    bets = [bet_on("The loss, at first (!)", value) for value in (2, 2, 3.456, 7)]
    assert "without your name" in Bet("Another", 1, low=0, high=2)._said.value
    capsys.readouterr()
    with EdgeClient(collecting.url) as client:
        client.bets("The loss, at first (!)", 1e9)  # past the field, and not shown
    assert bets[2].reveal() == 3.456
    shown = capsys.readouterr().out  # outside of a notebook IPython prints the words
    assert "The loss, at first (!): what the class bet" in shown
    assert "4 bets from 2 to 7, the middle one 3.5. Your bet: 3.456." in shown
    with EdgeClient(collecting.url) as client:
        assert client.bets("The loss, at first (!)") == {2: 2, 3.5: 1, 7: 1, 1e9: 1}


@pytest.mark.edge
@pytest.mark.parametrize("where", ["", "an edge that collects nothing", "nobody", "no URL"])
def test_elsewhere_a_bet_is_as_it_was(
    where: str, edge: LocalEdge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    urls = {"": "", "nobody": "http://127.0.0.1:9", "no URL": "http://"}
    monkeypatch.setenv(URL, urls.get(where, edge.url))
    bet = Bet("How long", 5, low=0, high=100)
    assert "class" not in bet._said.value
    bet.lock()
    assert bet.reveal() == 5
    assert capsys.readouterr().out == ""


def test_the_histogram_takes_all_that_can_be_bet() -> None:
    for bets in ({1e-7: 3, 0.1: 1}, {0.0: 2}, {-5.0: 1, 5.0: 4}, {1e9: 10**9}, {0.0: 1, 1e-9: 1}):
        shown = of_the_class("A question", bets, max(bets))
        assert f"{sum(bets.values())} bets from {min(bets):g} to {max(bets):g}" in shown.text
        assert shown.text.endswith(f"Your bet: {max(bets):g}.")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"bets": 3},
        {"bets": [1]},
        {"bets": [{"value": "1", "count": 1}]},
        {"bets": [{"value": 1, "count": 0}]},
        {"bets": [{"value": 1, "count": 1.5}]},
        {"bets": [{"value": 1e300, "count": 1}]},
        {"bets": [{"value": 1, "count": 1e300}]},
    ],
)
def test_an_edge_that_says_something_else_is_named(said: object) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=said))
    with (
        EdgeClient("http://edge.test", transport=transport) as client,
        pytest.raises(EdgeProtocolError, match="how often each value was bet"),
    ):
        client.bets("q")
