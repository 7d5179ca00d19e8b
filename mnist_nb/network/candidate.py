"""The file that somebody wants to push: read once, converted where needed, and checked in full."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mnist_nb.errors import WeightsError
from mnist_nb.network.certificate import Certificate, certify
from mnist_nb.network.file_format import Weights, read_file, read_weights
from mnist_nb.network.overflow import require_finite
from mnist_nb.tensors import MAX_HEADER


@dataclass(frozen=True, eq=False)
class Candidate:
    """What is to be pushed. The bytes travel, so that a plan and a push after it mean the same.

    Attributes:
        content: a weights file.
        weights: the network in it.
        path: where it was read from; another program's file is converted, not copied.
    """

    content: bytes
    weights: Weights
    path: Path

    @cached_property
    def certificate(self) -> Certificate:
        """What the network does with digits that this project makes; asked once."""
        return certify(self.weights)


def read_candidate(path: Path | str) -> Candidate:
    """Read what is to be pushed, before any byte of it leaves this machine.

    Args:
        path: a weights file, or one of another program that `mnist-nb import` reads. It is
            recognised by its content, and refused by its size before it is read.

    Raises:
        WeightsError: missing, too large, damaged, not finite, with layers that do not chain, or
            with numbers that overflow on their way through them.
    """
    path = Path(path)
    if not _is_foreign(path):
        content, weights = read_file(path)
    else:
        from mnist_nb.network.importing.convert import convert

        content = convert(path)
        weights = read_weights(content)
    try:
        require_finite(weights)
    except WeightsError as error:
        raise WeightsError(f"{path} cannot be pushed: {error}") from None
    return Candidate(content, weights, path)


def _is_foreign(path: Path) -> bool:
    """Whether it is a file of another program. What is none is left to our own reader."""
    from mnist_nb.network.importing.foreign import is_foreign

    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return is_foreign(file.read(8 + MAX_HEADER))
    except OSError:
        return False
