"""Pointers, metadata and edges that are not ours: errors of the tree, in time."""

import json
from time import monotonic
from typing import Any

import pytest

from mnist_nb.errors import EdgeError, InputError, ReleaseError
from mnist_nb.releases.release import MOST_POINTER, read_metadata, read_pointer
from mnist_nb.releases.served import wait_until_served
from tests.support.hostile_server import serving

SHA, OTHER = "a" * 64, "b" * 64
GOOD = {
    "sha256": SHA,
    "key": f"mnist/{SHA}.safetensors",
    "bytes": 5,
    "name": "n",
    "pushed_at": "2026-11-22T10:00:00Z",
    "previous": None,
}
DEEP = "[" * 100_000 + "]" * 100_000


def answering(body: str) -> list[bytes]:
    head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    return [head.encode(), body.encode()]


def model(**fields: Any) -> str:
    return json.dumps({"sha256": OTHER, "place": {"object": "EU"}, **fields})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        DEEP,
        json.dumps(GOOD) + " " * MOST_POINTER,
        json.dumps({**GOOD, "sha256": 5, "key": "mnist/5.safetensors"}),
        json.dumps({**GOOD, "sha256": "../x", "key": "mnist/../x.safetensors"}),
        json.dumps({**GOOD, "bytes": "5"}),
        json.dumps({**GOOD, "bytes": -1}),
        json.dumps({**GOOD, "name": ["n"]}),
        json.dumps({**GOOD, "pushed_at": None}),
        json.dumps({**GOOD, "previous": 5}),
        json.dumps({**GOOD, "previous": "no"}),
    ],
)
def test_a_pointer_of_any_json_is_ours_or_refused(text: str) -> None:
    with pytest.raises(ReleaseError, match="not readable"):
        read_pointer(text.encode())


def test_a_good_pointer_is_read() -> None:
    assert read_pointer(json.dumps(GOOD).encode()).sha256 == SHA
    assert read_pointer(json.dumps({**GOOD, "previous": OTHER}).encode()).previous == OTHER


@pytest.mark.parametrize("metrics", ["[", "[]", DEEP, "1" * 5000, '{"loss": NaN}'])
def test_metadata_of_a_stranger_has_no_metrics(metrics: str) -> None:
    assert read_metadata({"name": "n", "metrics": metrics}) == ("n", {}, {})


@pytest.mark.parametrize(
    "body",
    [
        model(shards=1e9),
        model(shards=10**9),
        model(shards="many"),
        model(shards=[1]),
        model(shards=0),
        model(shards=True),
        model(shards=None),
        model(shards=5000),
        model(rejected="no", place="nowhere"),
        model(rejected=[1], place={"object": [1]}),
        model(sha256=[[1]]),
        model(rejected={"sha256": SHA, "reason": {"a": 1}}),
        "{}",
        "[]",
        DEEP,
    ],
)
def test_waiting_for_an_edge_that_says_anything_ends_in_time(body: str) -> None:
    began = monotonic()
    with serving(answering(body)) as url, pytest.raises((ReleaseError, EdgeError)) as caught:
        wait_until_served(url, SHA, 0.5)
    assert monotonic() - began < 1.5
    assert len(str(caught.value)) < 2000


def test_waiting_for_an_edge_that_says_nothing_ends_in_time() -> None:
    began = monotonic()
    silent = iter(lambda: b"", None)
    with serving(silent, 0.02) as url, pytest.raises(ReleaseError, match="gives no answer"):
        wait_until_served(url, SHA, 1)
    assert monotonic() - began < 2


@pytest.mark.parametrize("timeout", [-1, float("nan")])
def test_a_timeout_that_is_none_is_refused(timeout: float) -> None:
    with pytest.raises(InputError, match="timeout"):
        wait_until_served("http://127.0.0.1:9", SHA, timeout)
