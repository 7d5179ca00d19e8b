"""`model/measures.py`, by which the model card judges, against its definitions."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def measures(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "model"))
    import measures

    yield measures
    del sys.modules["measures"]


def rows(surest: list[float]) -> Any:
    """Probabilities (N, 10) with these largest ones, of digit 3."""
    table = np.repeat((1 - np.array(surest, np.float32))[:, None] / 9, 10, axis=1)
    table[:, 3] = surest
    return table


def test_auroc_is_how_often_a_digit_is_surer_than_what_is_none(measures: Any) -> None:
    digits, others = [0.9, 0.8, 0.5, 0.99], [0.5, 0.85, 0.3]
    pairs = [(d > o) + (d == o) / 2 for d in digits for o in others]
    assert measures.auroc(np.array(digits), np.array(others)) == pytest.approx(np.mean(pairs))
    assert measures.auroc(np.array(digits), np.array(digits)) == pytest.approx(0.5)


def test_passing_keeps_as_many_digits_as_asked(measures: Any) -> None:
    digits = np.linspace(0.5, 0.99, 101)  # a tenth of them is below 0.549
    assert measures.passing(digits, np.array([0.54, 0.56, 0.9, 0.2]), 0.9) == 0.5


def test_the_two_likeliest_digits_together(measures: Any) -> None:
    assert measures.largest(rows([0.9, 0.19]), 1) == pytest.approx([0.9, 0.19])
    assert measures.largest(rows([0.9, 0.19]), 2) == pytest.approx([0.9 + 0.1 / 9, 0.28])


def test_calibration_error_is_the_mean_gap(measures: Any) -> None:
    said = rows([0.9, 0.9, 0.9, 0.9])
    labels = np.array([3, 3, 3, 7], np.uint8)  # 75 % are right where 90 % were said
    bins = measures.calibration(said, labels)
    assert measures.calibration_error(bins) == pytest.approx(0.15, abs=1e-6)


def test_confusion_counts_what_was_read_as_what(measures: Any) -> None:
    table = measures.confusion(rows([0.9, 0.8]), np.array([3, 5], np.uint8))
    assert table[3, 3] == 1
    assert table[5, 3] == 1
    assert table.sum() == 2
