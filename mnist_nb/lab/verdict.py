"""The headline above the bars: what both sides say, in words, and whether they agree."""

from collections.abc import Mapping, Sequence
from html import escape

from mnist_nb.lab.sides import EdgeSide, LocalSide
from mnist_nb.network import GUESS

SAME_ARITHMETIC = 1e-5  # two float32 implementations of one network stay below this


def verdict_html(
    local: LocalSide, edge: EdgeSide, ours: int | None, theirs: int | None, labels: Sequence[str]
) -> str:
    """Return the headline as HTML, everything escaped.

    `ours` and `theirs` are the indices of the answers in `labels`, None where there is none.
    """
    if ours is None:
        return _headline("", "Draw a digit", "Both networks answer while you draw.")
    here = labels[ours]
    if theirs is None:
        detail = {
            "starting": "The edge is starting.",
            "connecting": "Waiting for the edge.",
            "up": "Waiting for the edge.",
            "offline": "The edge is offline; this machine goes on without it.",
        }[edge.state]
        return _alone(local, here, detail)
    if edge.faded:
        return _alone(local, here, "The edge is still at an older drawing.")
    gap = "" if edge.max_diff is None else f"Largest difference {difference(edge.max_diff)}"
    there = labels[theirs]
    both_unsure = local.is_sure is False and edge.is_sure is False
    if edge.agrees is False or (ours != theirs and not edge.stale and not both_unsure):
        head = f"They disagree: {escape(here)} here, {escape(there)} at the edge"
        return _headline(_chip(here, "local") + _chip(there, "edge"), head, gap, "disagree")
    if ours != theirs and not both_unsure:  # the pen is ahead of the edge by some milliseconds
        return _alone(local, here, gap)
    if edge.max_diff is not None and edge.max_diff <= SAME_ARITHMETIC:
        gap += " in probability: only rounding" if edge.max_diff else ": identical"
    if both_unsure:
        return _unsure(local, "Both are", here, f"This may be no digit. {gap}")
    if local.is_sure and edge.is_sure:
        return _headline(_chip(here, "both"), f"Both say {escape(here)}", gap, "agree")
    doubter = "the edge is" if local.is_sure else "this machine is"
    head = f"Both say {escape(here)}, but {doubter} not sure"
    return _headline(_chip(here, "both"), head, gap, "agree")


def _alone(local: LocalSide, here: str, detail: str) -> str:
    if local.is_sure:
        return _headline(_chip(here, "local"), f"This machine says {escape(here)}", detail)
    return _unsure(local, "This machine is", here, detail)


def _unsure(local: LocalSide, who: str, here: str, detail: str) -> str:
    worth_naming = local.probabilities is not None and local.probabilities.max() >= GUESS
    guess = f": perhaps {escape(here)}" if worth_naming else ""
    return _headline("", f"{who} not sure{guess}", detail, "not-sure")


def _headline(chips: str, head: str, detail: str, kind: str = "") -> str:
    chips = chips or '<span class="mnist-nb-chip is-empty" aria-hidden="true">?</span>'
    mark = {"agree": "✓ ", "disagree": "≠ "}.get(kind, "")
    mark = mark and f'<span class="mnist-nb-mark" aria-hidden="true">{mark}</span>'
    return (
        f'<div class="mnist-nb-verdict"{data_attributes({"verdict": kind or "open"})}>{chips}'
        f"<p><strong>{mark}{head}</strong><br><span>{detail}</span></p></div>"
    )


def _chip(label: str, side: str) -> str:
    return f'<span class="mnist-nb-chip is-{side}" aria-hidden="true">{escape(label)}</span>'


def difference(value: float) -> str:
    """A difference in probability: "0", "0.012" or "2.4 × 10" with a raised exponent, as HTML."""
    if value == 0:
        return "0"
    if value >= 0.001:
        return f"{value:.3f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}&thinsp;×&thinsp;10<sup>−{abs(int(exponent))}</sup>"


def data_attributes(values: Mapping[str, object]) -> str:
    """`data-*` attributes: floats exactly enough, booleans as true/false, None as ""."""
    return "".join(f' data-{key}="{escape(_text(value))}"' for key, value in values.items())


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.9g}" if isinstance(value, float) else str(value)
