"""A client without a network."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np

from mnist_nb import EdgeClient

IMAGE = np.zeros((28, 28), np.uint8)
SHA = "ab" * 32
OCTETS = "application/octet-stream"
TOKEN = "s3cret-token"

Handler = Callable[[httpx.Request], httpx.Response]


def sync_client(handler: Handler, **kwargs: Any) -> EdgeClient:
    url = "https://edge.test" if "token" in kwargs else "http://edge.test"
    return EdgeClient(url, transport=httpx.MockTransport(handler), **kwargs)


def answering(
    rows: np.ndarray[Any, Any], content_type: str = OCTETS, **headers: str
) -> Callable[[httpx.Request], httpx.Response]:
    headers = {"content-type": content_type, "x-model-sha256": SHA} | headers
    return lambda request: httpx.Response(200, content=rows.tobytes(), headers=headers)


def probabilities(count: int) -> np.ndarray[Any, Any]:
    values = np.random.default_rng(count).random((count, 10)).astype("<f4")
    return values / values.sum(axis=1, keepdims=True)


def problem(status: int, headers: dict[str, str] | None = None, **fields: Any) -> Handler:
    headers = {"content-type": "application/problem+json", **(headers or {})}
    return lambda request: httpx.Response(status, content=json.dumps(fields), headers=headers)
