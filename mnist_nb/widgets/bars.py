"""Two answers as one HTML table: ten bars of this machine beside ten bars of the edge.

Pure functions from values to text, no widget and no browser. One table in one string, because it
is what screen readers read best and what a browser paints fastest (one message, no tearing).
The numbers are also in `data-*` attributes, exactly, for tests and for scripts in the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np
from numpy.typing import NDArray

EdgeState = Literal["starting", "connecting", "up", "offline"]
Row = NDArray[np.float32]

SHORT = 8  # characters of a sha256 that a person compares
SAME_ARITHMETIC = 1e-5  # two float32 implementations of one network stay below this
_CONTINENTS = {
    "AF": "Africa",
    "AN": "Antarctica",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "OC": "Oceania",
    "SA": "South America",
}


@dataclass(frozen=True)
class LocalSide:
    """What this machine says.

    Attributes:
        probabilities: float32 (10,), or None when nothing is drawn.
        ms: time of the numpy forward pass in milliseconds, None when there is none.
        sha256: of its weights file.
        name: of its network.
    """

    probabilities: Row | None = None
    ms: float | None = None
    sha256: str = ""
    name: str = ""


@dataclass(frozen=True)
class EdgeSide:
    """What the edge says.

    Attributes:
        state: what is known of the edge; only "up" shows bars.
        reason: why it is not up, for people.
        probabilities: float32 (10,) of its newest answer, or None.
        twin: float32 (10,), what this machine says of the very image that the edge answered.
        stale: the answer is for an older drawing than the one on the pad.
        faded: it has been so for long enough that the eye should know.
        ms: round trip measured at the client, in milliseconds.
        cold: the Durable Object had to load the model first.
        place: where it answered, for people; see `place_name`.
        sha256: of its weights, "" when it does not say.
        name: of its network.
    """

    state: EdgeState = "connecting"
    reason: str = ""
    probabilities: Row | None = None
    twin: Row | None = None
    stale: bool = False
    faded: bool = False
    ms: float | None = None
    cold: bool = False
    place: str = ""
    sha256: str = ""
    name: str = ""

    @property
    def max_diff(self) -> float | None:
        """Largest difference in probability on the same image, None without an answer."""
        if self.probabilities is None or self.twin is None:
            return None
        return float(np.abs(self.probabilities - self.twin).max())


def answers_html(local: LocalSide, edge: EdgeSide, labels: Sequence[str] = "0123456789") -> str:
    """Return the verdict, the table and the warning as one HTML text, everything escaped."""
    ours = local.probabilities
    theirs = edge.probabilities if edge.state == "up" and ours is not None else None
    winner = {
        "local": None if ours is None else int(ours.argmax()),
        "edge": None if theirs is None else int(theirs.argmax()),
    }
    differ = bool(local.sha256 and edge.sha256 and local.sha256 != edge.sha256)
    agree = None
    if theirs is not None and edge.twin is not None:
        agree = int(theirs.argmax()) == int(edge.twin.argmax())
    data = {
        "state": "empty" if ours is None else "drawn",
        "edge-state": edge.state,
        "edge-stale": edge.stale,
        "edge-cold": None if theirs is None else edge.cold,
        "agree": agree,
        "max-diff": None if theirs is None else edge.max_diff,
        "same-weights": None if not edge.sha256 else not differ,
        "local-winner": winner["local"],
        "edge-winner": winner["edge"],
        "local-ms": local.ms,
        "edge-ms": None if theirs is None else edge.ms,
        "local-sha256": local.sha256,
        "edge-sha256": edge.sha256,
    }
    return (
        f'<section class="mnist-nb-answers" aria-label="Answers of both sides"{_data(data)}>'
        f"{_verdict(local, edge, winner, agree, labels)}"
        f"{_table(local, edge, winner, theirs, labels)}"
        f"{_warning(local, edge) if differ else ''}</section>"
    )


def place_name(*, local: bool, continent: str | None, colo: str | None) -> str:
    """Say where an answer came from: "local workerd", "Europe (AMS)" or ""."""
    if local:
        return "local workerd"
    where = _CONTINENTS.get(continent or "", continent or "")
    return f"{where} ({colo})" if where and colo else where or colo or ""


def percent(p: float) -> str:
    """A probability for people."""
    return f"{100 * p:.1f} %"


def milliseconds(ms: float | None) -> str:
    """A time for people: two or three digits."""
    if ms is None:
        return "? ms"
    return f"{ms:.2f} ms" if ms < 9.95 else f"{ms:.0f} ms" if ms < 995 else f"{ms / 1000:.1f} s"


def difference(value: float) -> str:
    """A difference in probability: "0", "0.012" or "2.4 × 10" with a raised exponent, as HTML."""
    if value == 0:
        return "0"
    if value >= 0.001:
        return f"{value:.3f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}&thinsp;×&thinsp;10<sup>−{abs(int(exponent))}</sup>"


# --- the parts -----------------------------------------------------------------------------------


def _verdict(
    local: LocalSide,
    edge: EdgeSide,
    winner: Mapping[str, int | None],
    agree: bool | None,
    labels: Sequence[str],
) -> str:
    ours, theirs = (None if w is None else labels[w] for w in (winner["local"], winner["edge"]))
    if ours is None:
        return _headline("", "Draw a digit", "Both networks answer while you draw.")
    if theirs is None:
        detail = {
            "starting": "The edge is starting.",
            "connecting": "Waiting for the edge.",
            "up": "Waiting for the edge.",
            "offline": "The edge is offline; this machine goes on without it.",
        }[edge.state]
        return _headline(_chip(ours, "local"), f"This machine says {escape(ours)}", detail)
    if edge.faded:
        head = f"This machine says {escape(ours)}"
        return _headline(_chip(ours, "local"), head, "The edge is still at an older drawing.")
    gap = "" if edge.max_diff is None else f"Largest difference {difference(edge.max_diff)}"
    if agree is False or (ours != theirs and not edge.stale):
        head = f"They disagree: {escape(ours)} here, {escape(theirs)} at the edge"
        return _headline(_chip(ours, "local") + _chip(theirs, "edge"), head, gap, "disagree")
    if ours != theirs:  # the pen is ahead of the edge by some milliseconds
        return _headline(_chip(ours, "local"), f"This machine says {escape(ours)}", gap)
    if edge.max_diff is not None and edge.max_diff <= SAME_ARITHMETIC:
        gap += " in probability: only rounding" if edge.max_diff else ": identical"
    return _headline(_chip(ours, "both"), f"Both say {escape(ours)}", gap, "agree")


def _headline(chips: str, head: str, detail: str, kind: str = "") -> str:
    chips = chips or '<span class="mnist-nb-chip is-empty" aria-hidden="true">?</span>'
    mark = {"agree": "✓ ", "disagree": "≠ "}.get(kind, "")
    mark = mark and f'<span class="mnist-nb-mark" aria-hidden="true">{mark}</span>'
    return (
        f'<div class="mnist-nb-verdict"{_data({"verdict": kind or "open"})}>{chips}'
        f"<p><strong>{mark}{head}</strong><br><span>{detail}</span></p></div>"
    )


def _chip(label: str, side: str) -> str:
    return f'<span class="mnist-nb-chip is-{side}" aria-hidden="true">{escape(label)}</span>'


def _table(
    local: LocalSide,
    edge: EdgeSide,
    winner: Mapping[str, int | None],
    theirs: Row | None,
    labels: Sequence[str],
) -> str:
    computing = f"{milliseconds(local.ms)} to compute" if local.ms is not None else ""
    here = [computing, _weights(local.sha256, local.name)]
    there = [_edge_time(edge) if theirs is not None else "", _weights(edge.sha256, edge.name)]
    place = f"Durable Object, {edge.place}" if edge.place else "Durable Object"
    faded = edge.faded and theirs is not None
    message = f'<td rowspan="{len(labels)}" class="mnist-nb-message">{_message(edge, local)}</td>'
    rows = "".join(
        _row(digit, label, local.probabilities, theirs, winner, message, faded)
        for digit, label in enumerate(labels)
    )
    return (
        '<table class="mnist-nb-bars"><caption>Probability of each digit, '
        "on this machine and at the edge</caption>"
        '<colgroup><col class="mnist-nb-digit"><col><col></colgroup>'
        '<thead><tr><th scope="col"><span class="mnist-nb-unseen">digit</span></th>'
        f"{_head('local', 'Your machine', 'numpy', here)}"
        f"{_head('edge', 'Edge', escape(place), there)}</tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _head(side: str, title: str, what: str, facts: Sequence[str]) -> str:
    lines = "".join(f"<span>{fact or '&nbsp;'}</span>" for fact in (what, *facts))
    return (
        f'<th scope="col" class="is-{side}"><span class="mnist-nb-side">{title}</span>{lines}</th>'
    )


def _edge_time(edge: EdgeSide) -> str:
    warmth = "cold start" if edge.cold else "warm"
    return f"{milliseconds(edge.ms)} there and back, {warmth}"


def _weights(sha256: str, name: str) -> str:
    if not sha256:
        return ""
    title = escape(f"{name} sha256 {sha256}".strip())
    return f'weights <code title="{title}">{escape(sha256[:SHORT])}</code>'


def _row(
    digit: int,
    label: str,
    ours: Row | None,
    theirs: Row | None,
    winner: Mapping[str, int | None],
    message: str,
    faded: bool,
) -> str:
    won = [side for side in ("local", "edge") if winner[side] == digit]
    data = {
        "digit": digit,
        "local": None if ours is None else float(ours[digit]),
        "edge": None if theirs is None else float(theirs[digit]),
        "winner": " ".join(won),
    }
    cells = _cell("local", ours, digit, "local" in won, False)
    if theirs is not None:
        cells += _cell("edge", theirs, digit, "edge" in won, faded)
    elif digit == 0:
        cells += message
    return f'<tr{_data(data)}><th scope="row">{escape(label)}</th>{cells}</tr>'


def _cell(side: str, row: Row | None, digit: int, won: bool, faded: bool) -> str:
    if row is None:
        return f'<td class="is-{side}"><div><i></i><span></span></div></td>'
    p = float(row[digit])
    classes = f"is-{side}" + (" is-winner" if won else "") + (" is-faded" if faded else "")
    said = '<span class="mnist-nb-unseen">, its answer</span>' if won else ""
    # Without a sliver, zero and one percent would look the same as an empty table.
    return (
        f'<td class="{classes}"><div><i><b style="width:{max(100 * p, 0.4):.2f}%"></b></i>'
        f"<span>{percent(p)}{said}</span></div></td>"
    )


def _message(edge: EdgeSide, local: LocalSide) -> str:
    head, detail = {
        "starting": ("Starting the local edge", edge.reason or "This takes about two seconds."),
        "connecting": ("Calling the edge", edge.reason),
        "up": ("The edge is up", ""),
        "offline": ("Edge offline", edge.reason),
    }[edge.state]
    if edge.state == "offline":
        tail = "<em>Trying again by itself.</em>"
    elif edge.state == "up":
        drawn = local.probabilities is not None
        tail = f"<em>{'Waiting for its answer.' if drawn else 'Ready for your drawing.'}</em>"
    else:
        tail = ""
    detail = detail and f"<span>{escape(detail)}</span>"
    return f'<div class="is-{edge.state}"><strong>{head}</strong>{detail}{tail}</div>'


def _warning(local: LocalSide, edge: EdgeSide) -> str:
    names = [
        f"{escape(side.name or 'unnamed')} <code>{escape(side.sha256[:SHORT])}</code>"
        for side in (local, edge)
    ]
    return (
        '<p class="mnist-nb-warning" role="note"><strong>Different weights.</strong> Your machine '
        f"runs {names[0]}, the edge runs {names[1]}: the answers differ for that reason. "
        "Push the same file to the edge, or load the edge's file here.</p>"
    )


def _data(values: Mapping[str, object]) -> str:
    """`data-*` attributes: floats exactly enough, booleans as true/false, None as ""."""
    return "".join(f' data-{key}="{escape(_text(value))}"' for key, value in values.items())


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.9g}" if isinstance(value, float) else str(value)
