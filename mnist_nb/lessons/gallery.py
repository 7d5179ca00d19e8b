"""A gallery of images with what both sides say of each, as HTML; no widget and no kernel needed."""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_nb.lessons.figures import Shown
from mnist_nb.lessons.png import data_uri
from mnist_nb.network import percent

MOST = 24  # images in a gallery: more are not looked at


def gallery(
    images: NDArray[np.uint8],
    here: NDArray[np.float32],
    there: NDArray[np.float32],
    truth: ArrayLike | None = None,
    *,
    title: str,
    names: tuple[str, str] = ("here", "edge"),
    most: int = MOST,
) -> Shown:
    """Return pictures of images and the two answers to each.

    Args:
        images: uint8 (N, 28, 28); the first `most` of them are shown.
        here: probabilities (N, 10) of the first side.
        there: those of the second.
        truth: what the digits are, (N,), where that is known.
        title: one line above.
        names: of the two sides.
        most: how many are shown at most.
    """
    labels = None if truth is None else np.asarray(truth)
    if not len(images):
        text = f"{title}: there is none."
        return Shown(f'<p class="mnist-nb-note">{escape(text)}</p>', text)
    items, said = [], []
    for index in range(min(len(images), most)):
        answers = [_answer(row[index]) for row in (here, there)]
        known = "" if labels is None else f"it is a {labels[index]}"
        spoken = ", ".join(
            [
                *([known] if known else []),
                *(f"{n}: {a}" for n, a in zip(names, answers, strict=True)),
            ]
        )
        said.append(spoken)
        items.append(
            f'<li><img src="{data_uri(images[index])}" '
            f'alt="A drawn digit; {escape(spoken)}">'
            + (f"<span>{escape(known)}</span>" if known else "")
            + _line("here", names[0], answers[0])
            + _line("there", names[1], answers[1])
            + "</li>"
        )
    rest = len(images) - len(items)
    more = f", the first {len(items)} of {len(images)}" if rest else ""
    html = (
        f'<p class="mnist-nb-note"><strong>{escape(title + more)}</strong></p>'
        f'<ul class="mnist-nb-gallery">{"".join(items)}</ul>'
    )
    return Shown(html, "\n".join([title + more, *said]))


def order(
    here: NDArray[np.float32], there: NDArray[np.float32], chosen: Sequence[int]
) -> list[int]:
    """Sort indices by how sure both sides are of what they say, the surest first."""
    sure = np.minimum(here.max(axis=1), there.max(axis=1))
    return sorted((int(i) for i in chosen), key=lambda i: -float(sure[i]))


def _answer(row: NDArray[np.float32]) -> str:
    return f"{int(row.argmax())} ({percent(float(row.max()))})"


def _line(side: str, name: str, answer: str) -> str:
    return f'<span class="is-{side}">{escape(name)}: {escape(answer)}</span>'
