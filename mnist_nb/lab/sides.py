"""What there is to show of each side, as plain values."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnist_nb.network import is_sure

EdgeState = Literal["starting", "connecting", "up", "offline"]
Row = NDArray[np.float32]


class _Sure:
    """What both sides have."""

    probabilities: Row | None
    not_sure_below: float | None

    @property
    def is_sure(self) -> bool | None:
        """Does the drawing look like a digit? None when there is no answer."""
        p = self.probabilities
        return None if p is None else is_sure(p, self.not_sure_below)


@dataclass(frozen=True)
class LocalSide(_Sure):
    """What this machine says.

    Attributes:
        probabilities: float32 (10,), or None when nothing is drawn.
        ms: time of the numpy forward pass in milliseconds, None when there is none.
        sha256: of its weights file.
        name: of its network.
        not_sure_below: `Network.not_sure_below` of its weights.
    """

    probabilities: Row | None = None
    ms: float | None = None
    sha256: str = ""
    name: str = ""
    not_sure_below: float | None = None


@dataclass(frozen=True)
class EdgeSide(_Sure):
    """What the edge says.

    Attributes:
        state: what is known of the edge; only "up" shows bars.
        reason: why it is not up, for people.
        probabilities: float32 (10,) of its newest answer, or None.
        twin: float32 (10,), what this machine says of the very image that the edge answered.
        stale: the answer is for an older drawing than the one on the pad.
        faded: it has been so for long enough that the eye should know.
        ms: round trip measured at the client, in milliseconds.
        cold: the Durable Object had to load the model first.
        place: where it answered, for people; see `Place.name`.
        sha256: of its weights, "" when it does not say.
        name: of its network.
        not_sure_below: `Network.not_sure_below` of its weights, None when they are not known.
    """

    state: EdgeState = "connecting"
    reason: str = ""
    probabilities: Row | None = None
    twin: Row | None = None
    stale: bool = False
    faded: bool = False
    ms: float | None = None
    cold: bool = False
    place: str = ""
    sha256: str = ""
    name: str = ""
    not_sure_below: float | None = None

    @property
    def agrees(self) -> bool | None:
        """Is its answer also this machine's for the same image? None without an answer.

        "Not sure" is an answer too: among ten tenths rounding decides which is the largest.
        """
        if self.probabilities is None or self.twin is None:
            return None
        if not self.is_sure and not is_sure(self.twin, self.not_sure_below):
            return True
        return int(self.probabilities.argmax()) == int(self.twin.argmax())

    @property
    def max_diff(self) -> float | None:
        """Largest difference in probability on the same image, None without an answer."""
        if self.probabilities is None or self.twin is None:
            return None
        return float(np.abs(self.probabilities - self.twin).max())
