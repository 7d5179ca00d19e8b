"""Releases against the real S3 endpoint of the local bucket."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_nb import EdgeClient, LocalEdge
from mnist_nb.errors import ReleaseConflict, ReleaseError, WeightsError
from mnist_nb.releases import bucket
from mnist_nb.releases.releases import POINTER, BucketSettings, Release, Releases
from tests.releases.conftest import SECRET, pointer, refusing, sha256

pytestmark = pytest.mark.edge


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
        trail = pointer(s3)["trail"]
        assert [(note["what"], note["sha256"]) for note in trail] == [("promote", one)]
        assert pointer(s3) == {
            "sha256": one,
            "key": key,
            "bytes": size,
            "name": "random",
            "pushed_at": first.pushed_at,
            "previous": None,
            "trail": trail,
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


@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        (200, b"<html>Log in</html>", "is no S3 endpoint, but maybe a page or a redirect"),
        (301, b"<html>Moved</html>", "is no S3 endpoint, but maybe a page or a redirect"),
        (403, b"<Error><Code>RequestTimeTooSkewed</Code></Error>", "the clock of this machine"),
        (400, b"<Error><Code>" + b"x" * 1000 + b"</Code></Error>", r"answered 400 x{80};"),
    ],
)
def test_what_is_no_store_of_ours_says_so(
    releases: Releases, status: int, said: bytes, expected: str
) -> None:
    refusing(releases, "", "/models", status, said)
    with pytest.raises(ReleaseError, match=expected):
        releases.list()


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
