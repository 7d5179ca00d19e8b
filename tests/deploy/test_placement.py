"""Which Durable Object answers: one per continent, or SHARDS of them, and always some."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mnist_nb.local_edge.local_edge import LocalEdge
from tests.support.bucket import Bucket
from tests.support.files import SMALL

pytestmark = pytest.mark.edge


def place(http: httpx.Client, host: str = "mnist.example.dev", **cf: Any) -> Any:
    """Who answers a request that Cloudflare would describe so."""
    headers = {"Content-Type": "application/octet-stream", "Accept": "application/json"}
    headers |= {"Host": host, "MF-CF-Blob": json.dumps(cf)}
    answer = http.post("/classify", content=bytes(784), headers=headers)
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.headers["X-Place"]) == answer.json()["place"]
    return answer.json()["place"]


def test_one_object_for_each_continent(http: httpx.Client, small: str) -> None:
    for continent in ("AF", "AN", "AS", "EU", "NA", "OC", "SA"):
        said = place(http, continent=continent, colo="XYZ")
        assert said == {"object": continent, "continent": continent, "colo": "XYZ", "local": False}


@pytest.mark.parametrize("cf", [{}, {"continent": None}, {"continent": ""}, {"continent": 7}])
def test_without_a_continent_it_is_the_default(http: httpx.Client, small: str, cf: Any) -> None:
    said = place(http, **cf)
    assert said == {"object": "default", "continent": None, "colo": None, "local": False}


@pytest.mark.parametrize(
    "host", ["localhost:1", "127.0.0.1", "192.168.1.7:8787", "[::1]:80", "a.localhost"]
)
def test_here_the_invented_place_is_not_believed(http: httpx.Client, small: str, host: str) -> None:
    said = place(http, host=host, continent="NA", colo="DFW", city="Austin")
    assert said == {"object": "default", "continent": None, "colo": None, "local": True}


@pytest.fixture(scope="module")
def sharded() -> Iterator[httpx.Client]:
    with (
        LocalEdge(ttl=3600, seed=False, vars={"SHARDS": "3"}, as_cloudflare=True) as edge,
        httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http,
    ):
        Bucket(edge).serve(SMALL)
        yield http


def test_shards_share_a_continent(sharded: httpx.Client) -> None:
    seen = {place(sharded, continent="EU")["object"] for _ in range(60)}
    assert seen == {"EU#0", "EU#1", "EU#2"}
    assert {place(sharded)["object"] for _ in range(60)} == {"default#0", "default#1", "default#2"}
