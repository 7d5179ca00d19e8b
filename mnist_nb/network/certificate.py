"""What is known of a network before anybody relies on it, in a moment and without an edge."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mnist_nb.network import plain_loops
from mnist_nb.network.answer import DIGITS
from mnist_nb.network.cost import count
from mnist_nb.network.file_format import Weights
from mnist_nb.network.numpy_network import Network
from mnist_nb.network.our_digits import MANY, POOR, our_digits

SLOW = 20_000_000  # multiply-adds of an image beyond which plain loops take seconds


@dataclass(frozen=True)
class Certificate:
    """What a network is, and what it does with digits that this project makes.

    Attributes:
        name, sha256: of the network and its file.
        layers: the op of each.
        parameters: how many numbers training found.
        cost: of an image at the edge, in multiply-adds; `docs/weights-format.md` has the table.
        digits: share of our digits that it reads right.
        of: how many of our digits it was asked; 0 where its labels are no digits.
        by: a fingerprint of these images: shares of other images do not compare.
        not_sure_below: its threshold, None for none.
        temperature: what its logits were divided by in the file, None when it does not say.
    """

    name: str
    sha256: str
    layers: tuple[str, ...]
    parameters: int
    cost: int
    digits: float
    of: int
    by: str
    not_sure_below: float | None
    temperature: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"layers": list(self.layers)}

    def short(self) -> str:
        """Return what is kept with a release, in JSON."""
        kept = {"digits": round(self.digits, 4), "of": self.of, "by": self.by, "cost": self.cost}
        return json.dumps(kept)

    @property
    def doubt(self) -> str:
        """What to tell whoever wants to serve it; "" for nothing."""
        if self.digits >= POOR or not self.of:
            return ""
        return (
            f"{self.name} reads only {self.digits:.0%} of the digits that this project makes: were "
            "its pixels scaled in training as the file says?"
        )


def certify(weights: Weights, most: int | None = None) -> Certificate:
    """Return the certificate of a network, in some tenths of a second.

    Args:
        weights: the network.
        most: digits that it is asked at most; None is 400. A costly network gets fewer.
    """
    entry, network = weights.architecture, Network(weights)
    shapes = {name: tensor.shape for name, tensor in weights.tensors.items()}
    cost, _ = count(entry, entry.shapes(shapes), shapes)
    few = max(20, min(most or MANY, int(2e9 / cost)))
    images, labels = (part[:few] for part in our_digits())
    with np.errstate(all="ignore"):
        right = network.logits(images).argmax(axis=1) == labels
    temperature = entry.metrics.get("temperature")
    return Certificate(
        name=entry.name,
        sha256=weights.sha256,
        layers=tuple(layer["op"] for layer in json.loads(entry.to_json())["layers"]),
        parameters=weights.parameters,
        cost=cost,
        digits=float(right.mean()),
        of=few if entry.labels == DIGITS else 0,
        by=hashlib.sha256(images.tobytes()).hexdigest()[:8],
        not_sure_below=network.not_sure_below,
        temperature=temperature if isinstance(temperature, int | float) else None,
    )


def plain_difference(weights: Weights) -> float:
    """Return the largest difference of a probability in numpy and in plain loops, float64.

    Of three images, or of one where the network is costly: loops take seconds.
    """
    shapes = {name: tensor.shape for name, tensor in weights.tensors.items()}
    entry = weights.architecture
    cost, _ = count(entry, entry.shapes(shapes), shapes)
    images = our_digits()[0][: 3 if cost < SLOW else 1]
    plain = [plain_loops.predict(weights, image) for image in images]
    return float(np.abs(Network(weights).predict(images) - plain).max())
