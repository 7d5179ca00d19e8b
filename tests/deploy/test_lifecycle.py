"""An edge from its first request on: no weights, bad weights, good weights, newer weights."""

import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from mnist_nb.local_edge.local_edge import LocalEdge
from tests.support.bucket import Bucket, log_of
from tests.support.files import LAYERS, SMALL, TENSORS, network, pack

pytestmark = pytest.mark.edge

OTHER = pack(TENSORS, network(LAYERS, name="other"))


def classify(http: httpx.Client) -> httpx.Response:
    return http.post("/classify", json=[0] * 784)


@pytest.fixture
def fresh() -> Iterator[tuple[httpx.Client, Bucket]]:
    """An edge with an empty bucket that looks before every answer."""
    with (
        LocalEdge(ttl=0, seed=False) as edge,
        httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http,
    ):
        yield http, Bucket(edge)


def test_however_many_wait_the_weights_are_loaded_once() -> None:
    with (
        LocalEdge(ttl=3600, seed=False) as edge,
        httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http,
    ):
        Bucket(edge).serve(SMALL)
        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(lambda _: classify(http), range(40)))
        assert {answer.status_code for answer in answers} == {200}
        assert "0" in {answer.headers["X-Cold"] for answer in answers}
        assert len(log_of(edge, "request", 40)) == 40
        assert len(log_of(edge, "weights in service", 1)) == 1


def test_an_empty_bucket_says_what_to_do_and_heals(fresh: tuple[httpx.Client, Bucket]) -> None:
    http, bucket = fresh
    for answer in (classify(http), http.get("/model"), http.get("/healthz")):
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"] == "2"
        assert "wrangler r2 object put models/mnist.safetensors" in answer.json()["detail"]

    bucket.put("mnist.safetensors", SMALL[:-1])  # the plain key, as with the original
    answer = classify(http)
    assert answer.status_code == 503
    assert "outside" in answer.json()["detail"]  # the reason of the refusal

    bucket.put("mnist.safetensors", SMALL)
    answer = classify(http)
    assert answer.status_code == 200
    assert answer.headers["X-Cold"] == "1"
    assert "load;dur=" in answer.headers["Server-Timing"]
    assert answer.headers["X-Model-Sha256"] == hashlib.sha256(SMALL).hexdigest()
    assert http.get("/model").json()["key"] == "mnist.safetensors"
    assert classify(http).headers["X-Cold"] == "0"
    assert http.get("/healthz").status_code == 200

    bucket.put("mnist.safetensors", OTHER)
    assert classify(http).headers["X-Model-Name"] == "other"

    bucket.serve(SMALL)  # a pointer goes before the plain key
    assert classify(http).headers["X-Model-Name"] == "small"

    for key in ("mnist.safetensors", "mnist/current.json"):
        bucket.delete(key)
    assert classify(http).headers["X-Model-Name"] == "small"  # what serves goes on serving


def test_many_first_requests_at_once(fresh: tuple[httpx.Client, Bucket]) -> None:
    http, bucket = fresh
    sha256 = bucket.serve(SMALL)
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: classify(http), range(60)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["X-Model-Sha256"] for answer in answers} == {sha256}
    assert len({answer.text for answer in answers}) == 1


def test_requests_and_pushes_at_once_never_mix_models(fresh: tuple[httpx.Client, Bucket]) -> None:
    http, bucket = fresh
    contents = (SMALL, pack({**TENSORS, "fc.w": -TENSORS["fc.w"]}, network(LAYERS)))
    expected = {}
    for content in contents:
        sha256 = bucket.serve(content)
        answer = classify(http)
        assert answer.headers["X-Model-Sha256"] == sha256
        expected[sha256] = answer.text
    assert len(set(expected.values())) == 2
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(classify, http) for _ in range(100)]
        for content in contents * 10:
            bucket.serve(content)
        for answer in (future.result() for future in answers):
            assert answer.text == expected[answer.headers["X-Model-Sha256"]]


def test_newer_weights_come_by_themselves_within_the_ttl() -> None:
    with LocalEdge(ttl=0.2, seed=False) as edge:
        bucket = Bucket(edge)
        bucket.serve(SMALL)
        with httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http:
            assert classify(http).headers["X-Model-Name"] == "small"
            bucket.serve(OTHER)
            deadline = time.monotonic() + 20
            while (answer := classify(http)).headers["X-Model-Name"] != "other":
                assert time.monotonic() < deadline, "the newer weights never came into force"
            assert answer.headers["X-Cold"] == "0"


def test_settings_of_an_edge_in_public() -> None:
    settings = {"EDGE_TOKEN": "s3cret", "ALLOWED_ORIGINS": "https://lab.example", "SHARDS": "3"}
    with LocalEdge(ttl=3600, seed=False, vars=settings) as edge:
        bucket = Bucket(edge)
        bucket.serve(SMALL)
        with httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http:
            guarded = ("POST /classify", "GET /model", "GET /model/weights", "HEAD /model/weights")
            for route in guarded:
                for token in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "s3cret"}):
                    answer = http.request(*route.split(), headers=token)
                    assert answer.status_code == 401
                    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
                    if not route.startswith("HEAD"):
                        assert answer.json()["type"] == "urn:mnist-nb:problem:unauthorized"
            assert http.get("/healthz").status_code == 200
            assert http.get("/openapi.json").status_code == 200

            http.headers["Authorization"] = "Bearer s3cret"
            places, cold = set(), 0
            for _ in range(60):
                answer = classify(http)
                assert answer.status_code == 200
                places.add(json.loads(answer.headers["X-Place"])["object"])
                cold += answer.headers["X-Cold"] == "1"
            assert places == {"default#0", "default#1", "default#2"}
            assert cold <= 3
            bucket.serve(OTHER)
            assert classify(http).headers["X-Model-Name"] == "small"  # within the ttl
            for shard in range(3):
                said = http.get("/model", params={"shard": shard}).json()
                assert said["place"]["object"] == f"default#{shard}"
                assert (said["name"], said["shards"]) == ("small", 3)
            assert http.get("/model?shard=3").status_code == 400

            allowed = {"Origin": "https://lab.example"}
            answer = http.options("/classify", headers=allowed)
            assert answer.status_code == 204
            assert answer.headers["Access-Control-Allow-Origin"] == "https://lab.example"
            assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
            answer = http.get("/nothing", headers=allowed)  # errors can be read as well
            assert answer.headers["Access-Control-Allow-Origin"] == "https://lab.example"
            answer = http.get("/model", headers={"Origin": "https://evil.example"})
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert answer.headers["Vary"] == "Origin"  # or a cache would give it to those allowed
            answer = http.get("/model/weights", headers=allowed)
            exposed = answer.headers["Access-Control-Expose-Headers"]
            assert {"ETag", "X-Model-Sha256"} <= set(exposed.split(", "))
