"""Notebook 05 from top to bottom: with PyTorch it learns for longer than with numpy alone."""

import re

import pytest

from mnist_nb.training.loop import available

from .conftest import RunNotebook, printed, shown


@pytest.mark.edge
def test_it_runs_from_top_to_bottom(run_notebook: RunNotebook, tmp_path: object) -> None:
    notebook = run_notebook(
        "05_train.ipynb", MNIST_NB_EDGE_URL=None, MNIST_NB_QUICK="1", MNIST_NB_DATA=str(tmp_path)
    )
    assert "made itself, not MNIST" in printed(notebook, "data-load")
    assert "6,042 numbers to learn" in printed(notebook, "design-it")
    pushed = re.search(
        r"my-network is served at .* fingerprint (\w{8})", printed(notebook, "push-it")
    )
    assert pushed
    assert pushed[1] in printed(notebook, "train-it")
    rows = dict(
        re.findall(r"^(untrained|yours) \| ([\d.]+) \|", printed(notebook, "train-it"), re.M)
    )
    assert "The loss falls" in shown(notebook, "history")
    assert float(rows["yours"]) > float(rows["untrained"])
    assert "The window" in shown(notebook, "open-pooling")
    assert "2. convolution: 16 maps of 4 × 4" in shown(notebook, "open-maps")
    assert "the nine of" in shown(notebook, "open-looks-for")
    assert re.match(r"<Threshold 0.50: ", printed(notebook, "sure-threshold"))
    if available():
        assert "Fine-tuning: step" in printed(notebook, "tune-it")
        assert "my-network-tuned" in printed(notebook, "push-tuned")
    else:
        assert "pip install" in printed(notebook, "imports")
        assert "the one that numpy has trained" in printed(notebook, "train-it")
        assert "Nothing has changed" in printed(notebook, "tune-it")
