"""Whether numbers overflow float32 on their way through a network, found as the edge finds it."""

import numpy as np

from mnist_nb.errors import WeightsError
from mnist_nb.network.file_format import Weights
from mnist_nb.network.numpy_network import Network
from mnist_nb.network.ops import BatchNorm, Conv2d

TRIAL = np.stack([np.zeros(784, np.uint8), np.arange(784, 1568).astype(np.uint8)])
"""The images that the edge tries, too: paper, and a ramp of all greys."""


def require_finite(weights: Weights) -> None:
    """Refuse a network that the edge would not take.

    Raises:
        WeightsError: a batch norm overflows in the weights it is folded into, or the answer to a
            trial image is not finite.
    """
    with np.errstate(all="ignore"):
        finite = _folds(weights) and np.isfinite(Network(weights).logits(TRIAL)).all()
    if not finite:
        raise WeightsError(
            "it gives no finite probabilities: its numbers overflow float32. Train it with smaller"
            " weights"
        )


def _folds(weights: Weights) -> bool:
    """Whether batch norms stay finite in the weights of the convolutions before them."""
    tensors = weights.tensors
    before = np.ones((1, 1), np.float32)  # (out, ...)
    for layer in weights.architecture.layers:
        if isinstance(layer, BatchNorm):
            deviation = np.sqrt(tensors[f"{layer.prefix}.running_var"] + np.float64(layer.eps))
            factor = (tensors[f"{layer.prefix}.weight"] / deviation).reshape(-1, 1)
            before = (factor * before).astype(np.float32)
            if not np.isfinite(before).all():
                return False
        else:
            own = tensors[layer.weight] if isinstance(layer, Conv2d) else np.ones(1, np.float32)
            before = own.reshape(len(own), -1)
    return True
