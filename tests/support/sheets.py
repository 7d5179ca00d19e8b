"""Made-up sheets of several digits, and what is on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnist_nb import Drawing

SIDE = 900  # pixels of a sheet's longer side, at most


@dataclass(frozen=True, eq=False)
class Sheet:
    """A picture, and its digits in reading order."""

    picture: Image.Image
    digits: list[int]


def sheet(drawings: list[Drawing], labels: list[int], seed: int) -> Sheet:
    """Lay drawings out in one to four lines, each digit of a size, slant and place of its own.

    Neighbours are at least an eighth of a digit apart. Ink, paper, pen and light differ too.
    """
    rng = np.random.default_rng(seed)
    high = int(rng.integers(50, 130))
    pen = max(2, round(high * rng.uniform(0.05, 0.12)))
    rows = np.array_split(np.arange(len(drawings)), min(len(drawings), int(rng.integers(1, 5))))
    placed: list[tuple[list[NDArray[np.float64]], float, float]] = []
    top, right = 0.5 * high, 0.0
    for row in rows:
        x = high * rng.uniform(0.4, 1)
        for index in row:
            strokes = _shaped(drawings[index], high * rng.uniform(0.7, 1.2), rng)
            wide = float(np.concatenate(strokes)[:, 0].max())
            placed.append((strokes, x, top + high * rng.uniform(0, 0.2)))
            x += wide + pen + high * rng.uniform(0.15, 0.8)
        right = max(right, x)
        top += high * rng.uniform(1.75, 2.2)
    size = int(right + 0.5 * high), int(top + 0.2 * high)
    return Sheet(_painted(placed, size, pen, rng), labels)


def _shaped(drawing: Drawing, high: float, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Strokes that are `high` and begin at (0, 0), slanted."""
    slant = rng.uniform(-0.27, 0.27)  # 15 degrees
    points = [stroke + stroke[:, 1:] * (slant, 0) for stroke in drawing.strokes]
    low, top = np.concatenate(points).min(axis=0), np.concatenate(points).max(axis=0)
    return [(stroke - low) * (high / max(top - low)) for stroke in points]


def _painted(
    placed: list[tuple[list[NDArray[np.float64]], float, float]],
    size: tuple[int, int],
    pen: int,
    rng: np.random.Generator,
) -> Image.Image:
    fine = Image.new("L", (2 * size[0], 2 * size[1]), 0)
    brush = ImageDraw.Draw(fine)
    for strokes, x, y in placed:
        for stroke in strokes:
            points = [(2 * float(px + x), 2 * float(py + y)) for px, py in stroke]
            brush.line(points, fill=255, width=2 * pen, joint="curve")
            for px, py in (points[0], points[-1]):
                brush.ellipse((px - pen, py - pen, px + pen, py + pen), fill=255)
    ink = np.asarray(fine.resize(size, Image.Resampling.BOX), float) / 255
    y, x = np.mgrid[: size[1], : size[0]]
    light = 1 - rng.uniform(0, 0.5) * (x / size[0] + y / size[1]) / 2
    page = (rng.uniform(190, 250) * (1 - ink) + rng.uniform(10, 80) * ink) * light
    page += rng.normal(0, rng.uniform(0, 4), page.shape)
    return Image.fromarray(np.clip(page, 0, 255).astype(np.uint8))
