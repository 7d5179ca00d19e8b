"""Two answers to the same images: do they agree, how far apart are they, how long did each take.

comparison = compare(Network.load(), EdgeClient(url), images)
comparison.agreement, comparison.max_abs_diff, comparison.edge_ms.p95
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_nb.drawing import as_images
from mnist_nb.errors import EdgeError, InputError

if TYPE_CHECKING:  # this module works on their results; it does not need their code
    from mnist_nb.edge import EdgeClient
    from mnist_nb.network import Network

BATCH = 256  # images in one call of each side
WARM_UP = 3  # calls of each side before the clock counts


@dataclass(frozen=True)
class Percentiles:
    """Milliseconds of `samples` calls: half of them took at most p50, and so on."""

    p50: float
    p95: float
    p99: float
    samples: int

    @classmethod
    def of(cls, milliseconds: ArrayLike) -> "Percentiles":
        """Return the percentiles of measured times; needs at least one."""
        times = np.asarray(milliseconds, np.float64)
        if times.size == 0:
            raise InputError("there are no times to take percentiles of: measure at least one call")
        p50, p95, p99 = np.percentile(times, [50, 95, 99])
        return cls(float(p50), float(p95), float(p99), times.size)

    def __str__(self) -> str:
        return (
            f"p50 {self.p50:.2f}, p95 {self.p95:.2f}, p99 {self.p99:.2f} ms ({self.samples} calls)"
        )


@dataclass(frozen=True, eq=False)
class Comparison:
    """What both sides said of the same images.

    Attributes:
        local, edge: probabilities, float32 (N, labels).
        local_sha256, edge_sha256: of the weights that each ran; the edge's is None where the
            endpoint does not tell.
        local_ms, edge_ms: time of a call of `batch` images; the edge's is measured at the client,
            so the way there and back is in it.
        batch: images a call.
    """

    local: NDArray[np.float32] = field(repr=False)
    edge: NDArray[np.float32] = field(repr=False)
    local_sha256: str
    edge_sha256: str | None
    local_ms: Percentiles
    edge_ms: Percentiles
    batch: int

    @property
    def agreement(self) -> float:
        """Share 0..1 of images for which both sides name the same label."""
        return float((self.local.argmax(axis=1) == self.edge.argmax(axis=1)).mean())

    @property
    def disagreements(self) -> NDArray[np.intp]:
        """Indices of the images for which they name different labels, ascending."""
        return np.flatnonzero(self.local.argmax(axis=1) != self.edge.argmax(axis=1))

    @property
    def differences(self) -> NDArray[np.float64]:
        """Largest difference of a probability for each image, (N,)."""
        found: NDArray[np.float64] = np.abs(self.local.astype(np.float64) - self.edge).max(axis=1)
        return found

    @property
    def max_abs_diff(self) -> float:
        """Largest difference of a probability: above 1e-5 the weights differ.

        Rounding stays below. So do other weights where both networks are sure: `same_weights`
        tells.
        """
        return float(self.differences.max())

    @property
    def same_weights(self) -> bool | None:
        """Do both run the same file? None where the endpoint does not tell."""
        return None if self.edge_sha256 is None else self.local_sha256 == self.edge_sha256

    def __str__(self) -> str:
        call = f"{self.batch} images" if self.batch > 1 else "one image"
        weights = {True: "same weights", False: "DIFFERENT weights", None: "edge weights unknown"}
        return (
            f"{len(self.local)} images: {self.agreement:.2%} agree, max |dp| "
            f"{self.max_abs_diff:.1e}, {weights[self.same_weights]}\n"
            f"local {self.local_ms}\nedge  {self.edge_ms}, {call} a call"
        )


def compare(
    network: "Network",
    edge: "EdgeClient",
    images: Any,
    *,
    batch: int = BATCH,
    progress: Callable[[int, int], object] | None = None,
) -> Comparison:
    """Ask both sides about the same images, in turns, and time each call.

    Args:
        network: the local side.
        edge: the other side; any client whose `classify` gives an `EdgeResult`.
        images: uint8 (28, 28), (N, 28, 28) or (N, 784).
        batch: images a call, 1..1024. 1 measures what a person who draws feels.
        progress: called with (done, total) images after each call.

    Raises:
        InputError: images or batch are wrong.
        EdgeError: the edge gave no usable answer.
    """
    if not callable(getattr(network, "predict", None)) or not callable(
        getattr(edge, "classify", None)
    ):
        raise InputError(
            f"compare takes a network, an edge's client and images, in this order, got"
            f" {type(network).__name__} and {type(edge).__name__}: compare(network, client, images)"
        )
    if iscoroutinefunction(edge.classify):
        raise InputError(
            f"compare asks one call after the other, and {type(edge).__name__} wants `await`: give"
            " an EdgeClient of the same URL"
        )
    rows = as_images(images)
    if not 1 <= batch <= 1024:
        raise InputError(f"a batch has 1 to 1024 images, got {batch!r}")
    for _ in range(WARM_UP):
        network.predict(rows[:batch])
        edge.classify(rows[:batch])
    local, answers = [], []  # type: list[NDArray[np.float32]], list[Any]
    local_ms, edge_ms = [], []  # type: list[float], list[float]
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        before = perf_counter()
        local.append(network.predict(part))
        between = perf_counter()
        answers.append(edge.classify(part))
        after = perf_counter()
        local_ms.append((between - before) * 1e3)
        edge_ms.append((after - between) * 1e3)
        if progress:
            progress(start + len(part), len(rows))
    served = {answer.model.sha256 for answer in answers}
    if len(served) > 1:
        raise EdgeError(
            f"the edge changed its weights while comparing ({', '.join(sorted(map(str, served)))}):"
            " compare again"
        )
    return Comparison(
        local=np.concatenate(local),
        edge=np.concatenate([answer.probabilities for answer in answers]),
        local_sha256=network.sha256,
        edge_sha256=served.pop() or None,
        local_ms=Percentiles.of(local_ms),
        edge_ms=Percentiles.of(edge_ms),
        batch=batch,
    )
