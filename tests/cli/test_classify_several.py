"""`mnist-nb classify` on pictures with more than one digit."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_nb.drawing import homemade
from tests.cli.conftest import run
from tests.support.sheets import sheet


@pytest.fixture
def page(tmp_path: Path) -> tuple[Path, list[int]]:
    """A sheet of digits in several lines, and what is on it."""
    drawings, labels = homemade(9, 3)
    made = sheet(drawings, labels.tolist(), 4)
    made.picture.save(tmp_path / "page.png")
    return tmp_path / "page.png", made.digits


def test_an_answer_for_each_digit(page: tuple[Path, list[int]]) -> None:
    path, digits = page
    result = run("classify", "--local-only", "--json", path)
    assert result.exit_code == 0, result.stderr
    reports = json.loads(result.stdout)
    assert [report["local"]["digit"] for report in reports] == digits
    with Image.open(path) as picture:
        for report in reports:
            left, top, right, bottom = report["box"]
            assert 0 <= left < right <= picture.width
            assert 0 <= top < bottom <= picture.height
    shown = run("classify", "--local-only", path).stdout
    assert f"{len(digits)} digits: {' '.join(map(str, digits))}\n" in shown


def test_all_of_it_as_one_digit(page: tuple[Path, list[int]]) -> None:
    (report,) = json.loads(run("classify", "--local-only", "--json", "--one", page[0]).stdout)
    assert report["box"] is None
    assert report["local"]["sure"] is False


def test_a_picture_with_the_boxes(page: tuple[Path, list[int]], tmp_path: Path) -> None:
    path, target = page[0], tmp_path / "shown.png"
    result = run("classify", "--local-only", "--json", path, "--show", target)
    left, top, right, bottom = json.loads(result.stdout)[0]["box"]
    with Image.open(target) as shown, Image.open(path) as picture:
        assert shown.size == picture.size
        pixels = np.asarray(shown.convert("RGB")).astype(int)
    coloured = np.ptp(pixels, axis=2) > 50
    assert coloured[top - 2, left:right].all()
    assert coloured[top:bottom, left - 2].all()
    assert not coloured[top + 3 : bottom - 3, left + 3 : right - 3].any()


def test_what_cannot_be_shown_is_said(page: tuple[Path, list[int]], tmp_path: Path) -> None:
    result = run("classify", "--local-only", page[0], "--show", tmp_path / "boxes.doc")
    assert result.exit_code == 1
    assert "boxes.doc cannot be written" in result.stderr
    result = run("classify", "--local-only", page[0], page[0], "--show", tmp_path / "boxes.png")
    assert result.exit_code == 2
    assert "--show shows one picture, and there are 2" in result.stderr
