"""The trail: each move of the pointer is noted, whatever the bucket does meanwhile."""

import getpass
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnist_nb import Network, Releases
from mnist_nb.errors import InputError, ReleaseConflict, ReleaseError
from mnist_nb.network import write_weights
from mnist_nb.releases.trail import FOLDER, Note, pending
from tests.releases.conftest import pointer, refusing, sha256

pytestmark = pytest.mark.edge

NETWORK = Network.load()


def keys(s3: Any) -> list[str]:
    found = s3.list_objects_v2(Bucket="models", Prefix=FOLDER).get("Contents", [])
    return [entry["Key"] for entry in found]


def full(releases: Releases, prefix: str = FOLDER) -> Callable[[], None]:
    """Have the store refuse what is put there; call what is returned and it takes it again."""
    return refusing(releases, "PutObject", f"/{prefix}", 507)


def test_every_move_is_noted(
    releases: Releases, s3: Any, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # no checkout
    one, two, three = map(sha256, files)
    releases.push(files[0], reason="the first")
    releases.push(files[1])
    releases.push(files[1])  # moves nothing
    releases.rollback(reason="it was worse")
    releases.propose(files[2], reason="look at it")
    releases.withdraw(reason="seen")
    releases.propose(files[2])
    releases.promote()
    notes = releases.history()
    assert [(note.what, note.sha256, note.before, note.why) for note in reversed(notes)] == [
        ("promote", one, None, "the first"),
        ("promote", two, one, ""),
        ("rollback", one, two, "it was worse"),
        ("propose", three, one, "look at it"),
        ("withdraw", three, one, "seen"),
        ("propose", three, one, ""),
        ("promote", three, one, ""),
    ]
    assert {note.who.partition("@")[0] for note in notes} == {getpass.getuser()}
    assert {(note.commit, note.forced, note.name, note.trouble) for note in notes} == {
        (None, False, "random", "")
    }
    assert keys(s3) == [note.key for note in reversed(notes)]
    assert re.fullmatch(rf"{FOLDER}\d{{8}}T\d{{6}}\.\d{{6}}Z-{three[:8]}\.json", keys(s3)[-1])
    assert releases.history(2) == notes[:2]
    with pytest.raises(InputError, match="most is 0"):
        releases.history(0)
    assert len(releases.list()) == 3


def test_the_commit_and_who_are_noted(
    releases: Releases, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "init", "-q"], check=True)
    (tmp_path / "file").write_text("1")
    subprocess.run(["git", "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
    subprocess.run(["git", "tag", "v1"], check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    secret = releases.settings.secret_access_key
    by_class = Releases(releases.settings, who=f"class 4b {secret}")
    by_class.push(files[0], reason=f"with {secret}")
    (tmp_path / "file").write_text("2")
    by_class.push(files[1])
    second, first = releases.history()
    assert (first.commit, second.commit) == (head.stdout.strip(), f"{head.stdout.strip()}-dirty")
    assert (first.who, first.why) == ("class 4b ...", "with ...")
    with pytest.raises(InputError, match="who has to be a text of at most 200"):
        Releases(releases.settings, who="x" * 201)


def test_a_move_that_came_second_leaves_no_note(
    releases: Releases, s3: Any, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    releases.push(files[0])
    seen = releases._pointer()
    Releases(releases.settings).push(files[1])
    monkeypatch.setattr(releases, "_pointer", lambda: seen)
    with pytest.raises(ReleaseConflict):
        releases.promote(sha256(files[1]))
    assert [note.sha256 for note in Releases(releases.settings).history()] == [
        sha256(files[1]),
        sha256(files[0]),
    ]


def test_a_full_bucket_is_told_and_loses_no_note(
    releases: Releases, s3: Any, files: list[Path]
) -> None:
    releases.push(files[0])
    empty = full(releases)
    with pytest.warns(UserWarning, match=r"promote of \w{12} is done, but its note .* Is the"):
        releases.push(files[1])
    with pytest.warns(UserWarning, match="rollback of"):
        releases.rollback()
    assert pointer(s3)["sha256"] == sha256(files[0])
    assert len(keys(s3)) == 1
    before = releases.history()
    assert [note.what for note in before] == ["rollback", "promote", "promote"]
    empty()
    releases.rollback()
    assert releases.history()[1:] == before
    assert len(keys(s3)) == 4
    assert len(pointer(s3)["trail"]) == 1


def test_too_many_notes_that_nobody_takes_stop_the_moves(
    releases: Releases, s3: Any, files: list[Path]
) -> None:
    releases.push(files[0])
    releases.push(files[1])
    said = pointer(s3)
    note = said["trail"][0]
    said["trail"] = [note | {"when": f"2026-11-28T10:00:{i:02}.000Z"} for i in range(20)]
    s3.put_object(Bucket="models", Key="mnist/current.json", Body=json.dumps(said).encode())
    full(releases)
    with pytest.raises(ReleaseError, match="the notes of the last 20 moves cannot be written"):
        releases.rollback()
    assert pointer(s3) == said


def test_the_longest_notes_can_be_read_and_fit_into_the_pointer(
    releases: Releases, tmp_path: Path
) -> None:
    letter = "\N{GRINNING FACE}"  # 12 bytes in JSON
    path = tmp_path / "named.safetensors"
    architecture = replace(NETWORK.architecture, name=letter * 200)
    path.write_bytes(write_weights(architecture, dict(NETWORK.weights.tensors)))
    releases = Releases(releases.settings, who=letter * 200)
    releases.push(NETWORK.path)
    releases.push(path, reason=letter * 500)
    assert releases.history()[0].why == letter * 500
    full(releases)
    with pytest.warns(UserWarning, match="its note .* could not be written"):
        releases.rollback(reason=letter * 500)
    with pytest.raises(ReleaseError, match="the notes of the last 2 moves cannot be written"):
        releases.rollback(reason=letter * 500)
    assert releases.current()


def test_where_the_pointer_cannot_be_written_nothing_is_noted(
    releases: Releases, s3: Any, files: list[Path]
) -> None:
    releases.push(files[0])
    full(releases, "mnist/current.json")
    with pytest.raises(ReleaseError, match=r"the bucket is full .*prune"):
        releases.push(files[1])
    assert pointer(s3)["sha256"] == sha256(files[0])
    assert len(releases.history()) == len(keys(s3)) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b"\xff", b"{}", b"x" * 20_000])
def test_a_damaged_note_is_told(
    releases: Releases, s3: Any, files: list[Path], content: bytes
) -> None:
    releases.push(files[0])
    releases.push(files[1])
    key = keys(s3)[0]
    s3.put_object(Bucket="models", Key=key, Body=content)
    s3.put_object(Bucket="models", Key=f"{FOLDER}other.txt", Body=b"x")
    new, old = releases.history()
    assert (new.what, new.trouble) == ("promote", "")
    assert old.trouble.startswith(key)
    assert len(old.trouble) <= 300


NOTE: dict[str, Any] = {
    **{"what": "promote", "sha256": "ab" * 32, "name": "n", "who": "me"},
    "when": "2026-11-28T10:00:00.000Z",
}


@pytest.mark.parametrize(
    "said",
    [
        5,
        "x",
        [5],
        [NOTE | {"who": 5}],
        [NOTE | {"before": 5}],
        [NOTE | {"forced": "yes"}],
        [NOTE | {"when": "../../current"}],
        [NOTE | {"sha256": "x/../.."}],
        [{"what": "promote"}],
    ],
)
def test_a_trail_of_any_json_in_a_pointer_is_left_out(said: Any) -> None:
    assert pending(json.dumps({"trail": said}).encode()) == []


def test_a_trail_of_a_pointer_is_read() -> None:
    assert pending(json.dumps({"trail": [NOTE]}).encode()) == [Note(**NOTE)]
    assert pending(b"[" * 100_000) == pending(b"\xff") == pending(None) == []
