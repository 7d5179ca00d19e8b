"""Models that change while many ask, and people who change them at the same time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mnist_nb.errors import ReleaseError
from mnist_nb.local_edge.local_edge import LocalEdge
from mnist_nb.releases.releases import Release, Releases
from tests.soak.load import answers_of, assert_only_from, load
from tests.soak.scale import scaled
from tests.support.bucket import Bucket
from tests.support.files import LAYERS, SMALL, TENSORS, network, pack

pytestmark = pytest.mark.edge

TTL = 0.3
CLIENTS = 200


def variant(number: int) -> bytes:
    """A small good network; each number gives other answers."""
    weights = TENSORS["fc.w"] * np.float32(1 + number)
    return pack({**TENSORS, "fc.w": weights}, network(LAYERS, name=f"variant {number}"))


def test_a_promote_under_load_is_seen_by_all_and_mixes_nothing() -> None:
    """Two shards, 200 requests in flight."""
    shards, took = ("default#0", "default#1"), []
    with LocalEdge(ttl=TTL, seed=False, vars={"SHARDS": "2"}) as edge:
        bucket = Bucket(edge)
        first = bucket.serve(SMALL)
        name, answers = answers_of(edge.url)
        assert name == first
        known = {first: answers}
        with load(edge.url, CLIENTS) as running:
            last = first
            for round in range(scaled(1, 20)):
                now = len(running.answers)
                new = bucket.serve(variant(round + 1))
                began = time.monotonic()
                old_shards = set(shards)
                for answer in running.follow(now):
                    if answer.model == new:
                        old_shards.discard(answer.shard)
                    if not old_shards:
                        break
                took.append(time.monotonic() - began)
                running.more(CLIENTS)
                seen = running.answers[now:]
                for shard in shards:
                    mine = [answer for answer in seen if answer.shard == shard]
                    changed = min(answer.ended for answer in mine if answer.model == new)
                    late = [a for a in mine if a.model not in (new, "") and a.began > changed]
                    assert not late, "a shard went back to an old model"
                known[new] = {a.image: a.content for a in seen if a.model == new}
                last = new
        assert {answer.status for answer in running.answers} == {200}
        print(f"{len(running.answers)} answers; the new model everywhere after {max(took):.2f} s")
        assert max(took) < TTL + 1
        assert_only_from(known, running.answers)
        assert answers_of(edge.url) == (last, known[last])


def push(releases: Releases, content: bytes, folder: Path) -> Release:
    path = folder / "weights.safetensors"
    path.write_bytes(content)
    return releases.push(path, promote=False)


def test_of_two_promotes_at_once_one_wins_and_the_other_is_told(
    edge: LocalEdge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = edge.releases(), edge.releases()
    ours = push(mine, variant(101), tmp_path)
    other = push(mine, variant(102), tmp_path)
    read = mine._pointer

    def read_then_be_overtaken() -> tuple[bytes | None, str | None]:
        found = read()
        monkeypatch.undo()
        theirs.promote(other.sha256)
        return found

    before = mine.current()
    monkeypatch.setattr(mine, "_pointer", read_then_be_overtaken)
    with pytest.raises(ReleaseError, match="somebody else promoted"):
        mine.promote(ours.sha256)

    current = mine.current()
    assert current is not None
    assert before is not None
    assert (current.sha256, current.previous) == (other.sha256, before.sha256)
    assert {ours.sha256, other.sha256} <= {release.sha256 for release in mine.list()}
    assert mine.promote(ours.sha256).previous == other.sha256  # trying again is all it takes


def test_promotes_at_once_lose_none(edge: LocalEdge, tmp_path: Path) -> None:
    """Those that succeed form one chain, each on top of the one before."""
    people = [edge.releases() for _ in range(4)]
    pushed = [push(people[0], variant(200 + i), tmp_path).sha256 for i in range(4)]
    base = push(people[0], variant(300), tmp_path).sha256
    told = 0
    for _ in range(scaled(3, 100)):
        people[0].promote(base)
        together = threading.Barrier(len(people))

        def promote(index: int, together: threading.Barrier = together) -> Release | None:
            together.wait()
            try:
                return people[index].promote(pushed[index])
            except ReleaseError:
                return None

        with ThreadPoolExecutor(len(people)) as threads:
            done = list(threads.map(promote, range(len(people))))
        told += done.count(None)
        steps = {release.previous: release.sha256 for release in done if release is not None}
        at, passed = base, 0
        while at in steps:
            at, passed = steps.pop(at), passed + 1
        assert not steps, "a promotion that succeeded was lost"
        current = people[0].current()
        assert current is not None
        assert current.sha256 == at
        assert passed >= 1
    print(f"{told} were told to try again")
