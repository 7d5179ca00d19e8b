import numpy as np
import pytest

from mnist_nb.edge.client import Place
from mnist_nb.lab.bars import answers_html, milliseconds
from mnist_nb.lab.sides import EdgeSide, LocalSide
from mnist_nb.lab.verdict import difference
from tests.lab.conftest import Table

SHA, OTHER = "a" * 64, "b" * 64


def certain(digit: int, p: float = 0.91) -> np.ndarray:
    row = np.full(10, (1 - p) / 9, np.float32)
    row[digit] = p
    return row


def both(local: np.ndarray, edge: np.ndarray, **more: object) -> Table:
    side = {"twin": local, "sha256": SHA, "ms": 2.5, "place": "local workerd", **more}
    return Table(
        answers_html(LocalSide(local, 0.4, SHA, "cnn"), EdgeSide("up", probabilities=edge, **side))
    )


def test_table_carries_every_number_exactly():
    local, edge = certain(3), certain(3) + np.float32(2e-7)
    shown = both(local, edge)
    assert [int(row["digit"]) for row in shown.rows] == list(range(10))
    assert np.array_equal(np.float32([row["local"] for row in shown.rows]), local)
    assert np.array_equal(np.float32([row["edge"] for row in shown.rows]), edge)
    assert [row["winner"] for row in shown.rows] == ["", "", "", "local edge"] + [""] * 6
    assert float(shown.section["max-diff"]) == pytest.approx(2e-7, rel=0.5)


def test_agreement_is_said_in_words_and_numbers():
    shown = both(certain(3), certain(3) + np.float32(2e-7))
    assert shown.section["agree"] == "true"
    assert "Both say 3" in shown.text
    assert "only rounding" in shown.text
    assert "91.0 % , its answer" in shown.text
    assert "0.40 ms to compute" in shown.text
    assert "2.50 ms there and back, warm" in shown.text
    assert shown.tags.count("caption") == 1


def test_identical_answers_are_called_so():
    assert ": identical" in both(certain(3), certain(3)).text


@pytest.mark.parametrize(
    ("here", "there", "text"),
    [
        (None, None, "Both say 3"),
        (0.9, 0.9, "Both say 3"),
        (0.95, 0.95, "Both are not sure: perhaps 3"),
        (0.95, None, "Both say 3, but this machine is not sure"),
        (None, 0.95, "Both say 3, but the edge is not sure"),
    ],
)
def test_below_the_threshold_of_its_weights_a_side_is_not_sure(here, there, text):
    row = certain(3, 0.91)
    html = answers_html(
        LocalSide(row, 0.4, SHA, not_sure_below=here),
        EdgeSide("up", probabilities=row, twin=row, sha256=SHA, not_sure_below=there),
    )
    shown = Table(html)
    assert text in shown.text
    assert shown.section["local-sure"] == ("false" if here == 0.95 else "true")
    assert shown.section["edge-sure"] == ("false" if there == 0.95 else "true")


def test_two_that_are_not_sure_do_not_disagree():
    """Among ten tenths rounding decides which is the largest."""
    tenths = np.full(10, 0.1, np.float32)
    here, there = tenths.copy(), tenths.copy()
    here[0] += 1e-7
    there[5] += 1e-7
    local = LocalSide(here, 0.4, SHA, not_sure_below=0.6)
    edge = EdgeSide("up", probabilities=there, twin=here, sha256=SHA, not_sure_below=0.6)
    shown = Table(answers_html(local, edge))
    assert shown.section["agree"] == "true"
    assert "Both are not sure This may be no digit" in shown.text


def test_not_sure_is_said_without_the_edge_too():
    shown = Table(answers_html(LocalSide(certain(3), not_sure_below=0.95), EdgeSide("starting")))
    assert "This machine is not sure: perhaps 3" in shown.text
    assert shown.section["edge-sure"] == ""


def test_disagreement_shows_both_winners():
    shown = both(certain(3), certain(8))
    assert shown.section["agree"] == "false"
    assert "They disagree: 3 here, 8 at the edge" in shown.text
    assert (shown.rows[3]["winner"], shown.rows[8]["winner"]) == ("local", "edge")


def test_agreement_is_judged_on_the_image_that_the_edge_saw():
    """The pen is one image ahead: local now says 8, both said 3 of the one before."""
    shown = both(certain(8), certain(3), twin=certain(3), stale=True)
    assert shown.section["agree"] == "true"
    assert float(shown.section["max-diff"]) == 0
    assert "disagree" not in shown.text


def test_stale_bars_fade_only_when_late():
    html = [
        answers_html(
            LocalSide(certain(3), 0.4, SHA),
            EdgeSide("up", probabilities=certain(3), twin=certain(3), stale=True, faded=faded),
        )
        for faded in (False, True)
    ]
    assert [h.count("is-faded") for h in html] == [0, 10]
    assert [Table(h).section["edge-stale"] for h in html] == ["true", "true"]
    assert "older drawing" in Table(html[1]).text


def test_different_weights_are_warned_of():
    shown = both(certain(3), certain(3), sha256=OTHER)
    assert shown.section["same-weights"] == "false"
    assert "Different weights." in shown.text
    assert SHA[:8] in shown.text
    assert OTHER[:8] in shown.text


def test_unknown_weights_are_no_difference():
    shown = both(certain(3), certain(3), sha256="")
    assert shown.section["same-weights"] == ""
    assert "Different weights" not in shown.text


def test_empty_paper_gives_a_hint_and_no_winner():
    shown = Table(answers_html(LocalSide(sha256=SHA), EdgeSide("up", sha256=SHA)))
    assert shown.section["state"] == "empty"
    assert "Draw a digit" in shown.text
    assert {row["winner"] for row in shown.rows} == {""}
    assert {row["local"] + row["edge"] for row in shown.rows} == {""}


@pytest.mark.parametrize("state", ["starting", "connecting", "offline"])
def test_edge_that_is_not_up_shows_why_and_keeps_the_local_bars(state):
    shown = Table(answers_html(LocalSide(certain(3), 0.4, SHA), EdgeSide(state, "no Node here")))
    assert shown.section["edge-state"] == state
    assert "no Node here" in shown.text
    assert "This machine says 3" in shown.text
    assert [row["winner"] for row in shown.rows][3] == "local"
    assert {row["edge"] for row in shown.rows} == {""}


def test_what_comes_from_outside_is_escaped():
    evil = '"><script>alert(1)</script>'
    edge = {"place": evil, "sha256": evil, "name": evil}
    html = answers_html(
        LocalSide(certain(3), 0.4, SHA, evil),
        EdgeSide("up", probabilities=certain(3), twin=certain(3), **edge),
        [evil] * 10,
    )
    html += answers_html(LocalSide(certain(3)), EdgeSide("offline", evil))
    assert "<script" not in html
    assert "script" not in Table(html).tags


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0.432, "0.43 ms"), (9.949, "9.95 ms"), (9.96, "10 ms"), (994, "994 ms"), (5210, "5.2 s")],
)
def test_milliseconds(ms, text):
    assert milliseconds(ms) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.25, "0.250"),
        (0.001, "0.001"),
        (2.4e-7, "2.4&thinsp;×&thinsp;10<sup>−7</sup>"),
        (9.96e-6, "1.0&thinsp;×&thinsp;10<sup>−5</sup>"),
    ],
)
def test_difference(value, text):
    assert difference(value) == text


@pytest.mark.parametrize(
    ("local", "continent", "colo", "text"),
    [
        (True, "EU", "AMS", "local workerd"),  # offline the city is invented
        (False, "EU", "AMS", "Europe (AMS)"),
        (False, "OC", None, "Oceania"),
        (False, None, "SIN", "SIN"),
        (False, None, None, ""),
    ],
)
def test_place_name(local, continent, colo, text):
    assert Place("default", continent, colo, local).name == text
