"""What a file leaves open is chosen by reading digits that this project makes itself.

Neither a state dict nor most ONNX files say how pixels were scaled in training; a state dict does
not say what stands between its weights either. Read in the right way a network knows nearly all of
the digits of `drawing/homemade.py`, wherever it was trained; in a wrong way some surprise it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import WeightsError, WeightsUnclear
from mnist_nb.network.file_format import Weights
from mnist_nb.network.importing.source import Scaling, Tensors
from mnist_nb.network.numpy_network import Network
from mnist_nb.network.ops import Activation, Conv2d, Flatten, Layer, Linear, tensor_names
from mnist_nb.network.our_digits import MANY, our_digits

FEW = 40  # digits for a first look, and MANY for those that KEPT are left after it
KEPT = 24
# Nats by which the best has to be ahead of others, and of those with another activation. On trial
# networks the right one was the best but for sigmoids, which tanh was up to 15 ahead of.
CLEAR, CLEAR_OF_OTHERS = 8.0, 20.0
HOPELESS = 0.5  # share of digits under which they say nothing of how to read a file
WORST = 1000.0  # surprise of an answer without hope
BUDGET = 20e9  # multiply-adds a look, some seconds
# A network may be surer of these digits than of those that it learned, or less: only what a factor
# on its logits does not mend counts against a way to read it.
FACTORS = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0)


RAW = 1 / 255  # std of pixels that enter as they are
# Each with how unusual it is, in nats: MNIST's mean and deviation, 0 to 1, -1 to 1.
USUAL = ((Scaling(0.1307, 0.3081), 0.0), (Scaling(0, 1), 1.0), (Scaling(0.5, 0.5), 2.0))
UNUSUAL = (
    (Scaling(0, RAW), 6.0),
    *((replace(scaling, invert=True), 6.0 + nats) for scaling, nats in USUAL),
)


@dataclass(frozen=True, eq=False)
class Reading:
    """One way to read a file.

    Attributes:
        weights: the network.
        words: what was chosen for it, as options of `mnist-nb import`, and maybe its layers.
        nats: how unusual it is, the logarithm of how many others there are for each such one.
        cost: of an image, in multiply-adds.
    """

    weights: Weights
    words: str
    nats: float
    cost: int


@dataclass(frozen=True)
class Score:
    """How well a reading reads digits, a row of the table that an import prints."""

    words: str
    accuracy: float  # share of the digits that are read right
    nats: float  # surprise at all of them, and how unusual the reading is: less is better


def scaled(weights: Weights, scaling: Scaling, before: tuple[float, float] = (1, 0)) -> Weights:
    """Return a network whose pixels are scaled in a way.

    Args:
        weights: the network.
        scaling: how pixels enter.
        before: a and b, where the network has a * x + b of each pixel x before its first layer.

    Raises:
        WeightsError: pixels are to be turned, but what sees them first has no weights. (The format
            has no turned pixels: instead the first weights change their sign.)
    """
    entry, tensors = weights.architecture, weights.tensors
    (a, b), mean, std = before, scaling.mean, scaling.std
    if scaling == Scaling(0, RAW) and before == (1, 0):
        return replace(weights, architecture=replace(entry, scale=1.0, mean=0.0, std=1.0))
    if a == 0 or std == 0:
        raise WeightsError("pixels are multiplied with 0, or divided by it")
    mean, std = mean - b * std / a, std / a
    if scaling.invert:
        mean, std = 1 - mean, -std
    if std < 0:
        std, tensors = -std, tensors | _turned(entry.layers, tensors)
    entry = replace(entry, scale=255.0, mean=mean, std=std)
    return replace(weights, architecture=entry, tensors=tensors)


def _turned(layers: Sequence[Layer], tensors: Tensors) -> Tensors:
    first = next((layer for layer in layers if tensor_names(layer)), None)
    before = layers[: layers.index(first)] if first else ()
    if first is None or not all(isinstance(layer, Flatten) for layer in before):
        raise WeightsError("pixels cannot be turned: what sees them first has no weights")
    names = tensor_names(first)
    if sum(name in tensor_names(layer) for layer in layers for name in names) > len(names):
        raise WeightsError(f"pixels cannot be turned: {names[0]!r:.80} is used twice")
    if isinstance(first, Conv2d | Linear):
        return {first.weight: -tensors[first.weight]}
    return {name: -tensors[name] for name in (names[0], names[2])}  # weight and running_mean


def choose(readings: Sequence[Reading]) -> tuple[Reading, list[Score]]:
    """Return the reading that is right, and the table of those that are nearly as good.

    Where none reads half of the digits, they say nothing, and the most usual one is returned.

    Raises:
        WeightsError: it is not clear, with a numbered list of what it may be.
    """
    if len(readings) > KEPT:
        seen = [_look(reading, _affordable(readings, FEW))[0].nats for reading in readings]
        readings = [readings[i] for i in np.argsort(seen, kind="stable")[:KEPT]]
    looks = [(reading, *_look(reading, _affordable(readings, MANY))) for reading in readings]
    looks.sort(key=lambda look: look[1].nats)
    best, score, answers = looks[0]
    near = [
        look
        for look in looks[1:]
        if look[1].nats < score.nats + (CLEAR if _alike(look[0], best) else CLEAR_OF_OTHERS)
        and np.abs(look[2] - answers).max() > 1e-5
    ]
    table = [score, *(row for _, row, _ in near)]
    if score.accuracy < HOPELESS:
        usual = min(looks, key=lambda look: look[0].nats)
        return usual[0], [usual[1]]
    if near:
        rows = [f"  {i}  {row.accuracy:6.1%}  {row.words}" for i, row in enumerate(table, 1)]
        raise WeightsUnclear(
            "it is not clear how to read it: digits that this project makes are read well in "
            "several ways. Add --take with the number of the right one, or options that say so:\n"
            + "\n".join(rows),
            table,
        )
    return best, table


def _alike(one: Reading, other: Reading) -> bool:
    kinds = [
        {type(x) for x in r.weights.architecture.layers if isinstance(x, Activation)}
        for r in (one, other)
    ]
    return kinds[0] == kinds[1]


def score(reading: Reading) -> Score:
    """Return how well one reading reads digits."""
    return _look(reading, _affordable([reading], MANY))[0]


def _affordable(readings: Sequence[Reading], count: int) -> int:
    most = BUDGET / sum(reading.cost for reading in readings)
    return max(10, min(count, int(most) // 10 * 10))


def _look(reading: Reading, count: int) -> tuple[Score, NDArray[np.float64]]:
    """Return the score on so many digits, and the probabilities of each."""
    images, labels = (array[:count] for array in our_digits())
    with np.errstate(all="ignore"):
        logits = np.nan_to_num(Network(reading.weights).logits(images).astype(np.float64))
        surprises = [_surprise(factor * logits, labels) for factor in FACTORS]
        answers = np.exp(logits - logits.max(axis=1, keepdims=True))
    answers /= answers.sum(axis=1, keepdims=True)
    accuracy = float((logits.argmax(axis=1) == labels).mean())
    return Score(reading.words, accuracy, min(surprises) + reading.nats), answers


def _surprise(logits: NDArray[np.float64], labels: NDArray[np.uint8]) -> float:
    """Return -log of the right digits' probabilities, added up."""
    logits = logits - logits.max(axis=1, keepdims=True)
    right = logits[np.arange(len(labels)), np.minimum(labels, logits.shape[1] - 1)]
    return float(np.minimum(np.log(np.exp(logits).sum(axis=1)) - right, WORST).sum())
