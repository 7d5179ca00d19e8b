"""How a network learns, for one's own drawing: one step at a time, and looking back at many.

OneStep(Subject(Network(untrained)))             # forward, loss, gradient, and a button: step
History(subject, learn(untrained, images, labels, 300))
"""

import math
from collections.abc import Callable, Iterable
from html import escape

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from mnist_nb.lessons.layers.pictures import (
    Plot,
    img,
    minus,
    probability_rows,
    signed_rows,
    signed_uri,
    tiles,
)
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View, button, dropdown, slider
from mnist_nb.network import Conv2d, Forward, Linear, Network, Weights, moved, percent
from mnist_nb.training import Moment

LOWEST, USUAL, HIGHEST = 2.0**-14, 2.0**-11, 2.0**-5  # learning rates
ACROSS = 16  # patterns in a row
WIDTH, LARGEST = 576, 60  # CSS pixels of a row, and of one pattern
KEPT = 40  # moments of a training that are kept

Array = NDArray[np.floating]


class OneStep(View):
    """The drawing goes forward, the error comes back, and each number moves a little."""

    title = "one step of learning"

    def __init__(self, subject: Subject) -> None:
        self.weights = subject.network.weights
        self.steps = 0
        self._name, patterns = first_patterns(self.weights)
        self.label = dropdown("It is a", [(d, i) for i, d in enumerate(subject.network.labels)])
        self.label.value = min(4, len(subject.network.labels) - 1)
        self.filter = dropdown("Filter", range(len(patterns)))
        self.rate = slider("Rate", USUAL, LOWEST, HIGHEST, "260px")

        def steps(count: int) -> Callable[[], None]:
            return self.guarded(lambda: self.learn(count))

        controls = [
            self.label,
            button("Step", "Move each number a little against its gradient", steps(1)),
            button("Ten steps", "Do that ten times", steps(10)),
            button("Start over", "Go back to the network as it was", self.guarded(self.start_over)),
            self.rate,
            self.filter,
        ]
        super().__init__(subject, controls)

    def learn(self, count: int) -> None:
        """Go so many steps, all with the drawing as it is and with what it is said to be."""
        image, label = self.subject.look.image, self.label.value
        with self._drawing_lock:
            for _ in range(count):
                gradients = Forward(self.weights, image).gradients(label).tensors
                self.weights = moved(self.weights, gradients, self.rate.value)
            self.steps += count
        self.follow()

    def start_over(self) -> None:
        """Go back to the network as it was."""
        with self._drawing_lock:
            self.weights, self.steps = self.subject.network.weights, 0
        self.follow()

    def html(self) -> str:
        """Return the loss, what the network said and should have said, and the filters."""
        label, labels = self.label.value, self.subject.network.labels
        forward = Forward(self.weights, self.subject.look.image)
        shares, gradients = forward.probabilities[0], forward.gradients(label).tensors
        loss = forward.loss(label)
        error = shares - forward.targets(label)[0]
        done = f"After {self.steps} step{'s' * (self.steps != 1)}"
        return (
            f'{self.note()}<p class="mn-head" data-loss="{loss:.9g}" data-steps="{self.steps}">'
            f"{done} {escape(labels[label])} gets {percent(float(shares[label]))}: "
            f"the loss is −ln {_short(float(shares[label]))} = {loss:.3f}</p>"
            f'<div class="mn-row"><div class="mn-wide">'
            f"{probability_rows(shares, labels, 'What it says: p')}</div>"
            f'<div class="mn-wide">'
            f"{signed_rows(error, labels, 'p less what it should be: p − onehot', 1.0)}</div></div>"
            f"{self._filters(gradients)}"
        )

    def _filters(self, gradients: dict[str, Array]) -> str:
        """One filter with its gradient and what a step makes of it; below, all of them."""
        nth, rate = self.filter.value, self.rate.value
        now = patterns_of(self.weights.tensors[self._name])
        gradient = patterns_of(gradients[self._name])
        after = now - rate * gradient
        limit = max(float(np.abs(now).max()), float(np.abs(after).max()))
        steepest = float(np.abs(gradient).max())
        large = "".join(
            f'<figure data-kind="{kind}" data-strongest="{float(np.abs(values[nth]).max()):.9g}">'
            f"{img(signed_uri(values[nth], scale), f'{text} of filter {nth}', 120, 120)}"
            f"<figcaption>{text}</figcaption></figure>"
            for kind, text, values, scale in (
                ("now", "Numbers", now, limit),
                ("gradient", "Gradient", gradient, steepest),
                ("after", "After a step", after, limit),
            )
        )
        row, column = np.unravel_index(int(np.abs(gradient[nth]).argmax()), gradient[nth].shape)
        number, slope = float(now[nth, row, column]), float(gradient[nth, row, column])
        moves = (
            f"Filter {nth}, the number with the steepest gradient (row {row}, column {column}): "
            f"{_n(number)} − {rate:.3g} · ({_n(slope)}) = "
            f"<strong>{_n(number - rate * slope)}</strong>."
        )
        return (
            f'<div class="mn-row" style="margin-top:10px">{large}'
            f'<p class="mn-wide">{moves} Orange is above 0, blue below: where the gradient is '
            "orange, less of this number would make the loss smaller.</p></div>"
            f"{_strip(now, limit, f'All {len(now)} patterns of the first layer')}"
            f"{_strip(gradient, steepest, 'Their gradients, on one scale')}"
        )


class History(View):
    """A training, looked back at: move the slider through the steps.

    Args:
        subject: whose drawing is shown to the network of each moment.
        moments: the training, as from `learn`; it is run to its end here.

    Attributes:
        last: the network at the end.
    """

    title = "a training, step by step"

    def __init__(self, subject: Subject, moments: Iterable[Moment]) -> None:
        self._losses: list[float] = []
        self._kept: dict[int, Moment] = {}
        for moment in moments:
            self._losses.append(moment.loss)
            if moment.step in _due(moment.steps):
                self._kept[moment.step] = moment
        self._networks: dict[int, Network] = {}
        self._name, _ = first_patterns(moment.weights)
        self.last: Weights = moment.weights
        self.step = widgets.SelectionSlider(
            description="Step",
            options=list(self._kept),
            value=moment.step,
            layout={"width": "min(100%, 480px)"},
            style={"description_width": "initial"},
        )
        super().__init__(subject, [self.step])

    def html(self) -> str:
        """Return the curve of the loss, the answer to the drawing, and the first layer."""
        step, labels = self.step.value, self.subject.network.labels
        moment = self._kept[step]
        if step not in self._networks:
            self._networks[step] = Network(moment.weights)
        (shares,) = self._networks[step].predict(self.subject.look.image)
        start, now = (patterns_of(m.weights.tensors[self._name]) for m in (self._kept[0], moment))
        limit = max(float(np.abs(m.weights.tensors[self._name]).max()) for m in self._kept.values())
        last = len(self._losses) - 1
        plot = Plot((0, last), (0, max(2.5, 1.05 * max(self._losses))), ("step", "loss (nats)"))
        plot.line(range(last + 1), self._losses, "is-first").upright(step, "is-dashed")
        label = f"The loss falls from {self._losses[0]:.2f} to {self._losses[-1]:.2f}"
        return (
            f'{self.note()}<div class="mn-row" data-step="{step}"><figure>{plot.svg(label)}'
            f"<figcaption>The loss of each batch; dashed: step {step}, {moment.loss:.2f}"
            f'</figcaption></figure><div class="mn-wide">'
            f"{probability_rows(shares, labels, f'Your drawing, after {step} steps')}</div></div>"
            f"{_strip(now, limit, f'The patterns of the first layer after {step} steps')}"
            f"{_strip(start, limit, 'At the start')}"
            f"{_strip(now - start, limit, 'What training has added')}"
        )


def first_patterns(weights: Weights) -> tuple[str, Array]:
    """Return the name of the first layer's tensor, and it as pictures; see `patterns_of`."""
    layers = weights.architecture.layers
    name = next(layer.weight for layer in layers if isinstance(layer, Conv2d | Linear))
    return name, patterns_of(weights.tensors[name])


def patterns_of(tensor: Array) -> Array:
    """Return filters (O, 1, k, k), or rows of a linear layer, as pictures (O, rows, columns)."""
    if tensor.ndim == 4:
        return tensor[:, 0]
    side = math.isqrt(tensor.shape[1])
    return tensor[:, : side * side].reshape(-1, side, side)


def _strip(patterns: Array, limit: float, caption: str) -> str:
    shown = patterns[: 2 * ACROSS]
    field = tiles(shown, min(ACROSS, len(shown)))
    scale = min(LARGEST / patterns.shape[1], WIDTH / field.shape[1])
    height, width = (round(side * scale) for side in field.shape)
    return (
        f"<figure>{img(signed_uri(field, limit), caption, width, height, 'mn-tiles')}"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _due(steps: int) -> set[int]:
    return {0, *np.geomspace(1, max(steps, 1), KEPT).round().astype(int).tolist()}


def _short(share: float) -> str:
    return minus(f"{share:.3f}" if share >= 0.001 else f"{share:.1e}")


def _n(value: float) -> str:
    return minus(f"{value:.3f}")
