"""Notebook 02 from top to bottom."""

import re

import pytest
from nbformat import NotebookNode

from .conftest import RunNotebook, printed, shown

pytestmark = pytest.mark.edge


@pytest.fixture(scope="module")
def done(run_notebook: RunNotebook) -> NotebookNode:
    return run_notebook("02_how_it_works.ipynb")


VIEWS = ("subject", "raster", "numbers", "by-hand", "bend", "feature-maps", "looks-for",
         "heat", "digit-map", "temperature", "not-sure", "dot")  # fmt: skip


def test_the_edge_answers_and_agrees_to_rounding(done: NotebookNode) -> None:
    assert re.match(r"The edge says \d, in ", printed(done, "client"))
    agree = printed(done, "agree")
    (difference,) = re.findall(r"probabilities: (\S+)", agree)
    assert float(difference) < 1e-6


def test_three_orders_of_one_sum_agree_to_the_fifth_digit_but_not_all(done: NotebookNode) -> None:
    sums = [float(line.split()[-1]) for line in printed(done, "orders").splitlines()]
    assert len(sums) == 4
    assert sums == pytest.approx([sums[-1]] * 4, abs=1e-4)
    assert len(set(sums)) > 1


def test_what_travels_and_how_cold_it_was_are_tables(done: NotebookNode) -> None:
    exchange = shown(done, "request")
    assert "POST /classify HTTP/1.1" in exchange
    assert "then 784 bytes" in exchange
    assert "then 40 bytes" in exchange
    assert "x-model-sha256" in exchange
    starts = shown(done, "cold")
    assert '<th scope="row">cold</th>' in starts
    assert "<td>200</td>" in starts


@pytest.mark.parametrize("cell_id", VIEWS)
def test_each_view_has_a_still_picture_beside_the_widget(done: NotebookNode, cell_id: str) -> None:
    (cell,) = (cell for cell in done.cells if cell.id == cell_id)
    data = cell.outputs[-1].data
    assert "application/vnd.jupyter.widget-view+json" in data
    still = data["text/html"]
    assert "this is a sample" in still
    assert "<style>" in still
    assert "<script" not in still
    assert not re.search(r'(?:src|href)="(?!data:)', still)


def test_exercises_wait_for_an_answer(done: NotebookNode) -> None:
    verdicts = [printed(done, f"try-{number}") for number in range(1, 8)]
    assert all("✗ Not yet." in verdict for verdict in verdicts)
