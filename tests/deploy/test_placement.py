"""Which Durable Object answers: one per region, or SHARDS of them, and always some."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mnist_nb.local_edge.local_edge import LocalEdge
from tests.support.bucket import Bucket, log_of
from tests.support.files import SMALL
from tests.support.variant import variant

pytestmark = pytest.mark.edge


def place(http: httpx.Client, host: str = "mnist.example.dev", **cf: Any) -> Any:
    """Who answers a request that Cloudflare would describe so."""
    headers = {"Content-Type": "application/octet-stream", "Accept": "application/json"}
    headers |= {"Host": host, "MF-CF-Blob": json.dumps(cf)}
    answer = http.post("/classify", content=bytes(784), headers=headers)
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.headers["X-Place"]) == answer.json()["place"]
    return answer.json()["place"]


CITIES = {  # continent, longitude and latitude as Cloudflare would say: region, and hint
    "Los Angeles": ("NA", "-118.2", "34.1", "NA-W", "wnam"),
    "Vancouver": ("NA", "-123.1", "49.3", "NA-W", "wnam"),
    "New York": ("NA", "-74.0", "40.7", "NA-E", "enam"),
    "Chicago": ("NA", "-87.6", "41.9", "NA-E", "enam"),
    "Lisbon": ("EU", "-9.1", "38.7", "EU-W", "weur"),
    "London": ("EU", "-0.12574", "51.50853", "EU-W", "weur"),
    "Warsaw": ("EU", "21.0", "52.2", "EU-E", "eeur"),
    "Athens": ("EU", "23.7", "38.0", "EU-E", "eeur"),
    "Dubai": ("AS", "55.3", "25.3", "AS-W", "me"),
    "Tel Aviv": ("AS", "34.8", "32.1", "AS-W", "me"),
    "Mumbai": ("AS", "72.9", "19.1", "AS-S", "apac"),
    "Tokyo": ("AS", "139.7", "35.7", "AS-NE", "apac-ne"),
    "Seoul": ("AS", "127.0", "37.6", "AS-NE", "apac-ne"),
    "Singapore": ("AS", "103.8", "1.3", "AS-SE", "apac-se"),
    "Jakarta": ("AS", "106.8", "-6.2", "AS-SE", "apac-se"),
    "Sydney": ("OC", "151.2", "-33.9", "OC", "oc"),
    "Lagos": ("AF", "3.4", "6.5", "AF", "afr"),
    "Sao Paulo": ("SA", "-46.6", "-23.5", "SA", "sam"),
    "McMurdo": ("AN", "166.7", "-77.8", "AN", None),
    # Cloudflare may not know where in the continent: the names of before regions.
    "Europe": ("EU", None, None, "EU", None),
    "North America": ("NA", "", "41.9", "NA", None),
    "Asia": ("AS", "x", "1.3", "AS", None),
    "Africa": ("AF", None, None, "AF", "afr"),
}

HINTS_TOLD = """
import worker from "./worker";
export { Classifier } from "./worker";
export default {
  fetch(request, env) {
    const getByName = (name, options) => {
      console.log(JSON.stringify({ event: "asked", name, hint: options?.locationHint ?? null }));
      return env.CLASSIFIER.getByName(name, options);
    };
    return worker.fetch(request, { ...env, CLASSIFIER: { getByName } });
  },
};
"""


def test_each_region_has_an_object_where_it_is(tmp_path: Path) -> None:
    with variant(tmp_path, HINTS_TOLD), LocalEdge(ttl=3600, seed=False, as_cloudflare=True) as edge:
        Bucket(edge).serve(SMALL)
        with httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http:
            for continent, longitude, latitude, region, _ in CITIES.values():
                cf = {"continent": continent, "longitude": longitude, "latitude": latitude}
                said = place(http, colo="XYZ", **cf)
                assert said["object"] == region
                assert (said["continent"], said["colo"]) == (continent, "XYZ")
        asked = [(line["name"], line["hint"]) for line in log_of(edge, "asked", len(CITIES))]
    assert asked == [(region, hint) for *_, region, hint in CITIES.values()]
    assert len({hint for _, hint in asked if hint}) == 11


@pytest.mark.parametrize("cf", [{}, {"continent": None}, {"continent": ""}, {"continent": 7}])
def test_without_a_continent_it_is_the_default(http: httpx.Client, small: str, cf: Any) -> None:
    said = place(http, **cf)
    assert said == {"object": "default", "continent": None, "colo": None, "local": False}


@pytest.mark.parametrize(
    "host", ["localhost:1", "127.0.0.1", "192.168.1.7:8787", "[::1]:80", "a.localhost"]
)
def test_here_the_invented_place_is_not_believed(http: httpx.Client, small: str, host: str) -> None:
    cf = {"continent": "NA", "longitude": "-97.7", "latitude": "30.3", "colo": "DFW"}
    said = place(http, host=host, **cf)
    assert said == {"object": "default", "continent": None, "colo": None, "local": True}


@pytest.fixture(scope="module")
def sharded() -> Iterator[httpx.Client]:
    with (
        LocalEdge(ttl=3600, seed=False, vars={"SHARDS": "3"}, as_cloudflare=True) as edge,
        httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http,
    ):
        Bucket(edge).serve(SMALL)
        yield http


def test_shards_share_a_region(sharded: httpx.Client) -> None:
    seen = {place(sharded, continent="EU")["object"] for _ in range(60)}
    assert seen == {"EU#0", "EU#1", "EU#2"}
    assert {place(sharded)["object"] for _ in range(60)} == {"default#0", "default#1", "default#2"}
