"""The model card says what `model/evaluate.py` prints, and nothing older."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_model_card_has_every_number_that_evaluate_prints(mnist_test, pen_digits):
    run = [sys.executable, "model/evaluate.py"]
    printed = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    card = (ROOT / "model/README.md").read_text()
    for line in printed.splitlines():
        assert line in card, f"model/README.md lacks a line of model/evaluate.py: {line}"
    assert len(printed.splitlines()) == 5
