"""Weights on trial, from the side that decides: propose, look, promote or withdraw."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from mnist_nb import EdgeClient, LocalEdge, Network, Releases, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import EdgeProtocolError, InputError, ReleaseConflict, ReleaseError
from mnist_nb.network import write_weights
from mnist_nb.releases import Trial
from mnist_nb.releases.trials import trial_at, wait_until_seen
from tests.support.files import SMALL

pytestmark = pytest.mark.edge

NETWORK = Network.load()
DIGITS = np.array([rasterize(drawing) for drawing in samples()])
LAST = NETWORK.architecture.layers[-1].weight  # type: ignore[union-attr]


def changed(path: Path, rows: list[int], by: float = 1.0) -> Path:
    tensors = {name: tensor.copy() for name, tensor in NETWORK.weights.tensors.items()}
    tensors[LAST] = tensors[LAST][rows] * np.float32(by)
    path.write_bytes(write_weights(NETWORK.architecture, tensors))
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return changed(tmp_path_factory.mktemp("good") / "good.safetensors", [*range(10)], 1.01)


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [0, 1, 2, 5, 4, 3, 6, 7, 8, 9]
    return changed(tmp_path_factory.mktemp("bad") / "bad.safetensors", rows)


@pytest.fixture(scope="module")
def edge() -> Iterator[LocalEdge]:
    with LocalEdge(ttl=0) as edge:
        yield edge


@pytest.fixture
def releases(edge: LocalEdge) -> Releases:
    releases = edge.releases()
    releases.push(NETWORK.path)
    if releases.proposal():
        releases.withdraw()
    return releases


@pytest.fixture(scope="module")
def client(edge: LocalEdge) -> Iterator[EdgeClient]:
    with EdgeClient(edge.url, timeout=30) as client:
        yield client


def test_from_a_proposal_to_a_promotion(
    releases: Releases, edge: LocalEdge, client: EdgeClient, good: Path
):
    assert releases.compare_live(edge) == Trial()
    proposal = releases.propose(good, 100, reason="trained longer")
    assert releases.proposal() == proposal
    assert (proposal.percent, proposal.shadow, proposal.reason) == (100, False, "trained longer")
    for digit in DIGITS:
        assert client.classify(digit).model.sha256 == proposal.sha256
    found = releases.compare_live(edge)
    assert (found.state, found.compared, found.disagreed) == ("on trial", 10, 0)
    assert found.candidate["answers"] == 10
    assert "10 were compared, 0 differ" in str(found)
    current = releases.current()
    assert current is not None
    assert current.sha256 == NETWORK.sha256
    promoted = releases.promote()
    assert promoted.sha256 == proposal.sha256
    assert promoted.previous == NETWORK.sha256
    assert releases.proposal() is None
    assert releases.compare_live(edge).state == "none"


def test_withdrawn_it_cannot_be_promoted(releases: Releases, client: EdgeClient, good: Path):
    proposal = releases.propose(good, 100)
    assert releases.withdraw() == proposal
    with pytest.raises(ReleaseConflict, match="nothing is on trial") as caught:
        releases.promote()
    assert caught.value.current is not None
    assert caught.value.current.sha256 == NETWORK.sha256
    with pytest.raises(ReleaseConflict, match="nothing is on trial"):
        releases.withdraw()
    assert client.classify(DIGITS[0]).model.sha256 == NETWORK.sha256


def test_of_two_who_decide_at_once_one_is_told(
    releases: Releases, edge: LocalEdge, good: Path, bad: Path, monkeypatch: pytest.MonkeyPatch
):
    proposal = releases.propose(good)
    mine, theirs = edge.releases(), edge.releases()
    pointer = mine._pointer

    def late() -> Any:
        found = pointer()
        monkeypatch.setattr(mine, "_pointer", pointer)
        theirs.propose(bad)
        return found

    monkeypatch.setattr(mine, "_pointer", late)
    with pytest.raises(ReleaseConflict, match="in the same moment"):
        mine.withdraw()
    assert releases.proposal() != proposal
    with pytest.raises(ReleaseConflict, match="is not on trial"):
        releases.withdraw(proposal.sha256)


def test_a_proposal_that_was_replaced_is_not_promoted(
    releases: Releases, good: Path, bad: Path, monkeypatch: pytest.MonkeyPatch
):
    proposal = releases.propose(good)
    releases.propose(bad)
    monkeypatch.setattr(releases, "proposal", lambda: proposal)
    with pytest.raises(ReleaseConflict, match="not on trial any more"):
        releases.promote()


def test_one_that_differs_is_withdrawn_by_the_watch(
    releases: Releases, edge: LocalEdge, client: EdgeClient, bad: Path
):
    proposal = releases.propose(bad, 10)
    for i in range(80):
        client.classify(DIGITS[i % 10])
    seen: list[Trial] = []
    last = releases.watch(edge, 10, progress=seen.append)
    assert last.is_stopped
    assert seen[-1] == last
    assert last.sha256 == proposal.sha256
    assert last.reason is not None
    assert last.reason.startswith(f"it differs in {last.disagreed} of {last.compared} images")
    assert releases.proposal() is None
    note = releases.history()[0]
    assert (note.what, note.why) == ("withdraw", last.reason)


def test_a_watch_ends_with_its_time(releases: Releases, edge: LocalEdge, good: Path):
    proposal = releases.propose(good)
    assert releases.wait_until_seen(edge, 0).sha256 == proposal.sha256
    with pytest.raises(ReleaseError, match=r"does not try nothing after 0 s, but \w+ .* on trial"):
        wait_until_seen(edge, None, 0)
    assert releases.watch(edge, 0).state == "on trial"
    assert releases.proposal() is not None
    with pytest.raises(InputError, match="seconds is -1"):
        releases.watch(edge, -1)
    releases.withdraw()
    assert releases.wait_until_seen(edge, 0).state == "none"
    with pytest.raises(ReleaseError, match=r"does not try abababababab after 0 s, but nothing"):
        wait_until_seen(edge, "ab" * 32, 0)


def test_what_is_on_trial_is_not_pruned(releases: Releases, good: Path):
    proposal = releases.propose(good)
    releases.prune(0, say=lambda text: None)
    assert releases.has(proposal.sha256)


@pytest.mark.parametrize("percent", [-1, 100.1, "10", None, True, float("nan")])
def test_percent_is_a_share(releases: Releases, good: Path, percent: Any):
    with pytest.raises(InputError, match="percent is"):
        releases.propose(good, percent)
    assert releases.proposal() is None


def test_a_reason_is_short(releases: Releases, good: Path):
    with pytest.raises(InputError, match="at most 500"):
        releases.propose(good, reason="x" * 501)


def test_what_is_served_is_no_candidate(releases: Releases):
    with pytest.raises(ReleaseError, match="is served already"):
        releases.propose(NETWORK.path)


def test_other_labels_are_no_candidate(releases: Releases, tmp_path: Path):
    path = tmp_path / "letters.safetensors"
    letters = replace(NETWORK.architecture, labels=tuple("abcdefghij"))
    path.write_bytes(write_weights(letters, NETWORK.weights.tensors))
    with pytest.raises(ReleaseError, match="only the same can be compared"):
        releases.propose(path)
    assert releases.proposal() is None


def test_an_empty_bucket_has_nothing_to_compare_with(tmp_path: Path):
    path = tmp_path / "small.safetensors"
    path.write_bytes(SMALL)
    with LocalEdge(seed=False) as edge, pytest.raises(ReleaseError, match="nothing is served yet"):
        edge.releases().propose(path)


GOOD: dict[str, Any] = {
    "sha256": "ab" * 32,
    "name": "x",
    "state": "on trial",
    "reason": None,
    "counts": None,
}


@pytest.mark.parametrize(
    "said",
    [
        1,
        "x",
        [],
        {},
        GOOD | {"counts": 3},
        GOOD | {"counts": {"compared": "x"}},
        GOOD | {"counts": {"current": 5}},
        GOOD | {"counts": {"current": {"labels": 3}}},
        GOOD | {"counts": {"compared": 1e400}},
    ],
)
def test_an_edge_that_says_anything_else_is_told(said: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(EdgeClient, "model", lambda self, shard=None: {"candidate": said})
    with pytest.raises(EdgeProtocolError, match="says of its candidate"):
        trial_at("http://edge.test")


def test_objects_are_added_up(monkeypatch: pytest.MonkeyPatch):
    tally = {"answers": 2, "unsure": 1, "labels": [1, 0], "mean_ms": 0.5, "p99_ms": None}
    counts = {"compared": 3, "disagreed": 1, "current": tally, "candidate": tally}
    models: list[Any] = [
        GOOD | {"counts": counts},
        GOOD | {"counts": counts, "state": "stopped", "reason": "why"},
        GOOD | {"state": "refused", "reason": "the file is not there"},
    ]
    monkeypatch.setattr(
        EdgeClient, "model", lambda self, shard=None: {"candidate": models[shard], "shards": 3}
    )
    found = trial_at("http://edge.test")
    assert (found.state, found.reason) == ("stopped", "why")
    assert (found.compared, found.disagreed) == (6, 2)
    assert found.current == {
        "answers": 4,
        "unsure": 2,
        "labels": [2, 0],
        "mean_ms": 0.5,
        "p99_ms": None,
    }


def test_what_each_object_lets_pass_all_of_them_may_stop(monkeypatch: pytest.MonkeyPatch):
    counts = {"compared": 30, "disagreed": 2, "evidence": 0.6}
    models = [GOOD | {"counts": counts}] * 2

    def model(self: EdgeClient, shard: int | None = None) -> dict[str, Any]:
        return {"candidate": models[shard or 0], "shards": len(models)}

    monkeypatch.setattr(EdgeClient, "model", model)
    found = trial_at("http://edge.test")
    assert found.is_stopped
    assert found.reason == "it differs in 4 of 60 images, of which one side was sure"
    del models[1:]
    assert trial_at("http://edge.test").state == "on trial"


def test_a_worker_of_before_knows_no_candidate(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(EdgeClient, "model", lambda self, shard=None: {"sha256": "x", "shards": 1})
    assert trial_at("http://edge.test") == Trial()


def test_the_pointer_stays_one_that_older_readers_read(
    releases: Releases, edge: LocalEdge, good: Path
):
    releases.propose(good, 25)
    said = json.loads(releases._pointer()[0] or b"")
    before = {"sha256", "key", "bytes", "name", "pushed_at", "previous"}
    assert set(said) == {*before, "candidate", "trail"}
    assert said["sha256"] == NETWORK.sha256
    answer = httpx.get(f"{edge.url}/model", trust_env=False).json()
    assert answer["candidate"]["percent"] == 25
