"""Two answers as one HTML table: ten bars of this machine beside ten bars of the edge.

Pure functions from values to text, no widget and no browser. One table in one string, because it
is what screen readers read best and what a browser paints fastest (one message, no tearing).
The numbers are also in `data-*` attributes, exactly, for tests and for scripts in the page.
"""

from collections.abc import Mapping, Sequence
from html import escape

from mnist_nb.lab.sides import EdgeSide, LocalSide, Row
from mnist_nb.lab.verdict import data_attributes, verdict_html

SHORT = 8  # characters of a sha256 that a person compares


def answers_html(
    local: LocalSide, edge: EdgeSide, labels: Sequence[str] = "0123456789", number: int = 0
) -> str:
    """Return the verdict, the table and the warning as one HTML text, everything escaped.

    `number` is that of the table; `pace.js` says when it is painted.
    """
    ours = local.probabilities
    theirs = edge.probabilities if edge.state == "up" and ours is not None else None
    winner = {
        "local": None if ours is None else int(ours.argmax()),
        "edge": None if theirs is None else int(theirs.argmax()),
    }
    differ = bool(local.sha256 and edge.sha256 and local.sha256 != edge.sha256)
    data = {
        "number": number,
        "state": "empty" if ours is None else "drawn",
        "edge-state": edge.state,
        "edge-stale": edge.stale,
        "edge-cold": None if theirs is None else edge.cold,
        "agree": None if theirs is None else edge.agrees,
        "max-diff": None if theirs is None else edge.max_diff,
        "same-weights": None if not edge.sha256 else not differ,
        "local-winner": winner["local"],
        "edge-winner": winner["edge"],
        "local-sure": local.is_sure,
        "edge-sure": None if theirs is None else edge.is_sure,
        "local-ms": local.ms,
        "edge-ms": None if theirs is None else edge.ms,
        "local-sha256": local.sha256,
        "edge-sha256": edge.sha256,
    }
    return (
        '<div class="mnist-nb-answers" role="group" aria-label="Answers of both sides"'
        f"{data_attributes(data)}>"
        f"{verdict_html(local, edge, winner['local'], winner['edge'], labels)}"
        f"{_table(local, edge, winner, theirs, labels)}"
        f"{_warning(local, edge) if differ else ''}</div>"
    )


def percent(p: float) -> str:
    """A probability for people; a line does not break before its sign."""
    return f"{100 * p:.1f}\N{NO-BREAK SPACE}%"


def milliseconds(ms: float | None) -> str:
    """A time for people: two or three digits."""
    if ms is None:
        return "? ms"
    return f"{ms:.2f} ms" if ms < 9.95 else f"{ms:.0f} ms" if ms < 995 else f"{ms / 1000:.1f} s"


# --- the parts -----------------------------------------------------------------------------------


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
    return f'<tr{data_attributes(data)}><th scope="row">{escape(label)}</th>{cells}</tr>'


def _cell(side: str, row: Row | None, digit: int, won: bool, faded: bool) -> str:
    if row is None:
        return f'<td class="is-{side}"><i style="--p:0%"></i><span></span></td>'
    p = float(row[digit])
    classes = f"is-{side}" + (" is-winner" if won else "") + (" is-faded" if faded else "")
    said = '<span class="mnist-nb-unseen">, its answer</span>' if won else ""
    # Without a sliver, zero and one percent would look the same as an empty table.
    return (
        f'<td class="{classes}"><i style="--p:{max(100 * p, 0.4):.2f}%"></i>'
        f"<span>{percent(p)}{said}</span></td>"
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
