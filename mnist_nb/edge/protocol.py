"""The wire protocol of the edge, as pure functions: images to requests, answers to results.

Nothing here opens a connection, so the sync and the async client share all of it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import lru_cache
from time import time
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from mnist_nb import strict_json
from mnist_nb.edge.result import EdgeResult, ModelRef, Place, Timing
from mnist_nb.errors import EdgeProblem, EdgeProtocolError

BATCH = 1024
"""Images that one request may carry."""

CLASSES = 10
_OCTETS, _JSON, _PROBLEM = (
    "application/octet-stream",
    "application/json",
    "application/problem+json",
)
_SUM_TOLERANCE = 1e-3  # float32 softmax is within 1e-6; the original may round its numbers


@dataclass(frozen=True)
class Request:
    """One HTTP request, not yet sent."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    images: int = 0


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, fully read; header names are lower case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    ms: float

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_problem(self) -> bool:
        """True for an error of our own protocol."""
        return self.media_type == _PROBLEM


def binary_request(rows: NDArray[np.uint8], model: str | None = None) -> Request:
    """Ask for the probabilities of uint8 (N, 784), N <= 1024, in bytes both ways.

    Args:
        rows: the images.
        model: "current" or "candidate", one of the two of a trial; None is up to the edge.
    """
    headers = {"content-type": _OCTETS, "accept": _OCTETS}
    path = f"/classify?model={model}" if model else "/classify"
    return Request("POST", path, headers, rows.tobytes(), len(rows))


def json_request(row: NDArray[np.uint8]) -> Request:
    """Ask for the probabilities of one image, uint8 (784,), as the original does."""
    headers = {"content-type": _JSON, "accept": _JSON}
    return Request("POST", "/classify", headers, json.dumps(row.tolist()).encode(), 1)


def model_request(shard: int | None) -> Request:
    """Ask for the active weights, of one of a region's objects or of any."""
    return Request("GET", "/model" if shard is None else f"/model?shard={shard}")


def speaks_only_json(answer: Answer) -> bool:
    """Whether this answer to a binary request cannot come from our own Worker."""
    if "x-model-sha256" in answer.headers or answer.is_problem:
        return False
    if answer.status >= 400:
        return True
    return answer.status < 300 and _is_row(_parsed(answer.body))


def read_binary(answer: Answer, count: int) -> EdgeResult:
    """Decode the answer to `binary_request` of `count` images.

    Raises:
        EdgeProblem: when the edge answered with an error.
        EdgeProtocolError: when it answered something that is not `count` x 10 probabilities.
    """
    check_status(answer)
    if answer.media_type != _OCTETS:
        raise EdgeProtocolError(
            f"the edge answered {answer.media_type or 'no content type'}, not {_OCTETS}:"
            " is this the URL of an edge of this project?"
        )
    expected = count * CLASSES * 4
    if len(answer.body) != expected:
        raise EdgeProtocolError(
            f"the edge answered {len(answer.body)} bytes, not {expected} for {count} images of"
            f" {CLASSES} float32: deploy the Worker of this version of mnist-nb"
        )
    values = np.frombuffer(answer.body, "<f4").reshape(count, CLASSES).astype(np.float32)
    return _result(answer, values)


def read_json(answer: Answer) -> EdgeResult:
    """Decode the answer to `json_request`; whatever content type it claims.

    Raises:
        EdgeProblem: when the edge answered with an error.
        EdgeProtocolError: when it answered something that is not 10 probabilities.
    """
    check_status(answer)
    values = _parsed(answer.body)
    if not _is_row(values):
        raise EdgeProtocolError(
            f"the edge answered {_excerpt(answer.body)!r}, not a JSON array of {CLASSES} numbers:"
            " is this the URL of an edge?"
        )
    return _result(answer, np.array([values], dtype=np.float32))


def read_object(answer: Answer) -> dict[str, Any]:
    """Decode a JSON object, such as that of `GET /model`.

    Raises:
        EdgeProblem: when the edge answered with an error.
        EdgeProtocolError: when it answered something else.
    """
    check_status(answer)
    value = _parsed(answer.body)
    if not isinstance(value, dict):
        raise EdgeProtocolError(
            f"the edge answered {_excerpt(answer.body)!r}, not a JSON object:"
            " is this the URL of an edge of this project?"
        )
    return value


def check_status(answer: Answer) -> None:
    """Turn any status but 2xx into an EdgeProblem."""
    if 200 <= answer.status < 300:
        return
    said = _parsed(answer.body) if answer.is_problem else None
    said = said if isinstance(said, dict) else {}
    title = _words(said.get("title"), 200) or answer.reason[:200] or "error"
    detail = _words(said.get("detail"), 700) or _plain_detail(answer)
    if answer.status in (401, 403):
        where = "in the lab's field, by token=... or in MNIST_NB_EDGE_TOKEN"
        detail = f"{detail} Give the token of this edge {where}.".strip()
    raise EdgeProblem(answer.status, title, detail, _retry_after(answer))


def _result(answer: Answer, values: NDArray[np.float32]) -> EdgeResult:
    if not np.isfinite(values).all():
        raise EdgeProtocolError(
            "the edge answered probabilities that are not finite: roll back its weights"
        )
    sums = values.sum(axis=1, dtype=np.float64)
    worst = sums[np.abs(sums - 1).argmax()]
    if abs(worst - 1) > _SUM_TOLERANCE or (values < 0).any():
        raise EdgeProtocolError(
            f"the edge answered numbers that are not probabilities (a row sums to {worst:.6g},"
            f" its least is {values.min():.6g}): is this the URL of an edge?"
        )
    headers = answer.headers
    names = ("x-model-sha256", "x-candidate-sha256")
    sha256, candidate = (headers.get(name, "") for name in names)
    for name in filter(None, (sha256, candidate)):
        if not re.fullmatch("[0-9a-f]{64}", name):
            raise EdgeProtocolError(f"the edge names weights {name[:80]!r}, not by their sha256")
    return EdgeResult(
        probabilities=values,
        model=ModelRef(sha256, unquote(headers.get("x-model-name", ""))),
        cold=headers.get("x-cold") == "1",
        place=_place(headers.get("x-place", "{}")),
        timing=Timing(answer.ms, server_timing(headers.get("server-timing", ""))),
        candidate=candidate,
    )


@lru_cache(64)  # it is the same in each answer
def _place(text: str) -> Place:
    said = _parsed(text.encode())
    if not isinstance(said, dict):
        return Place()

    def word(key: str) -> str | None:
        return _words(said.get(key), 100) or None

    return Place(word("object") or "", word("continent"), word("colo"), said.get("local") is True)


def server_timing(text: str) -> dict[str, float]:
    """Durations in ms of a Server-Timing header; entries without one are left out."""
    found = {}
    for entry in text.split(","):
        name, *parameters = (word.strip() for word in entry.split(";"))
        for key, _, value in (word.partition("=") for word in parameters):
            number = re.fullmatch(r'"?(\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})"?', value.strip())
            if key.strip().lower() == "dur" and number:
                found[name] = float(number[1])
    return found


def _parsed(body: bytes) -> Any:
    try:
        return strict_json.loads(body)
    except ValueError:
        return None


def _is_row(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == CLASSES
        and all(type(v) in (int, float) and abs(v) < 1e30 for v in value)  # no NaN, no infinity
    )


def _words(value: Any, most: int) -> str:
    """A text of at most so many characters; what is no text is none."""
    return value[:most] if isinstance(value, str) else ""


def _excerpt(body: bytes, length: int = 80) -> str:
    text = " ".join(body[: 4 * length].decode("utf-8", "replace").split())
    return text if len(text) <= length else text[: length - 1] + "…"


def _plain_detail(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return (
            f"it redirects to {answer.headers.get('location', 'nowhere'):.300}; use that as the URL"
        )
    if answer.media_type == "text/html":
        return "with a web page; is this the URL of an edge?"
    return _excerpt(answer.body, 200)


def _retry_after(answer: Answer) -> float | None:
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except (ValueError, OverflowError):
        return None
