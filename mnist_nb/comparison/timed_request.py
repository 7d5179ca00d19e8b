"""One request to the edge, taken apart by the times of that very request.

What leaves and what comes back is timed here, by the events of the HTTP client. What happens over
there the edge says itself in `Server-Timing`, in whole milliseconds and, in production, without the
time that is spent computing: so those times are shown in the middle of the wait, where they fit.
"""

import re
import time
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from mnist_nb.edge import CLASSES
from mnist_nb.errors import EdgeError

OCTETS = "application/octet-stream"
WIRE, WORKER, OBJECT, STORE = "the way", "Worker", "Durable Object", "R2"


@dataclass(frozen=True)
class Span:
    """Something that took time.

    Attributes:
        lane: where.
        name: what.
        start, end: milliseconds since the request began.
        is_told: the edge said so, in whole milliseconds; when it began is not known.
    """

    lane: str
    name: str
    start: float
    end: float
    is_told: bool = False

    @property
    def ms(self) -> float:
        """How long it took."""
        return self.end - self.start


@dataclass(frozen=True, eq=False)
class TimedRequest:
    """One request and its answer.

    Attributes:
        spans: in the order of the way.
        total_ms: from the first byte sent to the last received.
        probabilities: float32 (10,).
        sha256: of the weights that answered.
        cold: the object had to load them first.
    """

    spans: tuple[Span, ...]
    total_ms: float
    probabilities: NDArray[np.float32]
    sha256: str
    cold: bool


def timed_request(client: httpx.Client, image: NDArray[np.uint8]) -> TimedRequest:
    """Ask the edge once.

    Args:
        client: with the edge's address as its `base_url`; it keeps the connection open.
        image: uint8 (28, 28).

    Raises:
        EdgeError: nobody answers there, or not with ten probabilities.
    """
    at: dict[str, float] = {}
    began = time.perf_counter()

    def note(event: str, info: dict[str, Any]) -> None:
        at[event.partition(".")[2]] = 1000 * (time.perf_counter() - began)

    try:
        answer = client.post(
            "/classify",
            content=image.tobytes(),
            headers={"Content-Type": OCTETS, "Accept": OCTETS},
            extensions={"trace": note},
        )
    except httpx.HTTPError as error:
        raise EdgeError(f"no answer from {client.base_url}: {error}") from None
    total = 1000 * (time.perf_counter() - began)
    if answer.status_code != 200 or len(answer.content) != 4 * CLASSES:
        raise EdgeError(f"{client.base_url} answered {answer.status_code}, no ten probabilities")
    told = {
        name: float(ms)
        for name, ms in re.findall(r"(\w+);dur=([\d.]+)", answer.headers.get("server-timing", ""))
    }
    return TimedRequest(
        _spans(at, told, total),
        total,
        np.frombuffer(answer.content, "<f4"),
        answer.headers.get("x-model-sha256", ""),
        answer.headers.get("x-cold") == "1",
    )


def _spans(at: dict[str, float], told: dict[str, float], total: float) -> tuple[Span, ...]:
    sent = at.get("send_request_body.complete", 0.0)
    back = at.get("receive_response_headers.complete", total)
    spans = [Span(WIRE, "out", 0, sent), Span(WORKER, "until the answer", sent, back)]
    inside = min(told.get("object", 0.0), back - sent)  # a whole millisecond may be more than was
    start = (sent + back - inside) / 2
    spans.append(Span(OBJECT, "there and back", start, start + inside, is_told=True))
    if "load" in told:
        load = min(told["load"], inside)
        spans.append(Span(STORE, "weights", start, start + load, is_told=True))
    return (*spans, Span(WIRE, "in", back, total))
