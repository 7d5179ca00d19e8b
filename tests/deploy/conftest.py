"""One local edge for all tests here: it looks at its bucket before every answer."""

from collections.abc import Iterator

import httpx
import pytest

from mnist_nb.local_edge import LocalEdge
from tests.support.bucket import Bucket
from tests.support.files import SMALL


@pytest.fixture(scope="session")
def edge() -> Iterator[LocalEdge]:
    with LocalEdge(ttl=0, seed=False, as_cloudflare=True) as edge:
        Bucket(edge).serve(SMALL)
        yield edge


@pytest.fixture(scope="session")
def bucket(edge: LocalEdge) -> Bucket:
    return Bucket(edge)


@pytest.fixture(scope="session")
def http(edge: LocalEdge) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def small(bucket: Bucket, http: httpx.Client) -> str:
    """A small good network in service; its sha256."""
    sha256 = bucket.serve(SMALL)
    assert http.get("/model").json()["sha256"] == sha256
    return sha256
