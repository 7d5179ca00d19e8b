"""Train a network in plain numpy: slower than PyTorch, but every line of it can be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import InputError
from mnist_nb.network import Forward, Weights, moved


@dataclass(frozen=True, eq=False)
class Moment:
    """A network at one moment of its training.

    Attributes:
        step: how many steps are done.
        steps: how many there will be.
        loss: of the batch that comes next, in nats, before anything is learned from it.
        weights: the network.
    """

    step: int
    steps: int
    loss: float
    weights: Weights


def learn(
    start: Weights,
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    steps: int,
    *,
    batch: int = 32,
    rate: float = 0.01,
    momentum: float = 0.9,
    seed: int = 1,
) -> Iterator[Moment]:
    """Train, and yield before the first step and after each one.

    Each number goes on in the direction that it has, and is turned by the newest gradient: that is
    gradient descent with momentum (Polyak, 1964).

    Args:
        start: the network to begin with, as from `design`.
        images: uint8 (N, 28, 28).
        labels: (N,), 0..9, or `NO_DIGIT`.
        steps: how many.
        batch: images in a step, drawn at random.
        rate: how far a number goes for a gradient of 1.
        momentum: how much of the direction stays from step to step, 0..1.
        seed: of the batches; the same seed gives the same network.

    Raises:
        InputError: images and labels do not fit together, or there are none; or
            the rate is so large that the numbers grow without end.
    """
    if len(images) != len(labels) or not len(images):
        raise InputError(f"there are {len(images)} images and {len(labels)} labels: give one each")
    rng = np.random.default_rng(seed)
    weights = start
    direction: dict[str, Any] = dict.fromkeys(start.tensors, 0.0)
    for step in range(steps + 1):
        chosen = rng.integers(len(images), size=batch)
        with np.errstate(over="ignore", invalid="ignore"):  # what came of it is looked at
            forward = Forward(weights, images[chosen], np.float32)
            loss = forward.loss(labels[chosen])
            gradients = forward.gradients(labels[chosen]).tensors
        if not np.isfinite(loss):
            raise InputError(
                f"after {step} steps the numbers have grown beyond all bounds: a rate of {rate:g} "
                f"is too large for this network, try {rate / 10:g}"
            )
        yield Moment(step, steps, loss, weights)
        for name, gradient in gradients.items():
            direction[name] = momentum * direction[name] + gradient
        weights = moved(weights, direction, rate)
