"""How little it takes: the smallest dot of ink that turns the answer."""

import numpy as np
from numpy.typing import NDArray

from mnist_nb.lessons.layers.pictures import (
    bitmap,
    grey_uri,
    ink_uri,
    outline,
    probability_rows,
    says,
    signed_uri,
    svg,
)
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View, button, dropdown
from mnist_nb.network import RADII, Dot, ink_gradients, smallest_dot

SIDE, PIXELS = 168, 28  # of a picture, in CSS pixels and in its own


class SmallestDot(View):
    """Where ink would speak for another digit, and the smallest dot that brings it to the front."""

    title = "the smallest dot that turns the answer"
    at_rest = True

    def __init__(self, subject: Subject) -> None:
        labels = [(label, index) for index, label in enumerate(subject.network.labels)]
        self.against = dropdown("Ink for", [("the second best", -1), *labels])
        self.button = button(  # it takes long: not with every stroke
            "Find the smallest dot", "Find a dot that turns the answer", self.guarded(self.find)
        )
        self._found: tuple[bytes, Dot | None] = b"", None
        super().__init__(subject, [self.against, self.button])

    def find(self) -> None:
        """Find the dot for the drawing as it is now."""
        image = self.subject.look.image
        self._found = image.tobytes(), smallest_dot(self.subject.network, image)
        self.follow()

    def html(self) -> str:
        """Return the gradient over the drawing, the drawing with the dot, and what is said then."""
        look, labels = self.subject.look, self.subject.network.labels
        order = np.argsort(-look.probabilities).tolist()
        rival = order[1] if self.against.value in (-1, order[0]) else self.against.value
        (gradient,) = ink_gradients(look.network, look.image, [rival])
        caption = f"Orange: ink here speaks for {labels[rival]}, against {labels[order[0]]}"
        figure = _figure(_over(look.image, gradient), caption)
        of, dot = self._found
        if of != look.image.tobytes() or dot is None:
            looked = of == look.image.tobytes()
            text = f"No dot of up to {2 * RADII[-1]:g} pixels across that was tried turns it."
            head = f'<p class="mn-head" data-radius="">{text}</p>' if looked else ""
            return f"{self.note()}{head}{figure}"
        (shares,) = look.network.predict(dot.image)
        across = f"{2 * dot.radius:g} pixel{'s' * (dot.radius > 0.5)}"
        head = (
            f"A dot of {across} across, at row {dot.row}, column {dot.column}, makes a "
            f"{labels[dot.label]} of the {labels[order[0]]}"
        )
        now = says(shares, labels, look.network.not_sure_below)
        return (
            f'{self.note()}<p class="mn-head" data-radius="{dot.radius}" data-label="{dot.label}">'
            f'{head}.</p><div class="mn-row">{figure}{_figure(_ringed(dot, head), "With the dot")}'
            f'<div class="mn-wide">{probability_rows(shares, labels, f"With the dot it {now}")}'
            "</div></div>"
        )


def _ringed(dot: Dot, label: str) -> str:
    """The image with the dot, and a ring around it."""
    ring = (
        f'<circle class="mn-frame" style="stroke-width:0.4" cx="{dot.column + 0.5}" '
        f'cy="{dot.row + 0.5}" r="{dot.radius + 1.5}"/>'
    )
    return _picture(bitmap(grey_uri(dot.image), 0, 0, PIXELS, PIXELS) + ring, label)


def _over(image: NDArray[np.uint8], gradient: NDArray[np.floating]) -> str:
    whole = (0, 0, PIXELS, PIXELS)
    return _picture(
        outline(*whole, "mn-edge", 0.2)
        + bitmap(ink_uri(image, 0.35), *whole)
        + bitmap(signed_uri(gradient, float(np.abs(gradient).max())), *whole),
        "The gradient by the pixels, over the drawing",
    )


def _picture(inside: str, label: str) -> str:
    return svg(inside, label, SIDE, SIDE, SIDE / PIXELS)


def _figure(picture: str, caption: str) -> str:
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"
