"""From logits to probabilities, and the temperature in between."""

import numpy as np
from numpy.typing import NDArray

from mnist_nb.lessons.layers.answer import note
from mnist_nb.lessons.layers.bars import probability_rows, signed_rows
from mnist_nb.lessons.layers.plot import Plot
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View, slider

LOWEST, HIGHEST = 0.25, 16.0  # temperatures


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """Return exp(logits / temperature) divided by their sum; float64, along the last axis."""
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    share: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return share


class Softmax(View):
    """The ten logits, the ten probabilities, and how a temperature sharpens or softens them."""

    title = "softmax and temperature"
    at_rest = True

    def __init__(self, subject: Subject) -> None:
        self.temperature = slider("Temperature", 1.0, LOWEST, HIGHEST, "min(100%, 420px)")
        super().__init__(subject, [self.temperature], with_pad=False)

    def html(self) -> str:
        """Return both tables and the curve of every digit."""
        look, labels = self.subject.look, self.subject.network.labels
        temperature = self.temperature.value
        shares = softmax(look.logits, temperature)
        return (
            f'{note(look)}<div class="mn-row"><div class="mn-half">'
            f'{signed_rows(look.logits, labels, "Logits")}</div><div class="mn-half">'
            f"{probability_rows(shares, labels, f'Probabilities at temperature {temperature:.3g}')}"
            f"</div></div>{_curves(look.logits, temperature, labels)}"
        )


def _curves(logits: NDArray[np.float32], temperature: float, labels: tuple[str, ...]) -> str:
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
    first, second = (labels[index] for index in order[:2])
    label = f"The probability of {first} falls as the temperature rises; {second} is the next"
    return (
        f'<figure>{plot.svg(label)}<figcaption><b class="mn-key is-first"></b> {first} '
        f'<b class="mn-key is-second"></b> {second} <b class="mn-key"></b> the others; dashed: the '
        "chosen temperature</figcaption></figure>"
    )
