"""The file that somebody wants to push: read once, converted where needed, and checked in full."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_nb.errors import WeightsError
from mnist_nb.network.architecture import BatchNorm2d, Conv2d
from mnist_nb.network.file_format import Weights, read_file, read_weights
from mnist_nb.network.numpy_network import Network

_TRIAL = np.stack([np.zeros(784, np.uint8), np.arange(784, 1568).astype(np.uint8)])
"""The images that the edge tries, too: paper, and a ramp of all greys."""


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


def read_candidate(path: Path | str) -> Candidate:
    """Read what is to be pushed, before any byte of it leaves this machine.

    Args:
        path: a weights file, or one of another program that `mnist-nb import` reads. It is
            recognised by its content, and refused by its size before it is read.

    Raises:
        WeightsError: missing, too large, damaged, not finite, with layers that do not chain, or
            with numbers that overflow float32 on the way through them.
    """
    path = Path(path)
    if not _is_foreign(path):
        content, weights = read_file(path)
    else:
        from mnist_nb.network.convert import convert

        content = convert(path)
        weights = read_weights(content)
    if not _is_finite(weights):
        raise WeightsError(
            f"{path} gives no finite probabilities: its numbers overflow float32. Train it with"
            " smaller weights"
        )
    return Candidate(content, weights, path)


def _is_finite(weights: Weights) -> bool:
    """Whether the edge would find finite numbers only, as it folds batch norms and tries images."""
    layers, tensors = weights.architecture.layers, weights.tensors
    with np.errstate(all="ignore"):
        for before, layer in zip((None, *layers), layers, strict=False):
            if isinstance(layer, BatchNorm2d):
                variance = tensors[f"{layer.prefix}.running_var"].astype(np.float64) + layer.eps
                factor = tensors[f"{layer.prefix}.weight"] / np.sqrt(variance)
                matrix = tensors[before.weight] if isinstance(before, Conv2d) else np.ones((1, 1))
                folded = factor.reshape(-1, 1) * matrix.reshape(len(matrix), -1)
                if not np.isfinite(folded.astype(np.float32)).all():
                    return False
        return bool(np.isfinite(Network(weights).predict(_TRIAL)).all())


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
