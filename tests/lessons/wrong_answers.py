"""Answers to the exercises that are wrong, by the name of the exercise."""

from typing import Any

import numpy as np

from mnist_nb import Drawing
from mnist_nb.comparison import image_price, request_price
from mnist_nb.lessons.exercises.draw import SEVEN
from mnist_nb.lessons.layers.answer import softmax


def _zeros(logits: Any, temperature: float) -> list[float]:
    return [0.0] * len(logits)


def _overflows(logits: Any, temperature: float) -> Any:
    return np.exp(logits / temperature) / np.exp(logits / temperature).sum()


def _cold(logits: Any, temperature: float) -> Any:
    return softmax(np.asarray(logits) - np.max(logits))  # forgets the temperature


WRONG: dict[str, list[Any]] = {
    "01-1": [28, 280 * 280, 3 * 784, 8 * 784, "784", float("nan")],
    "01-2": [784, 100, "none", [1, 2]],
    "01-3": [Drawing(SEVEN), Drawing(), [[]], "a line", 1, [[(1, "x")]]],
    "01-4": [Drawing(SEVEN), Drawing(), 0.5, "scribble"],
    "02-1": [9, 26 * 26 * 8, 28 * 28 * 72, "many"],
    "02-2": [
        np.zeros((3, 3)),
        np.ones((3, 3)),
        [[1, 0, -1]] * 3,
        [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
        [[1, 2], [3, 4]],
        "edges",
    ],
    "02-3": [_zeros, _overflows, _cold, [0.7, 0.2, 0.1], max],
    "02-4": [11616, 32, 11648, 11616 * 32 + 32, "a lot"],
    "02-5": [SEVEN, [[]], "tiny", 5],
    "02-6": [(784, 40), (78400, 1000), (78400, 8000), 78400, "few"],
    "02-7": [(1, 2, 3), (0, 0, 0), (1, 2), (3e38, 3e38, 1), "abc"],
    "03-1": [380, 5, 95, "twenty"],
    "03-2": [1, 0.0199, 2.5, 99],
    "03-3": [
        12,
        lambda here, edge, way: way / (here - edge),
        lambda here, edge, way: 1,
        lambda here, edge, way: 10_000 if here > edge else None,
        lambda here, edge, way: int(way / abs(here - edge or 1)) + 1,
    ],
    "03-4": [1, 1024, image_price() / request_price()],
    "04-1": [3, 1, 0, 4],
    "04-2": ["a", "b", "d", 2],
    "04-3": [
        lambda files, current, previous, keep: files[keep:],
        lambda files, current, previous, keep: [f for f in files[keep:] if f != current],
        lambda files, current, previous, keep: [],
        lambda files, current, previous, keep: None,
        ["a"],
    ],
    "04-4": [b"", b"short", bytes(1_510_800), "NaN"],
    "05-1": [0.1, 0, -2.303, 3.32, "much"],
    "05-2": [157, 468, 468.75, 60_000],
    "05-3": [200, 6272, 25],
    "05-4": [
        "relu",
        [("linear", 10)],
        ["flatten", ("linear", 10)],
        [("conv2d", 8, 30), "flatten", ("linear", 10)],
        [("conv2d", 8, 5), "relu", "flatten", ("linear", 10)],
    ],
}
