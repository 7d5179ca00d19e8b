"""Ten numbers, one for each digit, as a table with bars."""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from mnist_nb.network import is_sure, percent


def probability_rows(
    probabilities: NDArray[np.floating],
    labels: Sequence[str],
    caption: str,
    mark: float | None = None,
) -> str:
    """Return a table of probabilities; `mark` draws a line at a probability."""
    best = int(probabilities.argmax())
    line = "" if mark is None else f'<s style="left:{100 * mark:.1f}%"></s>'
    rows = "".join(
        f'<tr{_winner(index == best)} data-digit="{index}" data-p="{float(p):.9g}">'
        f'<th scope="row">{escape(label)}</th>'
        f'<td><i><b style="width:{max(100 * float(p), 0.4):.2f}%"></b>{line}</i></td>'
        f"<td>{percent(float(p))}</td></tr>"
        for index, (label, p) in enumerate(zip(labels, probabilities, strict=True))
    )
    return f'<table class="mn-bars"><caption>{escape(caption)}</caption>{rows}</table>'


def signed_rows(values: NDArray[np.floating], labels: Sequence[str], caption: str) -> str:
    """Return a table of numbers of either sign, with bars to both sides of zero."""
    best, limit = int(values.argmax()), max(float(np.abs(values).max()), 1e-9)
    rows = ""
    for index, (label, value) in enumerate(zip(labels, values.tolist(), strict=True)):
        share = 50 * abs(value) / limit
        side = f"left:50%;width:{share:.2f}%" if value >= 0 else f"right:50%;width:{share:.2f}%"
        sign = "is-for" if value >= 0 else "is-against"
        rows += (
            f'<tr{_winner(index == best)} data-digit="{index}" data-value="{value:.9g}">'
            f'<th scope="row">{escape(label)}</th>'
            f'<td><i class="is-signed"><b class="{sign}" style="{side}"></b></i></td>'
            f"<td>{signed(value)}</td></tr>"
        )
    return f'<table class="mn-bars"><caption>{escape(caption)}</caption>{rows}</table>'


def says(probabilities: NDArray[np.floating], labels: Sequence[str], doubt: float | None) -> str:
    """Return an answer in a few words: "says 4 (99.8 %)", "is not sure, perhaps 4 (43.1 %)"."""
    best = int(probabilities.argmax())
    word = "says" if is_sure(probabilities.astype(np.float32), doubt) else "is not sure, perhaps"
    return f"{word} {escape(labels[best])} ({percent(float(probabilities[best]))})"


def signed(value: float, digits: int = 2) -> str:
    """Return a number with its sign, and a true minus."""
    return f"{value:+.{digits}f}".replace("-", "−")


def _winner(is_best: bool) -> str:
    return ' class="is-winner"' if is_best else ""
