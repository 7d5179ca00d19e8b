"""What the network is judged by: digits of people whom training has not seen, and what is none.

MNIST's test images, Semeion and the pictures are looked at here and nowhere in training. They are
read from the folder `MNIST_NB_DATA`.
"""

import csv
import gzip
import math
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import data
import numpy as np
from measures import Grey, Labels
from numpy.typing import NDArray
from PIL import Image
from signs import signs

from mnist_nb import Drawing, rasterize
from mnist_nb.drawing.raster import PEN
from mnist_nb.training.datasets import mnist


def digits() -> dict[str, tuple[Grey, Labels]]:
    """Return images (N, 28, 28) and labels (N,) of each set, by its name in the card."""
    drawings, drawn_labels = data.drawings("validation")
    drawn = np.array([rasterize(drawing) for drawing in drawings])
    found = {"MNIST test": mnist("test"), "Pen strokes kept out": (drawn, drawn_labels)}
    kinds = pictures()
    read = [np.concatenate(parts) for parts in zip(*kinds.values(), strict=True)]
    return found | {"Semeion": semeion(), "Pictures": (read[0], read[1])}


def semeion() -> tuple[Grey, Labels]:
    """Return 1,593 digits by some 80 people, 16 x 16 pixels, black or white, as `rasterize` reads.

    UCI "Semeion Handwritten Digit" (CC BY 4.0).
    """
    with gzip.open(_folder() / "semeion/semeion.data.gz") as file:
        table = np.loadtxt(file)  # (1593, 266): 256 pixels, then a 1 at the digit's place
    images = np.array([rasterize(row.reshape(16, 16) * 255) for row in table[:, :256]])
    return images, table[:, 256:].argmax(axis=1).astype(np.uint8)


@cache
def pictures() -> dict[str, tuple[Grey, Labels]]:
    """Return 169 pictures by 13 people as `rasterize` reads them, by kind: photos, scans, ..."""
    kinds: dict[str, tuple[list[Grey], list[int]]] = {}
    with (_folder() / "pictures/pictures.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            images, labels = kinds.setdefault(row["kind"], ([], []))
            with Image.open(_folder() / "pictures" / row["file"]) as picture:
                images.append(rasterize(picture))
            labels.append(int(row["digit"]))
    return {
        kind: (np.array(images), np.array(labels, np.uint8))
        for kind, (images, labels) in sorted(kinds.items())
    }


def drawn_signs(every: bool) -> Grey:
    """Return drawings of Omniglot's alphabets that training has not seen, (N, 28, 28).

    Args:
        every: those that look like digits by the rule in `signs.py`, too.
    """
    return np.array([rasterize(d) for _, drawings in signs("test", every) for d in drawings])


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


def _folder() -> Path:
    folder = Path(os.environ.get("MNIST_NB_DATA", "."))
    if missing := [n for n in ("semeion", "pictures", "omniglot") if not (folder / n).is_dir()]:
        raise SystemExit(
            f"{folder.absolute()} has no {', '.join(missing)}: set MNIST_NB_DATA to a folder with"
            " mnist/, penstrokes/, semeion/, omniglot/ and pictures/"
        )
    return folder
