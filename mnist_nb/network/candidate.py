"""The file that somebody wants to push: read, converted where needed, and checked in full."""

import hashlib
from pathlib import Path

from mnist_nb.errors import WeightsError
from mnist_nb.network.file_format import Weights, file_bytes, read_weights


def read_candidate(path: Path | str) -> tuple[bytes, Weights]:
    """Read what is to be pushed, before any byte of it leaves this machine.

    Args:
        path: a weights file, or one of another program that `mnist-nb import` reads. It is
            recognised by its content, and refused by its size before it is read.

    Returns:
        The bytes of a weights file, and the network in them.

    Raises:
        WeightsError: missing, too large, damaged, not finite, or with layers that do not chain.
    """
    path = Path(path)
    if _is_foreign(path):
        from mnist_nb.network.convert import convert

        content = convert(path)
        return content, read_weights(content)
    weights = read_weights(path)
    content = file_bytes(path)
    if hashlib.sha256(content).hexdigest() != weights.sha256:
        raise WeightsError(f"{path} changed while it was read; push it once more")
    return content, weights


def _is_foreign(path: Path) -> bool:
    """Whether it is a file of Burn or PyTorch. What is neither is left to our own reader."""
    from mnist_nb.network import import_burn, import_pytorch

    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = file.read(256)
    except OSError:
        return False
    marks = (import_burn.BPK_MAGIC, import_pytorch.ZIP_MAGIC, import_pytorch.OLD_MAGIC)
    return head.startswith(marks) or import_burn.BIN_MARK in head
