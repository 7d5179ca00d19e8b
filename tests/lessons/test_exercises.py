"""Every exercise of every notebook: its checker, its place in the notebook, its solution."""

import ast
import re
from itertools import cycle
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from mnist_nb.errors import InputError
from mnist_nb.lessons.exercises import MODULES, check, exercises
from tests.lessons.right_answers import RIGHT
from tests.lessons.wrong_answers import WRONG

NOTEBOOKS = {path.name[:2]: path for path in Path(__file__).parents[2].glob("notebooks/*.ipynb")}
NAMES = [name for number in sorted(MODULES) for name in exercises(number)]
EMPTY = [None, ..., "", "  ", [], (), {}, np.array([]), (..., ...)]
ODD = [
    *[1j, -np.inf, 10**400, np.datetime64("2026-01-01"), b"abc", range(3), iter([1]), object()],
    *[{1: 2}, {1, 2}, np.array(["a"]), [None], [[None]], [[]], [[[]]], [True], [..., ...]],
]
DETAILS = re.compile(r"<details>\s*<summary>[^<]+</summary>(.*?)</details>", re.DOTALL)
CHECK = re.compile(r'^check\("(.*?)"', re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def cells(notebook: str) -> list[Any]:
    """The cells from the heading of the exercises on."""
    found = nbformat.read(NOTEBOOKS[notebook], as_version=4).cells
    starts = [i for i, cell in enumerate(found) if cell.source.startswith("## Exercises")]
    assert len(starts) == 1, f"{NOTEBOOKS[notebook].name} has {len(starts)} headings of exercises"
    return found[starts[0] :]


def solutions(notebook: str) -> dict[str, str]:
    """The code of each solution by the name of its exercise."""
    texts = [cell.source for cell in cells(notebook) if cell.cell_type == "markdown"]
    codes = ["\n".join(PYTHON.findall(body)) for body in DETAILS.findall("\n".join(texts))]
    return {name: code for code in codes for name in CHECK.findall(code)}


def imports(notebook: str) -> str:
    """What all cells of a notebook import, before the heading of the exercises and after."""
    found = nbformat.read(NOTEBOOKS[notebook], as_version=4).cells
    trees = [ast.parse(cell.source) for cell in found if cell.cell_type == "code"]
    lines = [node for tree in trees for node in tree.body]
    return "\n".join(ast.unparse(n) for n in lines if isinstance(n, ast.Import | ast.ImportFrom))


@pytest.fixture(scope="module")
def prepared() -> dict[str, dict[str, Any]]:
    """The names that each notebook's preparing cell has made."""
    return {}


@pytest.mark.parametrize("number", sorted(NOTEBOOKS))
def test_each_notebook_has_three_exercises_each_with_a_cell_and_a_solution(number: str) -> None:
    names = list(exercises(number))
    assert len(names) >= 3
    code = "\n".join(cell.source for cell in cells(number) if cell.cell_type == "code")
    assert CHECK.findall(code) == names
    assert list(solutions(number)) == names


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_answer_is_not_right(name: str) -> None:
    for answer in EMPTY:
        verdict = check(name, answer)
        assert not verdict
        assert verdict.text.startswith("There is no answer yet")


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_answer_is_not_right_and_says_what_is_off(name: str) -> None:
    wrong = WRONG[name]
    for answer in [*wrong, object(), -12345.678, "no", [[1, 2], [3]]]:
        verdict = check(name, answer)
        assert not verdict, answer
        assert len(verdict.text) > 10
        assert repr(verdict).startswith("✗ Not yet. ")


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_of_a_wrong_type_is_said_to_be_one(name: str) -> None:
    for answer in ODD:
        verdict = check(name, answer)
        assert not verdict, answer
        assert not verdict.text.startswith("Your answer raised"), answer


@pytest.mark.parametrize("name", NAMES)
def test_a_right_answer_is_right_in_each_form(name: str) -> None:
    right = RIGHT[name]
    assert len(right) >= 4
    assert len(right) + len(WRONG[name]) >= 12
    for answer in right:
        verdict = check(name, answer)
        assert verdict, (answer, verdict.text)


def test_what_is_off_is_said_of_the_answer_itself() -> None:
    """Not that something raised, where the reader could not know why."""
    for name, wrong in WRONG.items():
        for answer in wrong:
            text = check(name, answer).text
            assert callable(answer) or not text.startswith("Your answer raised"), (answer, text)


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("02-2", [[5] * 3, [-6] * 3, [1] * 3], "two rows of ink"),
        ("02-3", WRONG["02-3"][2], "or logits of 1000"),
        ("02-3", WRONG["02-3"][7], "return"),
        ("04-4", WRONG["04-4"][4], "2 bytes are other ones"),
        ("04-3", lambda *given: cycle("ab"), "each once"),
        ("04-3", lambda *given: "ba", "a list of files is wanted"),
        ("02-5", [[(1e9, 1e9), (1e9, 0)]], "within a million"),
        ("05-4", [5], "layer 0 is 5"),
        ("05-4", [("conv2d", 10**9, 5)], "a layer with 25,000,000,000 weights"),
        ("05-4", WRONG["05-4"][8], "lets through only 1;"),
    ],
)
def test_a_near_miss_is_told_what_it_missed(name: str, answer: Any, words: str) -> None:
    assert words in check(name, answer).text


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_as_it_stands_in_the_notebook_is_right(
    name: str, prepared: dict[str, dict[str, Any]]
) -> None:
    number = name[:2]
    code = [cell for cell in cells(number) if cell.cell_type == "code"]
    if number not in prepared:
        names: dict[str, Any] = {}
        exec(imports(number), names)
        exec(code[0].source, names)
        prepared[number] = names
    (task,) = (cell.source for cell in code if f'check("{name}"' in cell.source)
    solution = solutions(number)[name]
    lines, _, last = solution.strip().rpartition("\n")
    assert last.startswith(f'check("{name}", ')
    names = dict(prepared[number])
    exec(task, names)  # what the cell itself gives to the reader, who then changes it
    exec(lines, names)
    verdict = eval(last, names)
    assert verdict, verdict.text
    assert repr(verdict).startswith("✓ Right. ")
    assert "Right." in verdict._repr_html_()


def test_a_function_that_raises_is_an_answer_that_is_off() -> None:
    verdict = check("02-3", lambda logits, temperature: 1 / 0)
    assert not verdict
    assert "ZeroDivisionError" in verdict.text


def test_markup_in_an_answer_is_shown_as_text() -> None:
    html = check("01-1", "<b>1889</b>")._repr_html_()
    assert "<b>1889" not in html


@pytest.mark.parametrize("name", ["02-99", "99-1", "nonsense", 7])
def test_an_unknown_exercise_says_which_there_are(name: Any) -> None:
    with pytest.raises(InputError, match="there is no exercise"):
        check(name, 1)
