"""The model card says what `model/evaluate.py` prints, and its pictures are of these weights."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_nb import Network

ROOT = Path(__file__).parents[1]


def test_the_model_card_has_every_number_that_evaluate_prints(mnist_test, pen_digits):
    folder = Path(os.environ["MNIST_NB_DATA"])
    if missing := [n for n in ("semeion", "omniglot", "pictures") if not (folder / n).is_dir()]:
        pytest.skip(f"MNIST_NB_DATA has no {', '.join(missing)}: the card has numbers of it")
    run = [sys.executable, "model/evaluate.py"]
    printed = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "confusion" in printed
    card = (ROOT / "model/README.md").read_text()
    assert f"```\n{printed}```\n" in card, "run `python model/evaluate.py` and put it into the card"


def test_the_pictures_of_the_model_card_are_of_the_shipped_weights():
    for name in ("calibration.svg", "mistakes.svg"):
        assert Network.load().sha256 in (ROOT / "model" / name).read_text(), "run model/plots.py"
