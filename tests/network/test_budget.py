"""Files made to take for ever: refused at once, with the reason."""

import io
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_nb.errors import WeightsError
from mnist_nb.network import convert, read_weights

SHARED = b"\x80\x02)q\x00" + b"h\x00h\x00\x86q\x00" * 40 + b"h\x00\x93."  # a tuple of two, 40 times


def archive(pickle: bytes, members: int = 0) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("m/data.pkl", pickle)
        for index in range(members):
            out.writestr(f"m/{index}", b"")
    return file.getvalue()


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (archive(SHARED), "broken pickle"),
        (archive(b"\x80\x02" + b"]" * (16 << 20)), "data.pkl has 16,777,218 bytes"),
        (archive(b".", 10_001), "members in the zip file"),
    ],
    ids=["shared tuples", "lists", "members"],
)
def test_an_import_has_a_budget(content: bytes, says: str) -> None:
    with pytest.raises(WeightsError, match=says):
        convert(content)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_what_never_ends_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        for read in (read_weights, convert):
            with pytest.raises(WeightsError, match="a pipe or a device"):
                read(path)
