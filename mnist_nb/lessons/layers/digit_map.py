"""Where is my digit: a map of digits by the numbers that enter the last layer."""

from html import escape

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from mnist_nb.lessons.layers.pictures import grey_uri, img, outline, says, svg
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View

WIDTH, HEIGHT, MARGIN = 576, 400, 14  # CSS pixels
NEAREST = 3
# A hue for each digit, of one lightness, readable on white and on black; the digit itself tells.
COLORS = ("#b0651c", "#5b7fd1", "#3f8f5d", "#c2527a", "#9169c9",
          "#a3781a", "#2f8ca3", "#c25b4a", "#6f8a2f", "#a35fae")  # fmt: skip

Points = NDArray[np.float64]


class Plane:
    """Points of many dimensions on a plane: the two directions in which they differ most (PCA).

    Args:
        points: (N, n), at least two different ones.

    Attributes:
        share: 0..1, how much of all that they differ by can be seen on the plane.
    """

    def __init__(self, points: NDArray[np.floating]) -> None:
        self._middle = points.mean(axis=0)
        centred = (points - self._middle).astype(np.float64)
        _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
        self._directions = directions[:2]  # (2, n)
        self.share = float((sizes[:2] ** 2).sum() / max((sizes**2).sum(), 1e-12))

    def __call__(self, points: NDArray[np.floating]) -> Points:
        """Return where points (N, n) are on the plane, (N, 2)."""
        placed: Points = (points - self._middle) @ self._directions.T
        return placed


class DigitMap(View):
    """Digits at hand on a plane, and the drawing moving among them.

    Args:
        subject: whose drawing moves.
        images: the digits at hand, uint8 (N, 28, 28).
        labels: what they are, (N,).
    """

    title = "a map of digits"

    def __init__(
        self, subject: Subject, images: NDArray[np.uint8], labels: NDArray[np.uint8]
    ) -> None:
        self._images, self._labels = images, labels
        self._points = subject.look.layers.features(images)  # (N, n)
        self.plane = Plane(self._points)
        placed = self.plane(self._points)
        self._low, self._high = placed.min(axis=0), placed.max(axis=0)
        self._at = self._pixels(placed)
        self.field = widgets.HTML(self._field(), layout={"margin": "0"})
        super().__init__(subject, [], [self.field])
        self.shown.layout.margin = "0"

    def html(self) -> str:
        """Return the drawing's place, drawn over the map, and its nearest neighbours."""
        look = self.subject.look
        (point,) = look.layers.features(look.image[None])
        ((x, y),) = self._pixels(self.plane(point[None]))
        far = np.linalg.norm(self._points - point, axis=1)
        near = np.argsort(far)[:NEAREST].tolist()
        lines = "".join(
            f'<line class="mn-link" x1="{x:.1f}" y1="{y:.1f}" x2="{a:.1f}" y2="{b:.1f}"/>'
            for a, b in self._at[near]
        )
        spot = (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" '
            'style="fill:var(--mn-for);stroke:var(--mn-text);stroke-width:2"/>'
        )
        head = says(look.probabilities, look.network.labels, look.network.not_sure_below)
        neighbours = ", ".join(str(label) for label in self._labels[near])
        pictures = "".join(
            img(grey_uri(self._images[index]), f"A {self._labels[index]} near it", 42, 42)
            for index in near
        )
        where = f'data-x="{x:.1f}" data-y="{y:.1f}" data-near="{neighbours}"'
        return (
            f'{self.note()}<div style="position:relative" {where}>'
            f'<p class="mn-head">The network {head}</p>'
            f'<div class="mn-row" style="align-items:center;padding-bottom:8px">{pictures}'
            f'<p class="mn-wide" style="margin:0">The three nearest of {len(self._labels)} digits '
            f"by all {len(point)} numbers are: {escape(neighbours)}.</p></div>"
            f'<div style="position:absolute;top:100%;left:0;pointer-events:none">'
            f"{svg(lines + spot, '', WIDTH, HEIGHT, classes='mn-plot')}</div></div>"
        )

    def picture(self) -> str:
        """Return all that is shown, for those who have no widgets."""
        return f"{self.shown.value}{self.field.value}"

    def _pixels(self, placed: Points) -> Points:
        """Places on the plane as x and y of the picture; what is far out stays at its edge."""
        share = (placed - self._low) / np.maximum(self._high - self._low, 1e-12)
        size = np.array([WIDTH, HEIGHT]) - 2.0 * MARGIN
        pixels: Points = MARGIN + np.clip(share, 0, 1) * size
        return pixels

    def _field(self) -> str:
        digits = "".join(
            f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle" '
            f'style="fill:{COLORS[int(label) % len(COLORS)]}">{int(label)}</text>'
            for (x, y), label in zip(self._at, self._labels, strict=True)
        )
        label = (
            f"A map of {len(self._labels)} digits, each at the place that the network gives it; it "
            f"shows {100 * self.plane.share:.0f} % of what they differ by"
        )
        field = svg(outline(0, 0, WIDTH, HEIGHT, "mn-edge") + digits, label, WIDTH, HEIGHT,
                    classes="mn-plot")  # fmt: skip
        return f'{field}<p class="mn-quiet">{label}.</p>'
