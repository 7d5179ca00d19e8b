"""Which places of the drawing spoke for a digit, and against another."""

import numpy as np
from numpy.typing import NDArray

from mnist_nb.lessons.layers.pictures import (
    bitmap,
    img,
    ink_uri,
    outline,
    signed,
    signed_uri,
    svg,
)
from mnist_nb.lessons.layers.subject import Look, Subject
from mnist_nb.lessons.layers.view import View, choice, dropdown
from mnist_nb.network import PATCH, erased, evidence

PIXEL = 10  # CSS pixels of a pixel of the large picture
SIDE = 28
SMALL = 44  # CSS pixels of a small picture: ten fit side by side beside the pad
SHARES, ERASING = "shares that add up", "what erasing a patch would cost"


class Evidence(View):
    """A heat map of one digit against another, and a small one for each digit."""

    title = "evidence for each digit, place by place"

    def __init__(self, subject: Subject) -> None:
        labels = [(label, index) for index, label in enumerate(subject.network.labels)]
        self.label = dropdown("For", [("the answer", -1), *labels])
        self.against = dropdown("against", [("the second best", -1), *labels])
        self.method = choice("Show", (SHARES, ERASING), SHARES)
        super().__init__(subject, [self.label, self.against, self.method])

    def html(self) -> str:
        """Return the large map with its sum, and the small ones."""
        look, labels = self.subject.look, self.subject.network.labels
        label, against = self._pair(look)
        shares, biases = evidence(look.layers, look.outputs)
        gap = float(look.logits[label]) - float(look.logits[against])
        pair = f"{labels[label]} against {labels[against]}"
        if self.method.value == SHARES:
            heat = shares[label] - shares[against]
            rest = float(biases[label] - biases[against])
            total = float(heat.sum()) + rest
            extra = f" (with {signed(rest)} from the biases)" if biases.any() else ""
            says = (
                f"All cells add up to <strong>{signed(total, 4)}</strong>{extra}. The logit of "
                f"{labels[label]} less that of {labels[against]} is "
                f"<strong>{signed(gap, 4)}</strong>."
            )
        else:
            heat, total = erased(look.network, look.image, label, against), float("nan")
            says = (
                f"Each square is what the difference of the two logits, {signed(gap)}, would lose "
                f"without the ink in its {PATCH} × {PATCH} pixels. These do not add up to it: two "
                "patches together may be worth more, or less, than each alone."
            )
        return (
            f'{self.note()}<p class="mn-head">Evidence for {pair}</p>'
            f'<div class="mn-row mn-heat">{_large(look, heat, pair)}<div class="mn-wide">'
            f'<p class="mn-sum" data-total="{total:.9g}" data-gap="{gap:.9g}">{says}</p>'
            f'<p><b class="mn-key is-for"></b> spoke for {labels[label]}<br>'
            f'<b class="mn-key is-against"></b> spoke for {labels[against]}</p></div></div>'
            f'<p class="mn-head">Each digit’s own evidence, and its logit</p>{_small(look, shares)}'
        )

    def _pair(self, look: Look) -> tuple[int, int]:
        order = np.argsort(-look.logits).tolist()
        label = order[0] if self.label.value < 0 else self.label.value
        rest = [index for index in order if index != label]
        chosen = self.against.value
        return label, rest[0] if chosen < 0 or chosen == label else chosen


def _large(look: Look, heat: NDArray[np.float64], pair: str) -> str:
    """The heat map in its place over the drawing: the middle of what each cell has seen."""
    rows, columns = heat.shape
    is_patches = rows * PATCH == SIDE
    cell = PIXEL * (PATCH if is_patches else 1)
    corner = (PIXEL * SIDE - cell * columns) / 2
    side = PIXEL * SIDE
    limit = float(np.abs(heat).max())
    best = np.unravel_index(int(heat.argmax()), heat.shape)
    label = f"Heat map for {pair} over the drawing; strongest at row {best[0]}, column {best[1]}"
    inside = (
        outline(0, 0, side, side, "mn-edge")
        + bitmap(ink_uri(look.image, 0.35), 0, 0, side, side)
        + bitmap(signed_uri(heat, limit), corner, corner, cell * columns, cell * rows)
    )
    return svg(inside, label, side, side)


def _small(look: Look, shares: NDArray[np.float64]) -> str:
    limit = float(np.abs(shares).max())
    best = int(look.logits.argmax())
    figures = ""
    for index, (label, logit) in enumerate(
        zip(look.network.labels, look.logits.tolist(), strict=True)
    ):
        alt = f"Evidence for {label}"
        winner = ' class="is-winner"' if index == best else ""
        figures += (
            f"<figure{winner}>{img(signed_uri(shares[index], limit), alt, SMALL, SMALL)}"
            f"<figcaption><strong>{label}</strong> {signed(logit, 1)}</figcaption></figure>"
        )
    return f'<div class="mn-row mn-small">{figures}</div>'
