"""A file is written in full or not at all: after a crash or on a full disk the old one is there."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in place of the one that is there.

    Raises:
        OSError: it cannot be written there.
    """
    path = Path(os.path.realpath(path))  # what a link leads to, not the link
    if path.exists() and not path.is_file():  # such as /dev/stdout
        path.write_bytes(content)
        return
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
