"""Where the time of a request goes, by taking parts of the way away.

The clock of a Worker stands still while it computes, so that it cannot time itself: all times here
are taken at the client. What one part costs is the difference between a request that goes through
it and one that does not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from mnist_nb.comparison.compare import Percentiles
from mnist_nb.comparison.latency import Times, time_calls
from mnist_nb.edge import CLASSES, EdgeClient, is_loopback
from mnist_nb.errors import EdgeError

BELOW_NOISE = "below the noise"  # a difference that came out as 0 or less
MANY = 64  # images of the larger request, whose extra time is that of the images alone


@dataclass(frozen=True)
class Part:
    """One part of the way.

    Attributes:
        name: what it is.
        ms: median milliseconds of a request with one image; 0 where the difference that it is was
            below the noise.
        how: how it was found, in words.
    """

    name: str
    ms: float
    how: str


@dataclass(frozen=True, eq=False)
class Split:
    """The parts of a request, and what the Worker itself says.

    Attributes:
        parts: in the order of the way; together they are the median of the whole.
        whole: the requests with one image.
        server_timing: median milliseconds by name, from the header `Server-Timing`; whole
            milliseconds, and in production only waits are in it.
    """

    parts: tuple[Part, ...]
    whole: Times
    server_timing: dict[str, float]


def split(
    url: str,
    image: NDArray[np.uint8],
    samples: int = 200,
    *,
    token: str | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Split:
    """Find where the time of a request with one image goes.

    The kinds of request take turns, so that a busy moment of the machine meets all of them.

    Args:
        url: of an edge of this project; another one answers too little to tell its parts.
        image: uint8 (28, 28).
        samples: requests of each kind.
        token: when the edge wants one.
        progress: called with (done, total) requests of each kind.

    Raises:
        EdgeError: it did not answer, or is not an edge of this project.
    """
    many = np.broadcast_to(image, (MANY, *image.shape))
    server: list[dict[str, float]] = []
    with (
        EdgeClient(url, token, timeout=10) as edge,
        EdgeClient(url, timeout=10, transport=httpx.MockTransport(_nothing)) as no_way,
        httpx.Client(base_url=edge.url, timeout=10, trust_env=not is_loopback(edge.url)) as plain,
    ):
        if not edge.classify(image).model.sha256:
            raise EdgeError(
                f"{edge.url} answers with probabilities alone, so that its parts cannot be told "
                "apart: take an edge of this project"
            )

        def whole() -> None:
            server.append(dict(edge.classify(image).timing.server))

        def ask(method: str, path: str) -> Callable[[], object]:
            return lambda: plain.request(method, path).raise_for_status()

        calls: dict[str, Callable[[], object]] = {
            "client": lambda: no_way.classify(image),
            "worker": ask("OPTIONS", "/classify"),  # answered before any object is asked
            "object": ask("GET", "/healthz"),  # the object is asked, and classifies nothing
            "one": whole,
            "many": lambda: edge.classify(many),
        }
        for call in calls.values():
            time_calls(call, 1, "", warm_up=3)
        server.clear()
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for index in range(samples):
            for name, call in calls.items():
                taken[name].append(float(time_calls(call, 1, "", warm_up=0).ms[0]))
            if progress:
                progress(index + 1, samples)
    p50 = {name: Percentiles.of(times).p50 for name, times in taken.items()}
    kernel = max(0.0, (p50["many"] - p50["one"]) / (MANY - 1))
    hop = max(0.0, p50["object"] - p50["worker"])
    way = max(0.0, p50["worker"] - p50["client"])
    rest = max(0.0, p50["one"] - p50["client"] - way - hop - kernel)
    parts = (
        Part("client in Python", p50["client"], "the same call with an answer that was put ready"),
        Part("network, HTTP, Worker", way, "a request that the Worker answers alone, less that"),
        Part("to the Durable Object and back", hop, "a request that only asks it, less that"),
        Part("body and answer", rest, "what is left: 784 bytes in, 40 bytes and headers out"),
        Part("kernel, one image", kernel, f"each further image of a request with {MANY}"),
    )
    names = sorted({name for said in server for name in said})
    medians = {n: float(np.median([said[n] for said in server if n in said])) for n in names}
    return Split(parts, Times("whole request", np.array(taken["one"])), medians)


def rows(found: Split) -> Sequence[Sequence[object]]:
    """Rows for a table: part, milliseconds, share, how it was found."""
    total = sum(part.ms for part in found.parts) or 1.0
    return [
        [p.name, f"{p.ms:.3f}", f"{p.ms / total:.0%}", p.how]
        if p.ms > 0
        else [p.name, BELOW_NOISE, "", p.how]
        for p in found.parts
    ]


def _nothing(request: httpx.Request) -> httpx.Response:
    """What an edge would answer, without an edge and without a way to it."""
    headers: dict[str, Any] = {"content-type": "application/octet-stream"}
    images = len(request.content) // 784
    body = np.full((images, CLASSES), 1 / CLASSES, "<f4").tobytes()
    return httpx.Response(200, headers=headers | {"x-model-sha256": "0" * 64}, content=body)
