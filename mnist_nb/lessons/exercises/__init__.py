"""The exercises of the notebooks: `check("02-1", answer)` says right, or what is off.

An exercise has a name, the number of its notebook and its own: "02-1". Each notebook has a module
here with its checkers in a dictionary `EXERCISES`:

    def _dimensions(answer: Any) -> str:
        if number(answer) == 28 + 28:
            raise Off("rows and columns are not added.")
        if number(answer) != 28 * 28:
            raise Off("count the rows and the columns of the image.")
        return "One number for each pixel."

    EXERCISES = {"01-1": _dimensions}

A checker raises `Off` with what is off, without giving the answer away, or returns what there is to
learn from being right. A test gives it at least twelve answers, right and wrong.

In the notebook, after the heading "## Exercises", one code cell prepares what the exercises need,
and each further code cell is an exercise that ends with its `check`. The last cell has for each a
`<details>` with its solution as a block of Python, which ends with the same `check`. A test runs
each solution with the names that the preparing cell makes and that the notebook imports.
"""

import re
from importlib import import_module
from typing import Any

from mnist_nb.errors import InputError
from mnist_nb.lessons.exercises.exercise import Checker, Off, Verdict, judge

__all__ = ["MODULES", "Off", "Verdict", "check", "exercises"]

MODULES = {
    "01": "draw",
    "02": "how_it_works",
    "03": "compare",
    "04": "deploy",
    "05": "train",
}
"""The module of each notebook's exercises, by the number of the notebook."""


def check(name: str, answer: Any = None) -> Verdict:
    """Say whether an answer is right, or what is off.

    Args:
        name: of the exercise, such as "02-1".
        answer: yours; what kind of thing is wanted, the exercise says.

    Raises:
        InputError: there is no exercise of this name.
    """
    number = re.fullmatch(r"(\d\d)-\d+", name) if isinstance(name, str) else None
    known = exercises(number[1]) if number else {}
    if name not in known:
        names = ", ".join(known) or 'they are named like "01-1"'
        raise InputError(f"there is no exercise {name!r}; there are {names}")
    return judge(known[name], answer)


def exercises(notebook: str) -> dict[str, Checker]:
    """Return the checkers of a notebook, such as "02", by name; none for an unknown notebook."""
    if notebook not in MODULES:
        return {}
    found: dict[str, Checker] = import_module(f"{__name__}.{MODULES[notebook]}").EXERCISES
    return found
