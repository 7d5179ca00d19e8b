"""Answers to the exercises that are wrong, by the name of the exercise."""

import math
from itertools import cycle
from typing import Any

import numpy as np

from mnist_nb import Drawing
from mnist_nb.comparison import image_price, request_price
from mnist_nb.lessons.exercises.draw import SEVEN
from mnist_nb.lessons.layers.answer import softmax
from tests.lessons.right_answers import (
    CONTENT,
    FOUR,
    LETTER_A,
    SAMPLE,
    by_formula,
    keep_list,
    last_step,
)


def _zeros(logits: Any, temperature: float) -> list[float]:
    return [0.0] * len(logits)


def _overflows(logits: Any, temperature: float) -> Any:
    return np.exp(logits / temperature) / np.exp(logits / temperature).sum()


def _math_overflows(logits: Any, temperature: float) -> Any:
    powers = [math.exp(logit / temperature) for logit in logits]
    return [power / sum(powers) for power in powers]


def _less_the_mean(logits: Any, temperature: float) -> Any:
    return _overflows(logits - np.mean(logits), temperature)


def _less_700(logits: Any, temperature: float) -> Any:
    return _overflows(logits - 700, temperature)


def _cold(logits: Any, temperature: float) -> Any:
    return softmax(np.asarray(logits) - np.max(logits))  # forgets the temperature


def _times(logits: Any, temperature: float) -> Any:
    return softmax(np.asarray(logits) * temperature)


def _no_return(logits: Any, temperature: float) -> None:
    softmax(np.asarray(logits) / temperature)


def _by_math_of_an_array(logits: Any, temperature: float) -> Any:
    return math.exp(logits / temperature)


def _half(content: bytes) -> bytes:
    return content[: len(content) // 2]


BETWEEN, LETTER = SAMPLE, LETTER_A
NARROW = [("linear", 1), ("linear", 30), ("linear", 10)]
WRONG: dict[str, list[Any]] = {
    "01-1": [
        1888, 1890, 784 * 8, 784 * 256, 6, 237, 784, 256**784, 2**784, "1889", float("nan"), True,
    ],
    "01-2": [46, 48, 0, 90, -47, 63, 47.5, "47", [1, 2], float("inf")],
    "01-3": [
        Drawing(SEVEN), Drawing(), [[]], "a line", 1, [[(1, "x")]], [(140, 50), (140, 230)],
        [[(50, 140), (230, 140)]], SAMPLE, [[(140, 140)], [(10, 10)]], {"strokes": 1}, np.zeros(3),
    ],
    "01-4": [
        Drawing(SEVEN), SAMPLE, LETTER, (BETWEEN,), (BETWEEN, LETTER, LETTER), (LETTER, BETWEEN),
        (BETWEEN, [[(140, 140)]]), (BETWEEN, SEVEN), (SEVEN, LETTER), ([[(140, 140)]], LETTER),
        (BETWEEN, Drawing()), (0.5, 0.5), "scribble", (BETWEEN, ...), (..., LETTER),
        {"between": BETWEEN, "nothing": LETTER},
    ],
    "02-1": [9, 72, 26 * 26 * 8, 28 * 28 * 72, 26 * 26 * 9, 28 * 28 * 9, 27 * 27 * 72, "48672"],
    "02-2": [
        np.zeros((3, 3)), np.ones((3, 3)), [[1, 0, -1]] * 3, [[5] * 3, [-6] * 3, [1] * 3],
        [[1, 1, 1], [0, 0, 0], [-1, -1, -1]], [[-1] * 3, [0] * 3, [1.01] * 3],
        [[-1, 0, 0], [0, 0, 0], [0, 0, 1]], [[-1] * 3, [3] * 3, [-2] * 3], [[1, 2], [3, 4]],
        [-1, -1, -1, 0, 0, 0, 1, 1, 1], np.ones((3, 3, 3)), "edges", max,
        [[-1, -1, -1], [0, 0, 0], [1, 1, float("inf")]],
    ],
    "02-3": [
        _zeros, _overflows, _math_overflows, _less_the_mean, _less_700, _cold, _times, _no_return,
        _by_math_of_an_array, [0.7, 0.2, 0.1], max, math.exp,
    ],
    "02-4": [11616, 32, 11648, 11616 * 32 + 32, 26 * 26 * 24 * 32, 24 * 32, "a lot"],
    "02-5": [
        SEVEN, [[]], "tiny", 5, Drawing(), FOUR, [stroke + 5 for stroke in FOUR.strokes],
        [[(140, 50), (140, 230)]], [[(1, 2, 3)]], [[(float("nan"), 1)]],
        [[(1e9, 1e9), (1e9, 0)]], lambda: FOUR,
    ],
    "02-6": [
        lambda w, b, m, v, s, t: (w * s / v, (b - m) * s / v + t),
        lambda w, b, m, v, s, t: (w * s / v**0.5, b),
        lambda w, b, m, v, s, t: (w * s / v**0.5, b * s / v**0.5 + t),
        lambda w, b, m, v, s, t: (w * s / v**0.5, (b - m) * s / v**0.5),
        lambda w, b, m, v, s, t: (w, (b - m) * s / v**0.5 + t),
        lambda w, b, m, v, s, t: (w - m) * s / v**0.5 + t,
        lambda w, b, m, v, s, t: None,
        lambda w, b: (w, b),
        lambda w, b, m, v, s, t: (w.ravel(), b),
        (1, 2),
    ],
    "02-7": [
        (1, 2, 3), (0, 0, 0), (1, 2), (3e38, 3e38, 1), (1e300, 1, 1), (0.5, 0.25, 0.125), "abc",
        (1, 1e8, float("nan")), 5, ["1", "x", "2"],
    ],
    "03-1": [95, 50, 97.5, 0.966, 96.4, 97, 99, 3.41, "96.6", "p96.6", [96.6, 1], True],
    "03-2": [1, 2, 0.0199, 2.5, 99, 98.01, 1.98, 1.9, "1.99", [1, 0.99]],
    "03-3": [
        12,
        lambda here, edge, way: way / (here - edge),
        lambda here, edge, way: math.ceil(way / (here - edge)) if here > edge else None,
        lambda here, edge, way: 1,
        lambda here, edge, way: 10_000 if here > edge else None,
        lambda here, edge, way: int(way / abs(here - edge or 1)) + 1,
        lambda here, edge, way: int(way / (here - edge)) + 2 if here > edge else None,
        lambda here, edge, way: int(way / here) + 1 if here > edge else None,
        lambda here, edge, way: by_formula(here, edge, way) or math.inf,
        lambda here, edge, way: str(by_formula(here, edge, way)),
        lambda here, edge, way: None,
        lambda here, edge: 5,
        by_formula(0.5, 0.25, 1),
    ],
    "03-4": [1, 0, 1024, image_price() / request_price(), request_price(), "many", [1, 2]],
    "04-1": [3, 1, 0, 4, 6, 2.5, "2"],
    "04-2": ["a", "b", "d", 2, "cc", "c, then b", b"c", ["c"], "current", "none"],
    "04-3": [
        lambda files, current, previous, keep: files[keep:],
        lambda files, current, previous, keep: [f for f in files[keep:] if f != current],
        lambda files, current, previous, keep: [f for f in files[keep:] if f != previous],
        lambda files, current, previous, keep: keep_list(files, current, previous, keep + 1),
        lambda files, current, previous, keep: keep_list(files, current, previous, keep)[::2],
        lambda files, current, previous, keep: files[:keep],
        lambda files, current, previous, keep: keep_list(files[::-1], current, previous, keep),
        lambda files, current, previous, keep: [],
        lambda files, current, previous, keep: None,
        lambda files, current, previous, keep: 7,
        lambda files, current, previous, keep: [None, 1],
        lambda files, current, previous, keep: "".join(keep_list(files, current, previous, keep)),
        lambda files, current, previous, keep: 2 * keep_list(files, current, previous, keep),
        lambda files, current, previous, keep: cycle(files),
        ["a"],
    ],
    "04-4": [
        b"", b"short", bytes(len(CONTENT)), CONTENT, CONTENT[:-2] + b"\x80\x7f", CONTENT + b"\x7f",
        CONTENT[:-4] + b"\x00\x00\xc0\x7f", b"\xff" + CONTENT[1:], CONTENT[:-1] + b"\x3c",
        _half(CONTENT), list(CONTENT[-4:]), "NaN",
    ],
    "05-1": [0.1, 0, 1, -2.303, 3.32, 2.31, 2.32, 2.29, 10, "much", [2.3, 2.3]],
    "05-2": [157, 156, 468, 468.75, 60_000, 470, 472, "471", [157, 3]],
    "05-3": [200, 6272, 25, 26, 8, 209, 8 * 24 * 24, "208"],
    "05-4": [
        "relu",
        [5],
        [None],
        [([1], 2)],
        [("linear", 10)],
        ["flatten", ("linear", 10)],
        [("conv2d", 8, 30), "flatten", ("linear", 10)],
        [("conv2d", 8, 5), "relu", "flatten", ("linear", 10)],
        [("conv2d", 1, 28), "flatten", ("linear", 1), ("linear", 10)],
        [("conv2d", 1, 1), ("maxpool2d", 28), "flatten", ("linear", 10)],
        [("conv2d", 4, 1), ("maxpool2d", 4), "flatten", ("linear", 10)],
        [("conv2d", 2, 5), ("maxpool2d", 6), "flatten", *NARROW],
        [[("conv2d", 4, 5), "relu"], ["flatten", ("linear", 10)]],
        {"conv2d": 4},
        [("conv2d", 10**9, 5), "flatten", ("linear", 10)],
        [("conv2d", 2999, 1), "flatten", ("linear", 2999), ("linear", 10)],
    ],
    "05-5": [
        lambda w, b, x, d, r: last_step(w, b, x, d, -r),
        lambda w, b, x, d, r: last_step(w, b, x, d, 1),
        lambda w, b, x, d, r: last_step(w, b, x, 9 - d, r),
        lambda w, b, x, d, r: (last_step(w, b, x, d, r)[0], b),
        lambda w, b, x, d, r: (w, last_step(w, b, x, d, r)[1]),
        lambda w, b, x, d, r: last_step(w, b, x, d, r)[0],
        lambda w, b, x, d, r: last_step(w, b, x, d, r)[::-1],
        lambda w, b, x, d, r: (w - r * np.outer(softmax(w @ x + b), x), b),
        lambda w, b, x, d, r: (w - r * (softmax(w @ x + b) - np.eye(10)[d])[:, None], b),
        lambda w, b, x, d, r: (last_step(w, b, x, d, r)[0].T, b),
        lambda w, b, x, d, r: None,
        lambda w, b: (w, b),
        (np.zeros((10, 7)), np.zeros(10)),
    ],
}  # fmt: skip
