"""The frame of each notebook: what one will be able to do, how long it takes, and the card."""

import itertools
import re
from pathlib import Path

import nbformat
import pytest

from mnist_nb.lessons.exercises import exercises

from .conftest import FOLDER

NOTEBOOKS = sorted(FOLDER.glob("0*.ipynb"))
TEACHING = (Path(FOLDER).parent / "docs/teaching.md").read_text("utf-8")


def texts(path: Path) -> list[str]:
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_top_says_what_one_can_do_afterwards_and_how_long_it_takes(path: Path) -> None:
    first = texts(path)[0]
    assert len(re.findall(r"^- \*\*Afterwards you can\*\* ", first, re.M)) == 1
    (takes,) = re.findall(r"^- \*\*It takes\*\* (.*)", first, re.M)
    said = list(map(int, re.findall(r"\d+(?= min)", takes)))
    planned = re.findall(rf"^\| {path.stem[:2]} .*\| ([\d +]+) min \|", TEACHING, re.M)
    (minutes,) = (list(map(int, row.split(" + "))) for row in planned)
    assert said[: len(minutes)] == minutes or (len(minutes) == 1 and said[0] == minutes[0])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_ends_with_a_card_of_words_that_were_explained(path: Path) -> None:
    cells = texts(path)
    end = next(i for i, text in enumerate(cells) if text.startswith("## Exercises"))
    card, before = cells[end - 1], " ".join(cells[: end - 1]).lower()
    assert card.startswith("## What you have learned")
    rows = re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", card, re.M)
    assert len(rows) >= 5
    words = [word.strip().lower() for name, _ in rows for word in name.split(",")]
    missing = [w for w in words if not any(part in before for part in (w, w.rstrip("s"), w[:8]))]
    assert not missing


def test_the_lesson_plans_name_exercises_that_are_there_and_minutes_that_add_up() -> None:
    named = re.findall(r"\b0\d-\d\b", TEACHING)
    assert named
    for name in named:
        assert name in exercises(name[:2])
    plans = re.findall(r"^## .*?(\d+) minutes: .*?$(.*?)(?=^## )", TEACHING, re.M | re.S)
    assert [int(length) for length, _ in plans] == [45, 90, 45]
    for length, plan in plans:
        times = [tuple(map(int, row)) for row in re.findall(r"^\| (\d+) to (\d+) \|", plan, re.M)]
        assert times[0][0] == 0
        assert times[-1][1] == int(length)
        assert all(a[1] == b[0] for a, b in itertools.pairwise(times))
