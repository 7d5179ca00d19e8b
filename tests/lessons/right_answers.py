"""Answers to the exercises that are right, in several forms, by the name of the exercise."""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from mnist_nb import Drawing
from mnist_nb.comparison import image_price, request_price
from mnist_nb.drawing.samples import samples
from mnist_nb.lessons.layers.answer import softmax
from mnist_nb.lessons.layers.subject import SAMPLE
from mnist_nb.network import shipped_weights

CONTENT = shipped_weights().read_bytes()
LETTER_A = [[(60, 240), (140, 40), (220, 240)], [(95, 160), (185, 160)]]
FOUR = samples()[4]


def forms(value: float) -> list[Any]:
    """One number as readers may hand it in."""
    return [value, float(value), np.float64(value), np.array(value), [value], Fraction(value)]


def in_numpy(logits: Any, temperature: float) -> Any:
    scaled = np.asarray(logits) / temperature
    powers = np.exp(scaled - scaled.max())
    return powers / powers.sum()


def in_place(logits: Any, temperature: float) -> Any:
    logits /= temperature
    logits -= logits.max()
    np.exp(logits, out=logits)
    logits /= logits.sum()
    return logits


def in_plain_python(logits: Any, temperature: float) -> list[float]:
    largest = max(logits)
    powers = [math.exp((logit - largest) / temperature) for logit in logits]
    return [power / sum(powers) for power in powers]


def in_float32(logits: Any, temperature: float) -> Any:
    return in_numpy(logits.astype(np.float32), temperature)


def ten_by_ten(logits: Any, temperature: float) -> Any:
    """Written for ten logits, which is what the exercise promises."""
    largest = max(logits[digit] for digit in range(10))
    powers = [math.e ** ((logits[digit] - largest) / temperature) for digit in range(10)]
    return tuple(power / sum(powers) for power in powers)


def merge(
    weights: Any, bias: float, mean: float, variance: float, scale: float, shift: float
) -> Any:
    factor = scale / np.sqrt(variance + 1e-5)
    return weights * factor, (bias - mean) * factor + shift


def merge_plainly(
    w: Any, b: float, mean: float, variance: float, scale: float, shift: float
) -> Any:
    spread = math.sqrt(variance)
    rows = [[scale * weight / spread for weight in row] for row in w]
    return [rows, scale * (b - mean) / spread + shift]


def by_formula(here: float, edge: float, way: float) -> int | None:
    return math.floor(way / (here - edge)) + 1 if here > edge else None


def by_counting(here: float, edge: float, way: float) -> int | None:
    if edge >= here:
        return None
    n = 1
    while way + n * edge >= n * here:
        n += 1
    return n


def keep_list(files: Any, current: Any, previous: Any, keep: int) -> list[str]:
    return [file for file in files[keep:] if file not in (current, previous)]


def keep_set(files: Any, current: Any, previous: Any, keep: int) -> set[str]:
    return set(files[keep:]) - {current, previous}


def keep_lazily(files: Any, current: Any, previous: Any, keep: int) -> Iterator[str]:
    for index, file in enumerate(files):
        if index >= keep and file != current and file != previous:
            yield file


def keep_in_place(files: Any, current: Any, previous: Any, keep: int) -> Any:
    del files[:keep]
    for needed in (current, previous):
        if needed in files:
            files.remove(needed)
    return files


def last_step(weight: Any, bias: Any, inputs: Any, label: int, rate: float) -> Any:
    error = in_numpy(weight @ inputs + bias, 1)
    error[label] -= 1
    return weight - rate * np.outer(error, inputs), bias - rate * error


def last_step_in_place(weight: Any, bias: Any, inputs: Any, label: int, rate: float) -> Any:
    error = in_numpy(weight @ inputs + bias, 1) - np.eye(10)[label]
    weight -= rate * error[:, None] * inputs
    bias -= rate * error
    return [weight, bias]


def last_step_by_loops(weight: Any, bias: Any, inputs: Any, label: int, rate: float) -> Any:
    shares = in_plain_python([sum(weight[d] * inputs) + bias[d] for d in range(10)], 1)
    new, new_bias = [], []
    for digit, share in enumerate(shares):
        error = share - (digit == label)
        new.append([weight[digit][i] - rate * error * x for i, x in enumerate(inputs)])
        new_bias.append(bias[digit] - rate * error)
    return new, new_bias


RIGHT: dict[str, list[Any]] = {
    "01-1": [*forms(1889), len(str(256**784))],
    "01-2": [*forms(47), np.int32(47)],
    "01-3": [
        [[(140, 50), (140, 230)]],
        Drawing([[(140, 50), (140, 230)]]),
        [[(150, 50), (130, 230)]],
        [np.array([(140.0, 50), (140, 230)])],
        [[(10, 10), (10, 20)]],
        Drawing([[(10, 50), (10, 230)]], (20, 280)),
        np.array([[(140, -50), (140, -230)]]),
        (((140, 50), (140, 140), (140, 230)),),
    ],
    "01-4": [
        (SAMPLE, LETTER_A),
        [SAMPLE, LETTER_A],
        (SAMPLE, Drawing(LETTER_A)),
        (SAMPLE.strokes, LETTER_A),
        (Drawing([stroke / 2 for stroke in SAMPLE.strokes]), LETTER_A),
        (SAMPLE, [[(40, 40), (240, 240)], [(240, 40), (40, 240)]]),
    ],
    "02-1": forms(26 * 26 * 9 * 8),
    "02-2": [
        [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
        [[-1] * 3, [1] * 3, [0] * 3],
        [[0] * 3, [-1] * 3, [1] * 3],
        np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]) / 4,
        np.float32([[-0.1] * 3, [0] * 3, [0.1] * 3]),
        ((-3e-8, -3e-8, -3e-8), (0, 0, 0), (3e-8, 3e-8, 3e-8)),
        [[-1e300] * 3, [0] * 3, [1e300] * 3],
        [[Fraction(-1, 3)] * 3, [0] * 3, [Fraction(1, 3)] * 3],
        [[-2] * 3, [1] * 3, [1] * 3],
        [[0, -1, 0], [0, 0, 0], [0, 1, 0]],
    ],
    "02-3": [in_numpy, in_place, in_plain_python, in_float32, ten_by_ten, softmax],
    "02-4": forms(24 * 22 * 22 * 32),
    "02-5": [
        Drawing([30 + stroke / 4 for stroke in FOUR.strokes]),
        [30 + stroke / 4 for stroke in FOUR.strokes],
        [(30 + stroke / 4).tolist() for stroke in FOUR.strokes],
        [20 + stroke / 5 for stroke in FOUR.strokes],
    ],
    "02-6": [
        merge,
        merge_plainly,
        lambda w, b, m, v, s, t: (w * s / v**0.5, np.array([(b - m) * s / v**0.5 + t])),
        lambda *a: merge(np.float32(a[0]), *a[1:]),
    ],
    "02-7": [
        (1.0, 1e8, -1e8),
        [1e8, -1e8, 1],
        np.array([1, 1e8, -1e8]),
        np.float32([1e8, 1, 1]) * np.float32([1, 4, 4]),
        (2**24, 1, 1),
        (1e-45, 1e8, -1e8),
        (1e30, -1e30, 7),
    ],
    "03-1": [*forms(96.6), 96.59, 100 * 0.5**0.05],
    "03-2": [*forms(1.99), 100 * (1 - 0.99**2)],
    "03-3": [by_formula, by_counting, lambda *a: np.int64(by_formula(*a)) if a[0] > a[1] else None,
             lambda *a: float(by_formula(*a)) if a[0] > a[1] else None],
    "03-4": [request_price() / image_price(), *forms(round(request_price() / image_price()))],
    "04-1": forms(2),
    "04-2": ["c", "C", " c ", "c\n", '"c"', "'c'.", "“c”"],
    "04-3": [keep_list, keep_set, keep_lazily, keep_in_place],
    "04-4": [
        CONTENT[:-1] + b"\x7f",
        CONTENT[:-1] + b"\xff",
        bytearray(CONTENT[:-1] + b"\x7f"),
        memoryview(CONTENT[:-1] + b"\x7f"),
    ],
    "05-1": [2.3, 2.30, 2.303, math.log(10), -math.log(0.1), -np.log(0.1), [2.3026]],
    "05-2": [*forms(471), 3 * math.ceil(20_000 / 128)],
    "05-3": forms(208),
    "05-4": [
        [("conv2d", 4, 5), "relu", ("maxpool2d", 2), ("conv2d", 8, 5), "relu", ("maxpool2d", 2),
         "flatten", ("linear", 10)],
        (("conv2d", 4, 5), "gelu", ("maxpool2d", 4), "flatten", ("linear", 10)),
        [["conv2d", 6, 3], "batchnorm2d", "relu", ["maxpool2d", 5], "flatten", ["linear", 10]],
        [("conv2d", 2, 5), "relu", ("maxpool2d", 3), "flatten", ("linear", 20), "relu",
         ("linear", 10)],
    ],
    "05-5": [last_step, last_step_in_place, last_step_by_loops,
             lambda w, b, x, d, r: tuple(np.float32(part) for part in last_step(w, b, x, d, r))],
}  # fmt: skip
