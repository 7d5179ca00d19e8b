"""Print every number of the model card: `python model/evaluate.py [FILE ...]`.

MNIST's test images are looked at here and nowhere in training. The pen strokes are those that
training kept out, see `data.py`; the letters are of fonts that training has not seen. Several files
are networks of one recipe: the first is looked at closely, then the mean of all is given. Without a
file it is the shipped network and the other two seeds beside it.
"""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import data
import not_digits
import numpy as np
from numpy.typing import NDArray

from mnist_nb import Drawing, Network, rasterize
from mnist_nb.drawing.raster import PEN
from mnist_nb.training.datasets import mnist

HERE = Path(__file__).parent
BINS = 15
STRANGE = 1_000  # letters, scribbles and blots each
SEED = 20261122

Grey = NDArray[np.uint8]
Rows = NDArray[np.float32]
Labels = NDArray[np.uint8]


def confusion(rows: Rows, labels: Labels) -> NDArray[np.int64]:
    """Return how often each digit (row) was read as each digit (column), int (10, 10)."""
    table = np.zeros((10, 10), int)
    np.add.at(table, (labels, rows.argmax(axis=1)), 1)
    return table


def accuracy(rows: Rows, labels: Labels) -> float:
    """Return the share 0..1 of rows (N, 10) whose largest probability is the label's."""
    return float((rows.argmax(axis=1) == labels).mean())


def report(title: str, table: NDArray[np.int64]) -> list[str]:
    """Return lines for the model card from a confusion table (10, 10)."""
    right, total = np.diag(table), table.sum(axis=1)
    digits = [f"{d}: {r / t:.1%}" for d, (r, t) in enumerate(zip(right, total, strict=True))]
    return [
        f"{title}: {right.sum() / total.sum():.2%} "
        f"({total.sum() - right.sum()} of {total.sum():,} wrong)",
        f"  {'  '.join(digits)}",
    ]


def calibration(rows: Rows, labels: Labels) -> NDArray[np.float64]:
    """Return for each of 15 bins of the largest probability: (share, mean probability, accuracy).

    Empty bins are left out. Guo, Pleiss, Sun, Weinberger: "On Calibration of Modern Neural
    Networks", 2017.
    """
    surest, right = rows.max(axis=1), rows.argmax(axis=1) == labels
    place = np.minimum((surest * BINS).astype(int), BINS - 1)
    return np.array(
        [
            (chosen.mean(), surest[chosen].mean(), right[chosen].mean())
            for b in range(BINS)
            if (chosen := place == b).any()
        ]
    )


def calibration_error(bins: NDArray[np.float64]) -> float:
    """Return the expected calibration error 0..1: the mean gap of the bins."""
    share, probability, accuracy = bins.T
    return float((share * np.abs(probability - accuracy)).sum())


def variants(drawings: list[Drawing]) -> Iterator[tuple[str, Grey]]:
    """Yield the same strokes drawn elsewhere, in another size, slant, pen, canvas: (N, 28, 28)."""

    def redrawn(change: NDArray[np.float64], corner: tuple[int, int] | None = None) -> Grey:
        changed = []
        for drawing in drawings:
            side = drawing.size[0]
            points = np.concatenate(drawing.strokes) @ change.T
            low, high = points.min(axis=0), points.max(axis=0)
            shift = (side - low - high) / 2  # in the middle
            if corner:
                shift = np.where(corner, side - high, -low)
            changed.append(Drawing([s @ change.T + shift for s in drawing.strokes], drawing.size))
        return np.array([rasterize(drawing) for drawing in changed])

    def on_canvas(side: int) -> Grey:  # in whole pixels, as a mouse draws
        scaled = [
            Drawing([np.round(s * (side / d.size[0])) for s in d.strokes], (side, side))
            for d in drawings
        ]
        return np.array([rasterize(drawing) for drawing in scaled])

    yield "half size", redrawn(np.eye(2) / 2)
    yield "double size", redrawn(np.eye(2) * 2)
    for name, corner in {
        "top left": (0, 0), "top right": (1, 0), "bottom left": (0, 1), "bottom right": (1, 1)
    }.items():  # fmt: skip
        yield f"half size, {name}", redrawn(np.eye(2) / 2, corner)
    slant = math.tan(math.radians(15))
    yield "slanted 15 degrees right", redrawn(np.array([[1, -slant], [0, 1]]))
    yield "slanted 15 degrees left", redrawn(np.array([[1, slant], [0, 1]]))
    yield "pen of half width", np.array([rasterize(d, pen=PEN / 2) for d in drawings])
    yield "pen of double width", np.array([rasterize(d, pen=PEN * 2) for d in drawings])
    for side in (140, 280, 600):
        yield f"canvas of {side} pixels", on_canvas(side)


def main() -> None:
    """Load, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shipped = [HERE / "mnist.safetensors", *sorted((HERE / "seeds").glob("*.safetensors"))]
    parser.add_argument("files", type=Path, nargs="*", default=shipped)
    networks = [Network.load(path) for path in parser.parse_args().files]
    network = networks[0]
    drawings, digits = data.drawings("validation")
    drawn = np.array([rasterize(drawing) for drawing in drawings])
    sets = {"MNIST test": mnist("test"), "Pen strokes kept out": (drawn, digits)}
    answers = {title: network.predict(images) for title, (images, _) in sets.items()}
    tables = {title: confusion(answers[title], labels) for title, (_, labels) in sets.items()}

    print(f"{network.name}, {network.parameters:,} parameters, sha256 {network.sha256}")
    for title, table in tables.items():
        print(*report(title, table), sep="\n")
    for title, (images, labels) in sets.items():
        others = [accuracy(n.predict(images), labels) for n in networks[1:]]
        each = [accuracy(answers[title], labels), *others]
        listed = ", ".join(f"{score:.2%}" for score in each)
        print(f"Mean of {len(each)} seeds, {title}: {np.mean(each):.2%} ({listed})")

    print("\nThe same strokes kept out, drawn otherwise")
    base = accuracy(answers["Pen strokes kept out"], digits)
    for title, images in variants(drawings):
        score = accuracy(network.predict(images), digits)
        print(f"  {title}: {score:.2%} ({100 * (score - base):+.2f})")

    print(f"\nExpected calibration error, {BINS} bins")
    for title, (_, labels) in sets.items():
        print(f"  {title}: {calibration_error(calibration(answers[title], labels)):.2%}")

    threshold = network.not_sure_below or 0.0
    print(f'\n"Not sure", as no probability reaches {threshold}')
    strange = not_digits.test_sets(STRANGE, SEED)
    answers |= {f"{kind} (no digits)": network.predict(strange[kind]) for kind in strange}
    for title, rows in answers.items():
        print(f"  {title}: {(rows.max(axis=1) < threshold).mean():.2%}")

    for title, table in tables.items():
        print(f"\n{title}, confusion: what it is (row) and what it was read as (column)")
        print("      " + "".join(f"{digit:>6}" for digit in range(10)))
        for digit, row in enumerate(table):
            print(f"{digit:>6}" + "".join(f"{count:>6}" for count in row))


if __name__ == "__main__":
    main()
