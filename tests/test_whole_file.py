"""A file is written whole or not at all."""

import resource
from pathlib import Path

import pytest

from mnist_nb.whole_file import write_whole


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    write_whole(kept, b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # as a disk that is full
    try:
        with pytest.raises(OSError, match="File too large"):
            write_whole(kept, bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert kept.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [kept]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "folder" / "file")
    write_whole(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "folder" / "file").read_bytes() == b"new"


def test_a_device_stays_one() -> None:
    write_whole(Path("/dev/null"), b"gone")
    assert Path("/dev/null").is_char_device()
