"""Print every number of the model card: `python model/evaluate.py [FILE]`.

MNIST's test images are looked at here and nowhere in training. The pen strokes are the 1,500 that
training kept out, the last of the file, which is in writing order.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_nb import Network, rasterize
from mnist_nb.datasets import mnist, pen_strokes

STROKES_VALIDATION = 1_500  # the same as in train.py


def confusion(
    network: Network, images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """Return how often each digit (row) was read as each digit (column), int (10, 10)."""
    table = np.zeros((10, 10), int)
    np.add.at(table, (labels, network.predict(images).argmax(axis=1)), 1)
    return table


def report(title: str, table: NDArray[np.int64]) -> str:
    """Return lines for the model card from a confusion table (10, 10)."""
    right, total = np.diag(table), table.sum(axis=1)
    by_digit = "  ".join(
        f"{d}: {r / t:.1%}" for d, (r, t) in enumerate(zip(right, total, strict=True))
    )
    return (
        f"{title}: {right.sum() / total.sum():.2%} "
        f"({total.sum() - right.sum()} of {total.sum():,} wrong)\n  {by_digit}"
    )


def main() -> None:
    """Load, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?", help="default: the shipped weights")
    network = Network.load(parser.parse_args().file)
    print(f"{network.name}, {network.parameters:,} parameters, sha256 {network.sha256}")
    print(report("MNIST test", confusion(network, *mnist("test"))))
    drawings, labels = pen_strokes()
    images = np.array([rasterize(drawing) for drawing in drawings[-STROKES_VALIDATION:]])
    table = confusion(network, images, labels[-STROKES_VALIDATION:])
    print(report("Pen strokes kept out", table))


if __name__ == "__main__":
    main()
