"""A state folder that cannot be used is named at once, with what to do."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_nb import LocalEdge
from mnist_nb.errors import ReleaseError, SetupError
from mnist_nb.local_edge import host

pytestmark = pytest.mark.edge


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with a release in it."""
    with LocalEdge(state=tmp_path / "state"):
        pass
    return tmp_path / "state"


def damage(state: Path, which: Callable[[Path], bool]) -> None:
    found = [path for path in state.glob("r2/*R2*/*.sqlite*") if which(path)]
    assert found
    for path in found:
        path.write_bytes(b"garbage" * 5000)


def test_a_damaged_state_says_which_folder_to_delete(state: Path) -> None:
    damage(state, lambda path: not path.name.startswith("metadata"))
    with pytest.raises(ReleaseError, match=f"{state} is damaged, delete it"):
        LocalEdge(state=state).start()
    damage(state, lambda path: True)
    with pytest.raises(SetupError, match=f"{state} is damaged, delete it") as caught:
        LocalEdge(state=state).start()
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("folder", ["state", None])
def test_a_full_disk_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str | None
) -> None:
    monkeypatch.setattr(host, "ROOM", 1 << 62)  # no disk has as much
    edge = LocalEdge(state=tmp_path / folder if folder else None)
    with pytest.raises(SetupError, match=r"the disk of .* is full: .* Make room there"):
        edge.start()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_what_cannot_be_written_is_named(state: Path) -> None:
    file = next(state.glob("r2/*R2*/metadata.sqlite"))
    file.chmod(0o400)
    with pytest.raises(SetupError, match=f"{file} cannot be written"):
        LocalEdge(state=state).start()
