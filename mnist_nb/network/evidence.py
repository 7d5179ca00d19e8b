"""Which places of a drawing spoke for a digit: shares that add up to its logit.

After the flattening there are linear layers with an activation in between. A linear layer adds up
shares, so each input's share is its weight times its value. The activation is not linear, but for
one drawing it multiplies each of its inputs by some number: GELU by the share of the normal
distribution below x, ReLU by 0 or 1. (A sigmoid makes a half of nothing, which
counts as a bias.) With these numbers taken as they are for this drawing the rest is linear, and the
shares add up exactly (to rounding; biases are reported apart).

So the shares account for one answer. They do not foretell another one: when ink goes away the
multipliers change too. `erased` measures that, by erasing.
"""

import numpy as np
from numpy.typing import NDArray

from mnist_nb.network.layers_of import Layers
from mnist_nb.network.maps import scale_and_shift
from mnist_nb.network.numpy_network import Network
from mnist_nb.network.ops import Activation, BatchNorm1d, Linear, Sigmoid

PIECE = 1 << 17  # multiply-adds
PATCH = 4  # pixels a side of what `erased` erases: 7 x 7 patches fill an image


def evidence(
    layers: Layers, outputs: list[NDArray[np.float32]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each place's share in each logit.

    Args:
        layers: of a network with one flatten, and no maps after it.
        outputs: `layers.outputs(image)`.

    Returns:
        Shares float64 (labels, rows, columns), added up over the channels of the last maps; and
        what the biases add, float64 (labels,). Shares and biases together sum to the logits.

    Raises:
        ValueError: there is a layer of another kind after the flatten.
    """
    tensors = layers.network.weights.tensors
    flatten = layers.flatten
    labels = len(outputs[-1])
    weight, bias = np.eye(labels), np.zeros(labels)  # (labels, n): of what enters the layer
    for index in reversed(range(flatten + 1, len(layers.layers))):
        layer, before, after = layers.layers[index], outputs[index], outputs[index + 1]
        if isinstance(layer, Linear):
            if layer.bias is not None:
                bias = bias + weight @ tensors[layer.bias]
            weight = _product(weight, layers.linear_weights[index])
        elif isinstance(layer, BatchNorm1d):
            scale, shift = scale_and_shift(layer, tensors)
            bias, weight = bias + weight @ shift, weight * scale
        elif isinstance(layer, Activation):
            x, of_nothing = before.astype(np.float64), 0.5 if isinstance(layer, Sigmoid) else 0.0
            bias = bias + weight.sum(axis=1) * of_nothing
            weight = weight * np.divide(after - of_nothing, x, out=np.zeros_like(x), where=x != 0)
        else:
            raise ValueError(f"evidence cannot be followed back through {layer}")
    maps = outputs[flatten]  # (C, H, W), what is flattened
    shares = weight * outputs[flatten + 1]
    return shares.reshape(labels, *maps.shape).sum(axis=1), bias


def _product(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Left @ right in pieces that no BLAS shares among threads; `forward` says why."""
    width = max(1, PIECE // left.size)
    pieces = [left @ right[:, i : i + width] for i in range(0, right.shape[1], width)]
    return np.concatenate(pieces, axis=1)


def erased(
    network: Network, image: NDArray[np.uint8], label: int, against: int
) -> NDArray[np.float64]:
    """Return what each patch of 4 x 4 pixels is worth: what is lost when it is made background.

    Returns:
        float64 (7, 7): the difference of the two logits, of the image less that without the patch.
    """
    side = 28 // PATCH
    blank = np.repeat(image[None], side * side + 1, axis=0)  # the last one stays as it is
    for index in range(side * side):
        row, column = PATCH * (index // side), PATCH * (index % side)
        blank[index, row : row + PATCH, column : column + PATCH] = 0
    logits = network.logits(blank).astype(np.float64)
    difference = logits[:, label] - logits[:, against]
    lost: NDArray[np.float64] = (difference[-1] - difference[:-1]).reshape(side, side)
    return lost
