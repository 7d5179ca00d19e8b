"""What a checker of an exercise says, and how checkers read answers."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_ANSWER = "There is no answer yet: put yours in place of the dots."


class Off(Exception):  # not an error: an answer that is not right yet
    """What is off about an answer, for the reader."""


@dataclass(frozen=True)
class Verdict:
    """What a checker says. It is true when the answer is right.

    Attributes:
        right: is it?
        text: what is off, or what there is to learn from it.
    """

    right: bool
    text: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"{'✓ Right.' if self.right else '✗ Not yet.'} {self.text}"

    def _repr_html_(self) -> str:
        color = "--jp-success-color1, #2e7d32" if self.right else "--jp-warn-color1, #e65100"
        head = "✓ Right." if self.right else "✗ Not yet."
        return (
            '<p role="status" style="margin:4px 0;padding:6px 12px;'
            f'border-left:4px solid var({color})"><strong>{head}</strong> {escape(self.text)}</p>'
        )


Checker = Callable[[Any], str]  # raises `Off`, or returns what there is to learn from being right


def judge(checker: Checker, answer: Any) -> Verdict:
    """Judge an answer of whatever kind; this raises nothing."""
    if is_empty(answer):
        return Verdict(False, NO_ANSWER)
    try:
        return Verdict(True, checker(answer))
    except Off as off:
        text = str(off)
        return Verdict(False, text[:1].upper() + text[1:])
    except Exception as error:  # the reader's own function may raise whatever it likes
        return Verdict(False, f"Your answer raised {type(error).__name__}: {error}")


def is_empty(answer: Any) -> bool:
    """Is there no answer: None, dots, or nothing in it but these?"""
    if answer is None or answer is ...:
        return True
    if isinstance(answer, str):
        return not answer.strip()
    if isinstance(answer, np.ndarray):
        return answer.size == 0
    if isinstance(answer, list | tuple):
        return all(part is ... for part in answer)
    return isinstance(answer, dict | set) and not answer


def number(answer: Any) -> float:
    """Read a number; raises `Off` for anything else."""
    try:
        array = np.asarray(answer, np.float64)
    except (TypeError, ValueError, OverflowError):
        array = np.empty(0)
    if array.size != 1 or isinstance(answer, str | bool | np.bool_) or not np.isfinite(array).all():
        raise Off(f"the answer is one number, but this is {_kind(answer)}.")
    return float(array.reshape(()))


def array(answer: Any, *shape: int) -> NDArray[np.float64]:
    """Read numbers of a shape; raises `Off` for anything else."""
    try:
        values = np.asarray(answer, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise Off(f"numbers are wanted, but this is {_kind(answer)}.") from None
    if values.shape != shape:
        raise Off(f"numbers of shape {shape} are wanted, but these have shape {values.shape}.")
    if not np.isfinite(values).all():
        raise Off("some of the numbers are not finite.")
    return values


def same_text(answer: Any) -> str:
    """Read a word, whatever its case and the quotes around it; raises `Off` for anything else."""
    if not isinstance(answer, str):
        raise Off(f"the answer is a word in quotes, but this is {_kind(answer)}.")
    return " ".join(answer.lower().split()).strip("\"'.“”‘’ ")


def _kind(answer: Any) -> str:
    if isinstance(answer, str):
        return f"the text {answer!r:.40}"
    if isinstance(answer, bool | float):
        return str(answer)
    if callable(answer):
        return "a function"
    return f"of type {type(answer).__name__}"
