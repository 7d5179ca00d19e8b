"""One line of JSON for each request, and nothing in it that is nobody's business."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mnist_nb.local_edge.local_edge import LocalEdge
from tests.support.bucket import Bucket, log_of
from tests.support.files import SMALL

pytestmark = pytest.mark.edge

TOKEN = "s3cret-token-of-a-test"
FIELDS = [
    "event",
    "method",
    "path",
    "status",
    "ms",
    "images",
    "continent",
    "shard",
    "cold",
    "model",
]


@pytest.fixture(scope="module")
def public() -> Iterator[LocalEdge]:
    """An edge with a token, as one online has it."""
    settings = {"EDGE_TOKEN": TOKEN, "SHARDS": "2"}
    with LocalEdge(ttl=3600, seed=False, vars=settings, as_cloudflare=True) as edge:
        Bucket(edge).serve(SMALL)
        yield edge


def test_a_line_for_each_request(public: LocalEdge) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    octets = bearer | {"Content-Type": "application/octet-stream"}
    abroad = {
        "Host": "edge.example",
        "MF-CF-Blob": json.dumps({"continent": "OC", "colo": "SYD"}),  # as Cloudflare would say
    }
    with httpx.Client(base_url=public.url, timeout=30, trust_env=False) as http:
        model = http.get("/model?shard=1", headers=bearer).json()["sha256"]
        http.post("/classify", content=bytes(3 * 784), headers=octets | abroad)
        http.post("/classify", content=bytes(3), headers=octets)
        http.post("/classify", content=bytes(784))
        http.head("/model/weights", headers=bearer)
        http.get("/")
        http.get(f"/nothing/{TOKEN}")
    said = log_of(public, "request", 7)
    assert [list(line) for line in said] == [FIELDS] * 7
    assert {line["event"] for line in said} == {"request"}
    assert all(isinstance(line["ms"], int) and 0 <= line["ms"] < 30_000 for line in said)
    shard = said[1].pop("shard")
    assert shard in (0, 1)
    for line in said:
        del line["event"], line["ms"]
        line.pop("shard", None)

    def line(method: str, path: str | None, status: int, *rest: Any) -> dict[str, Any]:
        names = ("images", "continent", "cold", "model")
        values = (*rest, *[None] * (len(names) - len(rest)))
        shown = {"method": method, "path": path, "status": status}
        return shown | dict(zip(names, values, strict=True))

    assert said == [
        line("GET", "/model", 200, None, None, None, model[:12]),
        line("POST", "/classify", 200, 3, "OC", True, model[:12]),
        line("POST", "/classify", 400),
        line("POST", "/classify", 401),
        line("HEAD", "/model/weights", 200, None, None, None, model[:12]),
        line("GET", "/", 200),
        line("GET", None, 404),
    ]


def test_a_token_never_stands_in_it(public: LocalEdge) -> None:
    before = len(log_of(public, "request", 0))
    pixels = [201, 17] * 392
    with httpx.Client(base_url=public.url, timeout=30, trust_env=False) as http:
        for headers in (
            {"Authorization": f"Bearer {TOKEN}"},
            {"Authorization": f"Basic {TOKEN}"},
            {"Authorization": TOKEN, "Cookie": TOKEN, "Referer": TOKEN, "User-Agent": TOKEN},
            {"X-Token": TOKEN, "Origin": TOKEN, "Accept": TOKEN, "Content-Type": TOKEN},
        ):
            for path in ("/classify", "/model", f"/{TOKEN}", "/model/weights", "/openapi.json"):
                http.post(f"{path}?token={TOKEN}&shard={TOKEN}", json=pixels, headers=headers)
                http.get(f"{path}?token={TOKEN}&shard={TOKEN}", headers=headers)
    assert len(log_of(public, "request", before + 40)) == before + 40
    log = "\n".join(public.logs)
    assert TOKEN not in log
    assert "201,17" not in log.replace(" ", "")
    assert "unforeseen" not in log
