"""What a client gives back: probabilities, and who gave them, where and how fast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import EdgeError
from mnist_nb.network import Answer

_CONTINENTS = {
    "AF": "Africa",
    "AN": "Antarctica",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "OC": "Oceania",
    "SA": "South America",
}


@dataclass(frozen=True)
class ModelRef:
    """The weights that answered; both are "" when an edge does not say."""

    sha256: str = ""
    name: str = ""


@dataclass(frozen=True)
class Place:
    """Where the answer came from.

    Attributes:
        object: name of the Durable Object, "" when the edge does not say.
        continent: two letters, None when unknown or local.
        colo: the data centre, three letters, None when unknown or local.
        local: True for workerd on this machine, which has no true place.
    """

    object: str = ""
    continent: str | None = None
    colo: str | None = None
    local: bool = False

    @property
    def name(self) -> str:
        """For people: "local workerd", "Europe (AMS)", or "" when the edge does not say."""
        if self.local:
            return "local workerd"
        where = _CONTINENTS.get(self.continent or "", self.continent or "")
        return f"{where} ({self.colo})" if where and self.colo else where or self.colo or ""


@dataclass(frozen=True)
class Timing:
    """Times in milliseconds.

    Attributes:
        total_ms: from the first byte sent to the last byte received, measured here; summed
            over the requests when the images went in several.
        server: what the Worker says in `Server-Timing`, by name. In production its clock stands
            still between I/O, so compute shows as 0 there.
    """

    total_ms: float
    server: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class EdgeResult:
    """What the edge answered.

    Attributes:
        probabilities: float32 (N, 10), rows sum to 1.
        model: the weights that answered, the same for all rows.
        cold: True when the Durable Object had to load the model first.
        place: where the (first) answer came from.
        timing: how long it took.
        candidate: sha256 of the weights that are on trial there, "" for none.
    """

    probabilities: NDArray[np.float32]
    model: ModelRef
    cold: bool
    place: Place
    timing: Timing
    candidate: str = ""

    def answer(self, index: int = 0, *, not_sure_below: float | None = None) -> Answer:
        """What it says of one image.

        Args:
            index: of the image.
            not_sure_below: the threshold of these weights, as `GET /model` tells it.
        """
        return Answer(
            self.probabilities[index],
            not_sure_below=not_sure_below,
            sha256=self.model.sha256,
            name=self.model.name,
            ms=self.timing.total_ms,
            place=self.place.name,
            cold=self.cold,
        )


def merge(parts: Sequence[EdgeResult]) -> EdgeResult:
    """Put the results of several requests together, rows in order.

    Raises:
        EdgeError: when the edge changed its weights in between, as the rows do not compare then.
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    models = list(dict.fromkeys(part.model for part in parts))
    if len(models) > 1:
        raise EdgeError(
            "the edge changed its weights between two batches, from"
            f" {models[0].sha256[:12] or 'unnamed'} to {models[1].sha256[:12] or 'unnamed'}:"
            " classify once more, so that all rows come from the same weights"
        )
    server: dict[str, float] = {}
    for part in parts:
        for name, ms in part.timing.server.items():
            server[name] = server.get(name, 0.0) + ms
    return EdgeResult(
        probabilities=np.concatenate([part.probabilities for part in parts]),
        model=first.model,
        cold=any(part.cold for part in parts),
        place=first.place,
        timing=Timing(sum(part.timing.total_ms for part in parts), server),
        candidate=parts[-1].candidate,
    )
