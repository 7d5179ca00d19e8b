"""Notebook 01 from top to bottom."""

import pytest

from .conftest import RunNotebook, printed


@pytest.mark.edge
def test_it_runs_from_top_to_bottom(run_notebook: RunNotebook) -> None:
    notebook = run_notebook("01_draw.ipynb", MNIST_NB_EDGE_URL=None)
    assert "says 7" in printed(notebook, "predict")
    assert "says 7" in printed(notebook, "classify")
    assert "100.00% agree" in printed(notebook, "compare")
