"""The cron of the Worker, triggered as `wrangler dev` does it: the way back without a notebook."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from mnist_nb import Network, Releases, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.local_edge import find_deploy
from mnist_nb.network import write_weights
from mnist_nb.releases import BucketSettings
from tests.support.wrangler_dev import wrangler_dev

pytestmark = pytest.mark.edge

OCTETS = {"Content-Type": "application/octet-stream"}
NETWORK = Network.load()
DIGITS = np.array([rasterize(drawing) for drawing in samples()])
LAST = NETWORK.architecture.layers[-1].weight  # type: ignore[union-attr]


def changed(path: Path, rows: list[int]) -> Path:
    tensors = dict(NETWORK.weights.tensors)
    tensors[LAST] = tensors[LAST][rows] * np.float32(1.01)
    path.write_bytes(write_weights(NETWORK.architecture, tensors))
    return path


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    state = tmp_path_factory.mktemp("wrangler")
    with (
        wrangler_dev(NETWORK.path, state) as url,
        httpx.Client(base_url=url, timeout=30, trust_env=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def releases(http: httpx.Client) -> Releases:
    releases = Releases(BucketSettings.of_local_edge(str(http.base_url)))
    releases.push(NETWORK.path)
    return releases


def run_cron(http: httpx.Client) -> None:
    answer = http.get("/cdn-cgi/handler/scheduled")
    assert answer.status_code == 200, answer.text


def tried(http: httpx.Client, releases: Releases, images: int) -> dict[str, Any]:
    """What the object has counted of so many images."""
    releases.wait_until_served(str(http.base_url))
    sha256 = releases.proposal().sha256  # type: ignore[union-attr]
    deadline = time.monotonic() + 30  # it looks at the bucket every five seconds
    while (http.get("/model").json()["candidate"] or {}).get("sha256") != sha256:
        assert time.monotonic() < deadline, "the candidate is not on trial"
    for i in range(images):
        http.post("/classify", content=DIGITS[i % 10].tobytes(), headers=OCTETS)
    found: dict[str, Any] = http.get("/model").json()["candidate"]
    return found


def test_without_a_trial_it_changes_nothing(http: httpx.Client, releases: Releases) -> None:
    before = releases._pointer()
    run_cron(http)
    assert releases._pointer() == before


def test_a_good_candidate_stays(http: httpx.Client, releases: Releases, tmp_path: Path) -> None:
    proposal = releases.propose(changed(tmp_path / "good.safetensors", [*range(10)]), 50)
    counts = tried(http, releases, 40)["counts"]
    assert counts["compared"] == 40
    assert counts["evidence"] < 0
    run_cron(http)
    assert releases.proposal() == proposal


def test_one_that_was_stopped_is_withdrawn_and_noted(
    http: httpx.Client, releases: Releases, tmp_path: Path
) -> None:
    rows = [0, 1, 2, 5, 4, 3, 6, 7, 8, 9]
    proposal = releases.propose(changed(tmp_path / "bad.safetensors", rows), reason="look")
    found = tried(http, releases, 60)
    assert found["state"] == "stopped"
    assert found["counts"]["evidence"] > 1
    served = releases.current()
    run_cron(http)
    assert releases.proposal() is None
    assert releases.current() == served
    note, before = releases.history(2)
    assert (note.what, note.sha256, note.who) == (
        "withdraw",
        proposal.sha256,
        "a cron of the Worker",
    )
    assert (note.why, note.before, note.trouble) == (found["reason"], NETWORK.sha256, "")
    assert (before.what, before.why) == ("propose", "look")
    kept = releases._s3.get_object(Bucket="models", Key=note.key)["Body"].read()
    assert json.loads(kept)["why"] == note.why
    run_cron(http)
    assert releases.history(1) == [note]


@pytest.mark.parametrize("text", [b"", b"[]", b'{"candidate": 5}', b"x" * 70_000])
def test_a_pointer_of_anything_is_left_alone(
    http: httpx.Client, releases: Releases, text: bytes
) -> None:
    said, _ = releases._pointer()
    try:
        releases._s3.put_object(Bucket="models", Key="mnist/current.json", Body=text)
        run_cron(http)
        found = releases._s3.get_object(Bucket="models", Key="mnist/current.json")["Body"].read()
        assert found == text
    finally:
        releases._s3.put_object(Bucket="models", Key="mnist/current.json", Body=said)


def test_it_is_off_as_it_comes() -> None:
    assert '"triggers": { "crons": [] }' in (find_deploy() / "wrangler.jsonc").read_text()
