"""What one side says of one image, and whether it is sure: one value for all that show or compare.

Knowing when not to know: training shows the network letters, scribbles and blots too, for which
every digit is as wrong as the other (Hendrycks, Mazeika, Dietterich: "Deep Anomaly Detection with
Outlier Exposure", 2019). So the largest probability alone tells, and the edge, which answers with
ten numbers, needs no more. The weights file says from where on it counts:
`metrics["not_sure_below"]`, see `model/README.md`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGITS = tuple("0123456789")


@dataclass(frozen=True, eq=False)
class Answer:
    """What one side says of one image.

    Attributes:
        probabilities: float32 (labels,), sum 1.
        labels: the name of each; the digits.
        not_sure_below: a largest probability below it is no answer; None where the weights have
            no such threshold, or are not known.
        sha256: of the weights file, "" where a side does not say.
        name: of the network, "" likewise.
        ms: time of the forward pass, or of the way there and back, in milliseconds.
        place: where it was computed, for people.
        cold: the weights had to be loaded first.
    """

    probabilities: NDArray[np.float32]
    labels: tuple[str, ...] = DIGITS
    not_sure_below: float | None = None
    sha256: str = ""
    name: str = ""
    ms: float | None = None
    place: str = ""
    cold: bool = False

    @property
    def index(self) -> int:
        """Which label is the most probable."""
        return int(self.probabilities.argmax())

    @property
    def label(self) -> str:
        """The most probable label."""
        return self.labels[self.index]

    @property
    def probability(self) -> float:
        """That of the most probable label."""
        return float(self.probabilities.max())

    @property
    def is_sure(self) -> bool:
        """Does the image look like a digit?"""
        return is_sure(self.probabilities, self.not_sure_below)

    def difference(self, other: "Answer") -> float:
        """Largest difference of a probability to another answer to the same image."""
        return float(np.abs(self.probabilities.astype(np.float64) - other.probabilities).max())

    def agrees(self, other: "Answer") -> bool:
        """Do both say the same of one image?

        "Not sure" is an answer too: among ten tenths rounding decides which is the largest.
        """
        return self.index == other.index or not (self.is_sure or other.is_sure)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "digit": self.index,
            "sure": self.is_sure,
            "probabilities": [float(p) for p in self.probabilities],
            "ms": None if self.ms is None else round(self.ms, 3),
            "model": {"name": self.name, "sha256": self.sha256},
            "place": self.place,
        }


def threshold(value: object) -> float | None:
    """Return a number 0..1 as it is, and None for all else: a file's notes hold what they like."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    return None


def is_sure(probabilities: NDArray[np.float32], not_sure_below: float | None) -> bool:
    """Is one of the (10,) probabilities large enough? Without a threshold it always is."""
    return not_sure_below is None or float(probabilities.max()) >= not_sure_below
