"""What the network says: the whole way at a glance, its softmax, and when it is not sure."""

from collections.abc import Callable
from html import escape
from math import prod

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import Drawing
from mnist_nb.lessons.layers.pictures import (
    Plot,
    grey_uri,
    img,
    probability_rows,
    says,
    signed_rows,
)
from mnist_nb.lessons.layers.subject import Look, Subject
from mnist_nb.lessons.layers.view import View, button, slider
from mnist_nb.network import Conv2d, Flatten, Linear, is_sure, percent


class Answer(View):
    """What the network says of the drawing, and the way there in numbers."""

    title = "the drawing and the answer"

    def html(self) -> str:
        """Return the bars, and the sizes of what flows through the network."""
        look = self.subject.look
        network = look.network
        head = says(look.probabilities, network.labels, network.not_sure_below)
        bars = probability_rows(look.probabilities, network.labels, "Probability of each digit")
        return (
            f'{self.note()}<p class="mn-head">The network {head}</p>'
            f'<div class="mn-row"><div class="mn-wide">{bars}</div>{_way(look)}</div>'
        )


def _way(look: Look) -> str:
    """The sizes after each layer that changes them."""
    seen = img(grey_uri(look.image), "What the network sees, 28 × 28 pixels", 56, 56)
    steps = [f"<li>{seen}<span>28 × 28 = 784 bytes</span></li>"]
    convs = 0
    linears = 0
    for layer, output in zip(look.layers.layers, look.outputs[1:], strict=True):
        shape = " × ".join(map(str, output.shape))
        if isinstance(layer, Conv2d):
            convs += 1
            what = f"{convs}. convolution: {shape} = {prod(output.shape):,}"
        elif isinstance(layer, Flatten):
            what = f"in one row: {prod(output.shape):,} numbers"
        elif isinstance(layer, Linear):
            linears += 1
            what = f"{linears}. linear layer: {shape} numbers"
        else:
            continue
        steps.append(f"<li>{escape(what)}</li>")
    steps.append("<li>softmax: 10 probabilities</li>")
    return f'<ol class="mn-way" aria-label="The way through the network">{"".join(steps)}</ol>'


LOWEST, HIGHEST = 0.25, 16.0  # temperatures


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """Return exp(logits / temperature) divided by their sum; float64, along the last axis."""
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    share: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return share


class Softmax(View):
    """The ten logits, the ten probabilities, and how a temperature sharpens or softens them.

    Args:
        subject: whose drawing is looked at.
        bet: on the probability, in percent, that all ten come to; drawn into the curves.
    """

    title = "softmax and temperature"
    at_rest = True

    def __init__(self, subject: Subject, bet: float | None = None) -> None:
        self._bet = bet
        self.temperature = slider("Temperature", 1.0, LOWEST, HIGHEST, "min(100%, 420px)")
        super().__init__(subject, [self.temperature], with_pad=False)

    def html(self) -> str:
        """Return both tables and the curve of every digit."""
        look, labels = self.subject.look, self.subject.network.labels
        temperature = self.temperature.value
        shares = softmax(look.logits, temperature)
        return (
            f'{self.note()}<div class="mn-row"><div class="mn-wide">'
            f'{signed_rows(look.logits, labels, "Logits")}</div><div class="mn-wide">'
            f"{probability_rows(shares, labels, f'Probabilities at temperature {temperature:.3g}')}"
            f"</div></div>{_curves(look.logits, temperature, labels, self._bet)}"
        )


def _curves(
    logits: NDArray[np.float32], temperature: float, labels: tuple[str, ...], bet: float | None
) -> str:
    span = np.geomspace(LOWEST, HIGHEST, 60)
    plot = Plot(
        (LOWEST, HIGHEST), (0, 1), ("temperature", "probability"), (560, 210),
        log_x=True,
    )  # fmt: skip
    shares = softmax(logits[None] / span[:, None])  # (temperatures, labels)
    order = np.argsort(-logits).tolist()
    for rank, index in enumerate(order):
        plot.line(span, shares[:, index], ("is-first", "is-second")[rank] if rank < 2 else "")
    plot.upright(temperature, "is-dashed")
    guessed = ""
    if bet is not None:
        plot.line([LOWEST, HIGHEST], [bet / 100] * 2, "is-dashed")
        guessed = f"; across: your bet, {bet:g} %"
    first, second = (labels[index] for index in order[:2])
    label = f"The probability of {first} falls as the temperature rises; {second} is the next"
    return (
        f'<figure>{plot.svg(label)}<figcaption><b class="mn-key is-first"></b> {first} '
        f'<b class="mn-key is-second"></b> {second} <b class="mn-key"></b> the others; dashed: the '
        f"chosen temperature{guessed}</figcaption></figure>"
    )


SCRIBBLE = [[(60, 60), (220, 200), (50, 190), (240, 90), (90, 240), (150, 30), (200, 250)]]
LETTER = [[(80, 230), (84, 50)], [(82, 56), (150, 60), (168, 92), (148, 126), (86, 134)],
          [(110, 136), (190, 232)]]  # fmt: skip


class Doubt(View):
    """The ten probabilities with the threshold below which the answer is "not sure"."""

    title = "when the network is not sure"

    def __init__(self, subject: Subject) -> None:
        pad, guard = subject.pad, subject.pad.status.guard

        def shows(strokes: list[list[tuple[int, int]]]) -> Callable[[], None]:
            return guard(lambda: setattr(pad, "drawing", Drawing(strokes)))

        controls = [
            button("A scribble", "Draw a scribble on the pad", shows(SCRIBBLE)),
            button("The letter R", "Draw the letter R on the pad", shows(LETTER)),
        ]
        super().__init__(subject, controls)

    def html(self) -> str:
        """Return the bars, the threshold as a line, and what follows from them."""
        look, network = self.subject.look, self.subject.network
        threshold, best = network.not_sure_below, float(look.probabilities.max())
        if threshold is None:
            verdict = "This weights file has no threshold: it always claims to be sure."
        else:
            sure = is_sure(look.probabilities, threshold)
            relation, so = ("reaches", "sure") if sure else ("is below", "not sure")
            verdict = (
                f"The largest probability, <strong>{percent(best)}</strong>, {relation} the "
                f"threshold {percent(threshold)}: the network is <strong>{so}</strong>."
            )
        bars = probability_rows(
            look.probabilities, network.labels, "Probabilities; the line is the threshold",
            threshold,
        )  # fmt: skip
        return f'{self.note()}<p class="mn-sum">{verdict}</p><div class="mn-wide">{bars}</div>'
