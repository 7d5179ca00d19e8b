"""Releases against the real S3 endpoint of the local bucket."""

import hashlib
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.config import Config

from mnist_nb import EdgeClient, LocalEdge
from mnist_nb.errors import EdgeProblem, ReleaseConflict, ReleaseError, WeightsError
from mnist_nb.network import import_pytorch
from mnist_nb.network.convert import convert
from mnist_nb.releases import bucket
from mnist_nb.releases.releases import POINTER, BucketSettings, Release, Releases
from mnist_nb.releases.served import wait_until_served
from tests.support.files import LAYERS, SMALL, TENSORS, network, pack, tensor
from tests.support.networks import random_network
from tests.support.other_programs import burn_bin

pytestmark = pytest.mark.edge
SECRET = "do-not-show-me"


@pytest.fixture(scope="module")
def empty_edge() -> Iterator[LocalEdge]:
    with LocalEdge(ttl=0, seed=False) as running:
        yield running


@pytest.fixture(scope="module")
def s3(empty_edge: LocalEdge) -> Any:
    """A client of our own, to look at and to damage the bucket."""
    settings = empty_edge.bucket
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        region_name="auto",
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
        config=Config(s3={"addressing_style": "path"}, proxies={}),
    )


@pytest.fixture
def releases(empty_edge: LocalEdge, s3: Any) -> Releases:
    """An empty bucket."""
    for entry in s3.list_objects_v2(Bucket="models").get("Contents", []):
        s3.delete_object(Bucket="models", Key=entry["Key"])
    return empty_edge.releases()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("weights")
    paths = [folder / f"{seed}.safetensors" for seed in range(3)]
    for seed, path in enumerate(paths):
        path.write_bytes(random_network(np.random.default_rng(seed)))
    return paths


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pointer(s3: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(s3.get_object(Bucket="models", Key=POINTER)["Body"].read())
    return found


def test_push_promote_rollback(
    releases: Releases, empty_edge: LocalEdge, s3: Any, files: list[Path]
) -> None:
    assert releases.current() is None
    assert releases.list() == []
    one, two, three = map(sha256, files)
    with EdgeClient(empty_edge.url, timeout=20) as client:

        def served() -> str:
            return client.classify(np.zeros(784, np.uint8)).model.sha256

        first = releases.push(files[0])
        assert first == releases.current()
        key = f"mnist/{one}.safetensors"
        size = files[0].stat().st_size
        assert first == Release(one, key, size, "random", first.pushed_at, previous=None)
        assert pointer(s3) == {
            "sha256": one,
            "key": key,
            "bytes": size,
            "name": "random",
            "pushed_at": first.pushed_at,
            "previous": None,
        }
        assert served() == one

        second = releases.push(files[1], promote=False)
        assert second.sha256 == two
        assert releases.current() == first
        assert served() == one

        assert releases.promote(two).previous == one
        assert served() == two
        assert releases.rollback().sha256 == one
        assert served() == one
        assert releases.rollback().sha256 == two  # a rollback can be taken back
        assert releases.push(files[2]).previous == two
        assert served() == three
        assert releases.promote(one[:8]).sha256 == one  # as a lab or a list shows it
        assert served() == one
    listed = releases.list()
    assert {release.sha256 for release in listed} == {one, two, three}
    assert {release.name for release in listed} == {"random"}
    assert [r.pushed_at for r in listed] == sorted((r.pushed_at for r in listed), reverse=True)


def test_pushing_twice_changes_nothing(releases: Releases, s3: Any, files: list[Path]) -> None:
    first = releases.push(files[0])
    before = s3.head_object(Bucket="models", Key=first.key)["LastModified"]
    assert releases.push(files[0]) == first
    assert s3.head_object(Bucket="models", Key=first.key)["LastModified"] == before
    releases.push(files[1])
    assert releases.push(files[0]).previous == sha256(files[1])


def test_bad_weights_never_leave_the_machine(
    releases: Releases, s3: Any, files: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(files[0].read_bytes()[:-4])
    for path in (broken, tmp_path / "missing.safetensors"):
        with pytest.raises(WeightsError, match=path.name):
            releases.push(path)
    assert "Contents" not in s3.list_objects_v2(Bucket="models")


def test_damage_in_the_bucket_is_found_by_reading_back(
    releases: Releases, s3: Any, files: list[Path]
) -> None:
    releases.push(files[1])
    sha = sha256(files[0])
    damaged = bytearray(files[0].read_bytes())
    damaged[-1] ^= 1
    s3.put_object(Bucket="models", Key=f"mnist/{sha}.safetensors", Body=bytes(damaged))
    with pytest.raises(ReleaseError, match=f"{sha}.safetensors is damaged"):
        releases.push(files[0])
    with pytest.raises(ReleaseError, match="damaged"):
        releases.promote(sha)
    current = releases.current()
    assert current is not None
    assert current.sha256 == sha256(files[1])


def test_two_promotions_at_once_do_not_hide_each_other(
    releases: Releases, s3: Any, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody promotes between our look at the pointer and our write."""
    for path in files:
        releases.push(path, promote=False)
    one, two, three = map(sha256, files)
    other = Releases(releases.settings)
    look = releases._pointer

    def look_and_be_late(winner: str) -> None:
        def late() -> tuple[bytes | None, str | None]:
            seen = look()
            monkeypatch.setattr(releases, "_pointer", look)
            other.promote(winner)
            return seen

        monkeypatch.setattr(releases, "_pointer", late)

    look_and_be_late(two)  # both find no pointer
    with pytest.raises(ReleaseConflict, match=f"same moment, current is now {two[:12]} .random"):
        releases.promote(one)
    assert pointer(s3)["sha256"] == two
    look_and_be_late(three)  # both find the same pointer
    with pytest.raises(ReleaseConflict, match="somebody else promoted") as caught:
        releases.promote(one)
    assert caught.value.current == other.current()
    assert pointer(s3)["sha256"] == three
    assert releases.promote(one).previous == three


def test_a_write_whose_answer_was_lost_is_no_conflict(
    releases: Releases, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """boto3 then writes once more and meets its own pointer."""
    put = releases._s3.put_object

    def put_twice(**request: Any) -> Any:
        put(**request)
        return put(**request)

    monkeypatch.setattr(releases._s3, "put_object", put_twice)
    assert releases.push(files[0]).sha256 == sha256(files[0])
    assert releases.push(files[1]).previous == sha256(files[0])


@pytest.mark.parametrize("name", ["0" * 64, "0000", "xyz", "AB" * 32, "", "../etc"])
def test_promote_of_what_was_not_pushed(releases: Releases, files: list[Path], name: str) -> None:
    releases.push(files[0])
    with pytest.raises(ReleaseError, match=r"no such file|not a sha256"):
        releases.promote(name)


def test_an_ambiguous_start_is_refused(releases: Releases, s3: Any) -> None:
    for tail in "01":
        s3.put_object(Bucket="models", Key=f"mnist/{'ab' * 31}c{tail}.safetensors", Body=b"x")
    with pytest.raises(ReleaseError, match="several files"):
        releases.promote("abab")


def test_nothing_to_roll_back_to(releases: Releases, files: list[Path]) -> None:
    with pytest.raises(ReleaseError, match="nothing was served yet"):
        releases.rollback()
    releases.push(files[0])
    with pytest.raises(ReleaseError, match=f"nothing was served before {sha256(files[0])[:12]}"):
        releases.rollback()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b'{"sha256": "a", "key": "b"}'])
def test_a_broken_pointer_is_said_and_replaced(
    releases: Releases, s3: Any, files: list[Path], text: bytes
) -> None:
    release = releases.push(files[0])
    s3.put_object(Bucket="models", Key=POINTER, Body=text)
    with pytest.raises(ReleaseError, match="pointer"):
        releases.current()
    with pytest.raises(ReleaseError, match="pointer"):
        releases.rollback()
    assert releases.promote(release.sha256) == release
    assert releases.current() == release


def test_other_objects_in_the_bucket_are_not_listed(releases: Releases, s3: Any) -> None:
    for key in ("mnist.safetensors", "mnist/notes.txt", "mnist/AB.safetensors"):
        s3.put_object(Bucket="models", Key=key, Body=b"x")
    assert releases.list() == []


def test_wrong_credentials_and_a_wrong_bucket(empty_edge: LocalEdge) -> None:
    right = empty_edge.bucket
    wrong = BucketSettings(right.endpoint_url, right.access_key_id, SECRET)
    with pytest.raises(ReleaseError, match="refuses the access key") as caught:
        Releases(wrong).current()
    assert SECRET not in str(caught.value)
    nowhere = BucketSettings(
        right.endpoint_url, right.access_key_id, right.secret_access_key, "nowhere"
    )
    with pytest.raises(ReleaseError, match=r"no bucket 'nowhere'"):
        Releases(nowhere).list()


def test_a_bucket_that_is_offline() -> None:
    settings = BucketSettings("http://127.0.0.1:9/s3", "id", SECRET)
    with pytest.raises(ReleaseError, match=r"http://127\.0\.0\.1:9/s3") as caught:
        Releases(settings).current()
    assert SECRET not in str(caught.value)
    with pytest.raises(ReleaseError, match="endpoint"):
        Releases(BucketSettings("not a url", "id", SECRET))


def test_no_aws_profile_is_read(
    empty_edge: LocalEdge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile other]\nendpoint_url = http://127.0.0.1:9\n[broken")
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    bucket._session.cache_clear()
    Releases(empty_edge.bucket).list()


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = "CLOUDFLARE_ACCOUNT_ID R2_ENDPOINT_URL R2_ACCESS_KEY_ID R2_SECRET_ACCESS_KEY R2_BUCKET"
    for name in names.split():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("R2_ACCESS_KEY_ID", "id")
    with pytest.raises(ReleaseError, match=r"R2_ENDPOINT_URL .*R2_SECRET_ACCESS_KEY in"):
        Releases()
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "abc123")
    settings = BucketSettings.from_env()
    url = "https://abc123.r2.cloudflarestorage.com"
    assert settings == BucketSettings(url, "id", SECRET, "models")
    assert SECRET not in repr(settings)
    assert SECRET not in repr(Releases(settings))
    monkeypatch.setenv("R2_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("R2_BUCKET", "mine")
    assert BucketSettings.from_env() == BucketSettings("http://127.0.0.1:1", "id", SECRET, "mine")


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
    assert listed["0" * 64].metrics == {}
    assert [r.sha256 for r in listed.values() if r.is_current] == [measured.sha256]
    assert measured.to_dict() == {
        **pointer(s3),
        "metrics": metrics,
        "current": True,
    }


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
    with pytest.raises(ReleaseConflict, match=f"current is now {two[:12]}") as caught:
        releases.promote(three, instead_of=one)
    assert caught.value.current.sha256 == two
    with pytest.raises(ReleaseConflict):
        releases.push(files[2], instead_of=one)
    assert releases.promote(three, instead_of=two).previous == two


def test_the_settings_of_an_edge_that_another_process_runs(empty_edge: LocalEdge) -> None:
    assert BucketSettings.of_local_edge(f"{empty_edge.url}/") == empty_edge.bucket
    with pytest.raises(ReleaseError, match="not on this machine"):
        BucketSettings.of_local_edge("https://mnist.example.workers.dev")
