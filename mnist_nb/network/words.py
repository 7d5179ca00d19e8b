"""Answers in words and numbers as people read them, for the terminal and for text.

`deploy/page/words.ts` and `verdict.ts` say the same on the page and in the lab; one table of cases,
`tests/support/words.json`, holds the two together.
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

Kind = Literal["empty", "open", "agree", "disagree", "not-sure"]


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
        detail: in a sentence; "" for none.
    """

    kind: Kind
    head: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.head}. {self.detail}".removesuffix(". ")


def verdict(
    here: Answer | None,
    edge: Answer | None = None,
    twin: NDArray[np.float32] | None = None,
    *,
    drawn: bool = True,
    late: bool = False,
    trouble: str = "",
    who: str = "This machine",
    where: str = "here",
) -> Verdict:
    """Say whether two answers agree, and how far they are apart.

    Args:
        here: of this side; None without one.
        edge: the newest one of the edge, maybe to an image before; None without one.
        twin: float32 (labels,), what this side says of the image that the edge answered; None
            when it is the same image.
        drawn: False on empty paper.
        late: the edge's answer is for an image so old that it does not count any more.
        trouble: why the edge gives no answer, "" when one is on its way.
        who: this side, at the start of a sentence.
        where: this side, within one.
    """
    if not drawn:
        return Verdict("empty", "Draw a digit", "Both answer while you draw.")
    if here is None and edge is None:
        return Verdict("open", "No answer yet", trouble or "The network is on its way.")
    if here is None:
        assert edge is not None
        return _alone("The edge", edge, f"Waiting for {who[0].lower()}{who[1:]}.")
    if edge is None:
        return _alone(
            who, here, "It goes on without the edge." if trouble else "Waiting for the edge."
        )
    if late:
        return _alone(who, here, "The edge is still at an older drawing.")
    ours = here.probabilities if twin is None else twin
    unsure = not here.is_sure and not edge.is_sure
    if int(ours.argmax()) != edge.index and not unsure:
        mine = here.labels[int(ours.argmax())]
        detail = f"{mine} {where}, {edge.label} at the edge. {_other_weights(here, edge)}".strip()
        return Verdict("disagree", "They disagree", detail)
    if unsure:
        detail = "It may be either." if _is_between(here) else "This may be no digit."
        return Verdict("not-sure", f"Both are not sure{_guess(here)}", detail)
    if here.index != edge.index:
        return _alone(who, here, "Waiting for the edge.")
    head = f"Both say {here.label}"
    if not (here.is_sure and edge.is_sure):
        doubter = "the edge" if here.is_sure else f"{who[0].lower()}{who[1:]}"
        head += f", but {doubter} is not sure"
    return Verdict("agree", head, _gap(here, edge, edge.difference(ours)))


def _alone(who: str, answer: Answer, detail: str) -> Verdict:
    if answer.is_sure:
        return Verdict("open", f"{who} says {answer.label}", detail)
    return Verdict("not-sure", f"{who} is not sure{_guess(answer)}", detail)


def guess(answer: Answer) -> str:
    """What an answer that is not sure may mean: "4 or 9", "perhaps 4", "" when nothing is near."""
    if _is_between(answer):
        first, second = (answer.labels[int(i)] for i in _two_largest(answer))
        return f"{first} or {second}"
    return f"perhaps {answer.label}" if answer.probability >= GUESS else ""


def _guess(answer: Answer) -> str:
    return f": {guess(answer)}" if guess(answer) else ""


def _is_between(answer: Answer) -> bool:
    first, second = answer.probabilities[_two_largest(answer)]
    return bool(second >= SECOND and first + second >= BETWEEN)


def _two_largest(answer: Answer) -> NDArray[np.int64]:
    return np.argsort(-answer.probabilities, kind="stable")[:2]


def _other_weights(here: Answer, edge: Answer) -> str:
    known = here.sha256 and edge.sha256
    return "They run different weights." if known and here.sha256 != edge.sha256 else ""


def _gap(here: Answer, edge: Answer, largest: float) -> str:
    """How far apart: the fingerprint says why, the size how much."""
    size = f"Largest difference {difference(largest)}"
    if other := _other_weights(here, edge):
        return f"{other} {size}."
    if largest == 0:
        return "All ten probabilities are identical."
    same = bool(here.sha256) and here.sha256 == edge.sha256
    return f"{size}{', only rounding' if same and largest <= SAME_ARITHMETIC else ''}."
