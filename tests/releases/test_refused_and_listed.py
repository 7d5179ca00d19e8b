"""What is refused before the upload; what a list tells, waiting, pruning."""

import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_nb import LocalEdge
from mnist_nb.errors import EdgeProblem, ReleaseConflict, ReleaseError, WeightsError
from mnist_nb.network.importing import import_pytorch
from mnist_nb.network.importing.convert import convert
from mnist_nb.releases.releases import POINTER, BucketSettings, Releases
from mnist_nb.releases.served import wait_until_served
from tests.releases.conftest import SECRET, pointer, sha256
from tests.support.files import LAYERS, SMALL, TENSORS, network, pack, tensor
from tests.support.other_programs import burn_bin

pytestmark = pytest.mark.edge


# --- refused before the upload -------------------------------------------------------------------


def spoiled(kind: str, folder: Path) -> Path:
    """A file that must not be pushed."""
    path = folder / f"{kind}.safetensors"
    if kind == "damaged":
        path.write_bytes(SMALL[:-4])
    elif kind == "huge":
        with path.open("wb") as file:
            file.truncate(300 << 20)  # sparse: takes no room
    elif kind == "huge-foreign":
        with path.open("wb") as file:
            file.write(import_pytorch.ZIP_MAGIC)
            file.truncate(300 << 20)
    elif kind == "nan":
        tensors = {**TENSORS, "fc.w": np.full_like(TENSORS["fc.w"], np.nan)}
        path.write_bytes(pack(tensors, network(LAYERS)))
    elif kind == "unchained":
        path.write_bytes(pack({**TENSORS, "fc.w": tensor(10, 28)}, network(LAYERS)))
    return path


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (
            "damaged",
            "damaged.safetensors cannot be used as weights: .*(incomplete|truncated|valid)",
        ),
        ("huge", "314,572,800 bytes, at most 16,777,216"),
        ("huge-foreign", "314,572,800 bytes, at most 134,217,728"),
        ("nan", "fc.w' has values that are not finite"),
        ("unchained", "unchained.safetensors cannot be used as weights: .*27"),
        ("missing", "cannot read .*missing.safetensors: No such file"),
    ],
)
def test_what_is_not_right_is_refused_before_a_byte_is_sent(
    releases: Releases, s3: Any, tmp_path: Path, kind: str, reason: str
) -> None:
    sent: list[str] = []
    releases._s3.meta.events.register("before-send.s3", lambda request, **_: sent.append(request))
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError, match=reason):
            releases.push(spoiled(kind, tmp_path))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent == []
    assert "Contents" not in s3.list_objects_v2(Bucket="models")
    assert most < 20e6  # it was not read whole


def test_files_of_the_original_are_converted(
    releases: Releases, empty_edge: LocalEdge, tmp_path: Path
) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(burn_bin()[0])
    release = releases.push(path)
    assert release.name == "model"
    assert release.sha256 == hashlib.sha256(convert(path)).hexdigest()
    assert releases.wait_until_served(empty_edge) == {"default": release.sha256}


# --- what a list tells, waiting, pruning ---------------------------------------------------------


def test_a_list_tells_what_training_measured_and_which_is_current(
    releases: Releases, s3: Any, tmp_path: Path
) -> None:
    metrics = {"test": 0.99, "note": "größer, {x: 1}", "many": "x" * 100}
    path = tmp_path / "measured.safetensors"
    path.write_bytes(pack(TENSORS, network(LAYERS, metrics=metrics)))
    measured = releases.push(path)
    path.write_bytes(pack(TENSORS, network(LAYERS, metrics={"long": "x" * 3000})))
    long = releases.push(path, promote=False)
    s3.put_object(Bucket="models", Key=f"mnist/{'0' * 64}.safetensors", Body=b"of a stranger")
    listed = {release.sha256: release for release in releases.list()}
    assert listed[measured.sha256].metrics == metrics
    assert listed[long.sha256].metrics == {}  # too long to be kept beside the object
    assert listed["0" * 64].metrics == listed["0" * 64].check == {}
    assert listed[measured.sha256].check == measured.check
    assert [r.sha256 for r in listed.values() if r.is_current] == [measured.sha256]
    check = measured.check
    assert check == {"digits": check["digits"], "of": 400, "by": check["by"], "cost": 47132}
    said = pointer(s3)
    del said["trail"]
    assert measured.to_dict() == {**said, "metrics": metrics, "check": check, "current": True}


def test_waiting_asks_each_object_and_tells_what_it_sees(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalEdge(ttl=0.2, seed=False, vars={"SHARDS": "3", "EDGE_TOKEN": SECRET}) as edge:
        releases = edge.releases()
        with pytest.raises(ReleaseError, match="nothing was promoted yet"):
            releases.wait_until_served(edge)
        with pytest.raises(ReleaseError, match=r"after 0 s: object 0 answers 503 No model yet"):
            releases.wait_until_served(edge, sha256(files[0]), 0, token=SECRET)
        with pytest.raises(EdgeProblem, match="401") as caught:
            releases.wait_until_served(edge, sha256(files[0]))
        assert SECRET not in str(caught.value)
        three = {f"default#{shard}" for shard in range(3)}
        releases.push(files[0])
        assert set(releases.wait_until_served(edge, token=SECRET)) == three
        told: list[str] = []
        second = releases.push(files[1])
        served = releases.wait_until_served(edge.url, token=SECRET, progress=told.append)
        assert served == dict.fromkeys(three, second.sha256)
        assert told[0].startswith(f"waiting for {second.sha256[:8]}: default#0 serves ")
        # What the edge refuses, it says; Releases itself would not have pushed this.
        third = "3" * 64
        fields = {"sha256": third, "key": f"mnist/{third}.safetensors", "bytes": 5}
        releases._s3.put_object(Bucket="models", Key=fields["key"], Body=b"wrong")
        releases._s3.put_object(Bucket="models", Key=POINTER, Body=json.dumps(fields).encode())
        with pytest.raises(ReleaseError, match=r"and refuses it: .* has sha256") as late:
            releases.wait_until_served(edge, third, 1.5, token=SECRET)
        assert f"default#0 serves {second.sha256[:8]}" in str(late.value)
    with pytest.raises(ReleaseError, match="object 0 gives no answer"):
        wait_until_served("http://127.0.0.1:9", third, 0)


def test_prune_keeps_what_is_served_and_what_was_before(
    releases: Releases, s3: Any, tmp_path: Path
) -> None:
    shas = []
    for number in range(6):
        path = tmp_path / f"{number}.safetensors"
        path.write_bytes(pack(TENSORS, network(LAYERS, name=f"number {number}")))
        shas.append(releases.push(path, promote=False).sha256)
    listed = [release.sha256 for release in releases.list()]
    current, previous = listed[-1], listed[-2]  # the oldest ones
    releases.promote(previous)
    releases.promote(current)
    s3.put_object(Bucket="models", Key="mnist/notes.txt", Body=b"mine")
    said: list[str] = []
    old = releases.prune(2, dry_run=True, say=said.append)
    assert [release.sha256 for release in old] == listed[2:4]
    assert len(releases.list()) == 6
    assert said[0].startswith("would delete 2 files (")
    assert all(sha[:8] in said[0] for sha in listed[2:4])
    assert [r.sha256 for r in releases.prune(2, say=said.append)] == listed[2:4]
    assert said[1].startswith("deleting 2 files (")
    assert {r.sha256 for r in releases.list()} == {*listed[:2], previous, current}
    assert {r.sha256 for r in releases.prune(0, say=len)} == set(listed[:2])
    assert releases.rollback().sha256 == previous
    assert s3.get_object(Bucket="models", Key="mnist/notes.txt")["Body"].read() == b"mine"
    with pytest.raises(ReleaseError, match="keep is -1"):
        releases.prune(-1)


def test_prune_leaves_what_somebody_promotes_meanwhile(
    releases: Releases, files: list[Path]
) -> None:
    for path in files:
        releases.push(path)
    old = releases.list()
    first = next(release for release in old if release.sha256 == sha256(files[0]))
    other = Releases(releases.settings)
    deleted = releases.prune(0, say=lambda _: other.promote(first.sha256))
    assert deleted == []
    assert other.rollback().sha256 == sha256(files[2])


def test_prune_deletes_nothing_when_nobody_knows_what_is_served(
    releases: Releases, s3: Any, files: list[Path]
) -> None:
    releases.push(files[0])
    s3.put_object(Bucket="models", Key=POINTER, Body=b"{")
    with pytest.raises(ReleaseError, match="pointer"):
        releases.prune(0, say=len)
    assert len(releases.list()) == 1


def test_a_promotion_can_say_what_it_replaces(releases: Releases, files: list[Path]) -> None:
    one, two, three = (releases.push(path, promote=False).sha256 for path in files)
    releases.promote(one)
    releases.promote(two, instead_of=one)
    with pytest.raises(ReleaseConflict, match=f"replace {one[:12]}, .* now {two[:12]}") as caught:
        releases.promote(three, instead_of=one)
    assert caught.value.current.sha256 == two
    with pytest.raises(ReleaseConflict):
        releases.push(files[2], instead_of=one)
    assert releases.promote(three, instead_of=two).previous == two


def test_the_settings_of_an_edge_that_another_process_runs(empty_edge: LocalEdge) -> None:
    assert BucketSettings.of_local_edge(f"{empty_edge.url}/") == empty_edge.bucket
    with pytest.raises(ReleaseError, match="not on this machine"):
        BucketSettings.of_local_edge("https://mnist.example.workers.dev")
