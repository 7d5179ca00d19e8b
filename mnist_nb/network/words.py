"""Answers in words and numbers as people read them, for the terminal and for text.

`deploy/page/words.ts` and `verdict.ts` say the same on the page and in the lab, and more of a pen
that moves; one table of cases, `tests/support/words.json`, holds the two together.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnist_nb.network.answer import Answer

GUESS = 0.3  # a digit that is less probable is not worth naming
BETWEEN = 0.8  # two digits that have as much together: it is one of them
SECOND = 0.15  # and the less probable of them this much
SAME_ARITHMETIC = 1e-5  # two float32 computations of one network mostly stay below this
SHORT = 8  # hex digits of a sha256 that a person compares
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def percent(probability: float) -> str:
    """A probability, such as "99.8 %"; a line does not break before its sign."""
    return f"{100 * probability:.1f}\N{NO-BREAK SPACE}%"


def milliseconds(ms: float | None) -> str:
    """A time with its unit, in two or three digits: "0.35 ms", "2.5 ms", "87 ms", "1.2 s"."""
    if ms is None:
        return "? ms"
    if ms < 0.005:
        return "under 0.01 ms"
    if ms >= 995:
        return f"{ms / 1000:.1f} s"
    return f"{ms:.{2 if ms < 0.995 else 1 if ms < 9.95 else 0}f} ms"


def difference(value: float) -> str:
    """A difference in probability: "0", "0.012", "2.4 × 10⁻⁸"."""
    if value == 0:
        return "0"
    if value >= 0.001:
        return f"{value:.3f}"
    mantissa, exponent = f"{value:.1e}".split("e-")
    return f"{mantissa} × 10⁻{str(int(exponent)).translate(_RAISED)}"


def short(sha256: str) -> str:
    """The digits of a sha256 that a person compares."""
    return sha256[:SHORT]


@dataclass(frozen=True)
class Verdict:
    """What both sides say, in words.

    Attributes:
        kind: what the colours and the sign before it say too.
        head: in a few words.
        detail: in a sentence.
    """

    kind: Literal["agree", "disagree", "not-sure"]
    head: str
    detail: str


def verdict(here: Answer, edge: Answer) -> Verdict:
    """Say whether two answers to one image agree, and how far they are apart."""
    if not here.agrees(edge):
        detail = f"{here.label} here, {edge.label} at the edge. {_other_weights(here, edge)}"
        return Verdict("disagree", "They disagree", detail.strip())
    if not (here.is_sure or edge.is_sure):
        detail = "It may be either." if _is_between(here) else "This may be no digit."
        meant = f": {guess(here)}" if guess(here) else ""
        return Verdict("not-sure", f"Both are not sure{meant}", detail)
    head = f"Both say {here.label}"
    if not (here.is_sure and edge.is_sure):
        head += f", but {'the edge' if here.is_sure else 'this machine'} is not sure"
    return Verdict("agree", head, _gap(here, edge))


def guess(answer: Answer) -> str:
    """What an answer that is not sure may mean: "4 or 9", "perhaps 4", "" when nothing is near."""
    if _is_between(answer):
        first, second = (answer.labels[int(i)] for i in _two_largest(answer))
        return f"{first} or {second}"
    return f"perhaps {answer.label}" if answer.probability >= GUESS else ""


def _is_between(answer: Answer) -> bool:
    first, second = answer.probabilities[_two_largest(answer)]
    return bool(second >= SECOND and first + second >= BETWEEN)


def _two_largest(answer: Answer) -> NDArray[np.int64]:
    return np.argsort(-answer.probabilities, kind="stable")[:2]


def _other_weights(here: Answer, edge: Answer) -> str:
    known = here.sha256 and edge.sha256
    return "They run different weights." if known and here.sha256 != edge.sha256 else ""


def _gap(here: Answer, edge: Answer) -> str:
    """How far apart: the fingerprint says why, the size how much."""
    largest = here.difference(edge)
    size = f"Largest difference {difference(largest)}"
    if other := _other_weights(here, edge):
        return f"{other} {size}."
    if largest == 0:
        return "All ten probabilities are identical."
    same = bool(here.sha256) and here.sha256 == edge.sha256
    return f"{size}{', only rounding' if same and largest <= SAME_ARITHMETIC else ''}."
