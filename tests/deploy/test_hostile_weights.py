"""Weights that must be refused, each with its reason, while the last good ones serve on."""

from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest

from mnist_nb.errors import WeightsError
from mnist_nb.local_edge import LocalEdge
from mnist_nb.network.file_format import read_weights
from tests.support.bucket import Bucket, evict
from tests.support.files import LAYERS, SMALL, TENSORS, network, pack, tensor
from tests.support.hostile import EDGE_ONLY, HOSTILE
from tests.support.processes import runtime_of

pytestmark = pytest.mark.edge


def rejected(http: httpx.Client) -> dict[str, Any]:
    answer = http.get("/model")
    assert answer.status_code == 200
    return dict(answer.json())["rejected"]


@pytest.mark.parametrize("what", HOSTILE | EDGE_ONLY)
def test_refused_with_its_reason(
    what: str, edge: LocalEdge, http: httpx.Client, bucket: Bucket, small: str
) -> None:
    content, reason = (HOSTILE | EDGE_ONLY)[what]
    sha256 = bucket.serve(content)
    for hit in (None, evict):
        if hit:
            hit(edge)
        answer = http.post("/classify", json=[0] * 784)
        assert answer.status_code == 200
        assert answer.headers["X-Model-Sha256"] == small
        said = rejected(http)
        assert said["sha256"] == sha256
        assert reason in said["reason"]


@pytest.mark.parametrize("what", HOSTILE)
def test_python_refuses_the_same(what: str) -> None:
    with pytest.raises(WeightsError):
        read_weights(HOSTILE[what][0])


UNSEEN = pack(TENSORS, network(LAYERS, name="unseen"))  # not in the memory of the edge
POINTERS: dict[str, tuple[Callable[[Bucket], object], str]] = {
    "not JSON": (lambda b: b.put("mnist/current.json", b"{"), "is not JSON"),
    "an empty object": (lambda b: b.put("mnist/current.json", b"{}"), "has sha256 nothing"),
    "not an object": (lambda b: b.put("mnist/current.json", b"[]"), "not a JSON object"),
    "large": (lambda b: b.put("mnist/current.json", bytes(100_000)), "has 100000 bytes"),
    "no sha256": (lambda b: b.serve(SMALL, sha256="abc"), 'has sha256 "abc"'),
    "another key": (lambda b: b.serve(SMALL, key="secret"), 'has key "secret"'),
    "bytes missing": (lambda b: b.serve(SMALL, bytes=None), "has bytes null"),
    "another size": (lambda b: b.serve(UNSEEN, bytes=5), "mnist/current.json says 5"),
    "to nowhere": (
        lambda b: b.serve(SMALL, sha256="0" * 64, key=f"mnist/{'0' * 64}.safetensors"),
        "is not there",
    ),
}


@pytest.mark.parametrize("what", POINTERS)
def test_a_bad_pointer_changes_nothing(
    what: str, edge: LocalEdge, http: httpx.Client, bucket: Bucket
) -> None:
    before = bucket.serve(pack(TENSORS, network(LAYERS, name=f"before {what}")))
    assert http.get("/model").json()["sha256"] == before
    break_pointer, reason = POINTERS[what]
    break_pointer(bucket)
    for hit in (None, evict):
        if hit:
            hit(edge)
        assert http.get("/model").json()["sha256"] == before
        assert reason in rejected(http)["reason"]


def test_a_damaged_object_heals_when_it_is_mended(
    http: httpx.Client, bucket: Bucket, small: str
) -> None:
    assert http.get("/model").json()["sha256"] == small
    good = pack(TENSORS, network(LAYERS, name="mended"))
    sha256 = bucket.serve(good)
    key = f"mnist/{sha256}.safetensors"
    bucket.put(key, good[:-4] + b"\1\2\3\4")
    assert http.get("/model").json()["sha256"] == small
    assert "not the bytes pushed" in rejected(http)["reason"]
    bucket.put(key, good)
    assert http.get("/model").json()["sha256"] == sha256


def plain_file(bucket: Bucket) -> None:
    bucket.delete("mnist/current.json")
    bucket.put("mnist.safetensors", SMALL[:-1])


def deleted(bucket: Bucket) -> None:
    for key in ("mnist/current.json", "mnist.safetensors"):
        bucket.delete(key)


@pytest.mark.parametrize("spoil", [plain_file, deleted])
def test_the_last_good_weights_serve_although_their_file_is_gone(
    spoil: Callable[[Bucket], None],
) -> None:
    """The runtime too starts anew, so that nothing is left in its memory."""
    with (
        LocalEdge(ttl=0, seed=False, as_cloudflare=True) as edge,
        httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http,
    ):
        bucket = Bucket(edge)
        large = {**TENSORS, "fc.w": tensor(10, 27), "unused": np.zeros(600_000, np.float32)}
        bucket.put("mnist.safetensors", pack(large, network(LAYERS, name="large")))
        before = http.post("/classify", json=[7] * 784)
        assert before.headers["X-Model-Name"] == "large"
        spoil(bucket)
        runtime_of(edge).kill()
        with httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as again:
            after = again.post("/classify", json=[7] * 784)
            assert (after.status_code, after.json()) == (200, before.json())
            assert after.headers["X-Cold"] == "1"
            assert again.get("/model").json()["rejected"]["reason"]
            bucket.serve(SMALL)  # and newer weights come as ever
            assert again.get("/model").json()["name"] == "small"


def test_a_new_object_falls_back_to_the_previous_weights() -> None:
    with (
        LocalEdge(ttl=0, seed=False, as_cloudflare=True) as edge,
        httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http,
    ):
        bucket = Bucket(edge)
        good = bucket.serve(SMALL)
        bad = bucket.serve(SMALL[:-1], previous=good)
        said = http.get("/model").json()
        assert (said["sha256"], said["rejected"]["sha256"]) == (good, bad)
