"""Times of calls: many of them, because a single one says little.

warm = time_calls(lambda: edge.classify(image), 200, "edge, warm")
print(warm.percentiles)  # p50, p95, p99 and how many calls
"""

import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.comparison.compare import Percentiles
from mnist_nb.edge import EdgeClient
from mnist_nb.errors import EdgeError, InputError, SetupError
from mnist_nb.local_edge import LocalEdge

WARM_UP = 5  # calls before the clock counts: first calls load code and open connections
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
ENOUGH = 200  # calls of one kind: above that, percentiles hardly move
FEWEST = 5  # calls of one kind, however slow they are
_COLD_SECONDS = 10.0  # to see the object evicted

Call = Callable[[], object]
Advance = Callable[[int, int], object]


@dataclass(frozen=True, eq=False)
class Times:
    """How long each of many equal calls took.

    Attributes:
        label: what was called.
        ms: float64 (calls,), milliseconds, in the order they were made.
        batch: images in each call.
    """

    label: str
    ms: NDArray[np.float64] = field(repr=False)
    batch: int = 1

    @property
    def percentiles(self) -> Percentiles:
        """p50, p95 and p99 of a call, and the number of calls."""
        return Percentiles.of(self.ms)

    @property
    def per_image(self) -> float:
        """Median milliseconds for one of the images of a call."""
        return self.percentiles.p50 / self.batch

    @property
    def images_per_second(self) -> float:
        """Throughput of one caller that sends call after call."""
        return 1000 / self.per_image


def time_calls(
    call: Call,
    samples: int,
    label: str,
    *,
    batch: int = 1,
    warm_up: int = WARM_UP,
    seconds: float = float("inf"),
    progress: Advance | None = None,
) -> Times:
    """Time equal calls, one after the other.

    Args:
        call: what is timed.
        samples: how many calls.
        label: its name in plots and tables.
        batch: images in each call.
        warm_up: calls before, that are not counted.
        seconds: stop after so long, but not before five calls.
        progress: called with (done, total) after each call.

    Raises:
        InputError: there would be no sample.
    """
    if samples < 1:
        raise InputError(f"at least one call has to be timed, got samples={samples!r}")
    for _ in range(warm_up):
        call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < samples and (len(times) < FEWEST or time.perf_counter() < end):
        began = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - began))
        if progress:
            progress(len(times), samples)
    return Times(label, np.array(times), batch)


def time_batches(
    call: Callable[[NDArray[np.uint8]], object],
    images: NDArray[np.uint8],
    label: str,
    *,
    batches: Iterable[int] = BATCHES,
    samples: int = ENOUGH,
    seconds: float = 2.0,
    progress: Advance | None = None,
) -> list[Times]:
    """Time calls with more and more images in each.

    Args:
        call: `network.predict` or `edge.classify`.
        images: uint8 (N, 28, 28); repeated when a batch has more of them.
        label: name of the side.
        batches: images in a call, one kind of call for each.
        samples: calls of each kind, at most.
        seconds: for each kind; a kind that is slow gets fewer calls, but five.
        progress: called with (done, total) kinds.
    """
    found = []
    sizes = list(batches)
    for index, batch in enumerate(sizes, 1):
        part = np.resize(images, (batch, *images.shape[1:]))  # repeats them
        found.append(
            time_calls(
                lambda part=part: call(part),  # type: ignore[misc]
                samples,
                label,
                batch=batch,
                warm_up=2,
                seconds=seconds,
            )
        )
        if progress:
            progress(index, len(sizes))
    return found


def can_evict(edge: Any) -> bool:
    """Whether `time_cold` can be asked of this: a local edge of this process, not on Windows."""
    return isinstance(edge, LocalEdge) and edge.is_running and hasattr(signal, "SIGUSR2")


def evict(edge: Any) -> None:
    """Tell a local edge to throw its Durable Objects out of memory; it takes some milliseconds.

    Raises:
        SetupError: this edge cannot be told to.
    """
    os.kill(_evictable(edge), signal.SIGUSR2)


def _evictable(edge: Any) -> int:
    """The process of an edge that can be told to forget."""
    if not can_evict(edge) or edge.pid is None:
        raise SetupError(
            "only a running LocalEdge of this notebook can be told to forget its model, and not on "
            "Windows: start one with LocalEdge().start()"
        )
    return int(edge.pid)


def time_cold(
    edge: LocalEdge,
    image: NDArray[np.uint8],
    samples: int,
    label: str = "edge, cold",
    *,
    progress: Advance | None = None,
) -> Times:
    """Time first answers: before each, the runtime throws the Durable Object out of memory.

    Cloudflare does that to an object that nobody asks; here the local runtime is told to. The
    next request then makes the object anew, and that reads the pointer in R2. (The packed weights
    may still be in the memory of the isolate, the sandbox that all objects of a Worker share. The
    very first start also fetches 1.5 MB from R2 and packs them.)

    Args:
        edge: a local edge of this process, that nobody else needs meanwhile.
        image: uint8 (28, 28).
        samples: how many evictions.
        label: its name in plots and tables.
        progress: called with (done, total) after each.

    Raises:
        SetupError: this edge cannot be told to.
    """
    _evictable(edge)
    times: list[float] = []
    with EdgeClient(edge.url, timeout=10) as client:
        client.classify(image)
        while len(times) < samples:
            evict(edge)
            deadline = time.monotonic() + _COLD_SECONDS
            while not (answer := client.classify(image)).cold:  # it takes some milliseconds
                if time.monotonic() > deadline:
                    raise EdgeError(f"the object was not evicted within {_COLD_SECONDS:g} s")
            times.append(answer.timing.total_ms)
            if progress:
                progress(len(times), samples)
    return Times(label, np.array(times))


def time_first(
    image: NDArray[np.uint8],
    samples: int,
    label: str = "edge, first after start",
    *,
    progress: Advance | None = None,
) -> Times:
    """Time the first answer of edges that were just started: it loads the weights from R2."""
    times: list[float] = []
    for index in range(samples):
        with LocalEdge() as fresh, EdgeClient(fresh.url, timeout=10) as client:
            times.append(client.classify(image).timing.total_ms)
        if progress:
            progress(index + 1, samples)
    return Times(label, np.array(times))


def side_by_side(kinds: Sequence[Sequence[Times]]) -> list[list[str]]:
    """Rows for a table, one a batch size: p50 / p95 / p99, images a second and calls, each side."""
    rows = []
    for series in zip(*kinds, strict=True):
        row = [f"{series[0].batch:,}"]
        for times in series:
            p = times.percentiles
            numbers = " / ".join(f"{value:.2f}" for value in (p.p50, p.p95, p.p99))
            row += [numbers, f"{times.images_per_second:,.0f}", f"{p.samples:,}"]
        rows.append(row)
    return rows


def overview(series: Sequence[Times]) -> list[list[str]]:
    """Rows for a table: label, p50, p95, p99 in milliseconds, and the number of calls."""
    rows = []
    for times in series:
        p = times.percentiles
        numbers = [f"{value:.2f}" for value in (p.p50, p.p95, p.p99)]
        rows.append([times.label, *numbers, f"{p.samples:,}"])
    return rows
