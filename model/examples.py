"""What the network learns from: digits of four origins, and what is no digit.

MNIST's training images; digits written with a pen, drawn by `rasterize`, the function that also
draws what a user drew; rare ways to write a digit (`shapes.py`); and all of these as coarse black
and white pictures. Beside them letters, signs, scribbles, blots and pairs of digits. MNIST's test
images are not looked at here.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import data
import not_digits
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from shapes import shapes
from signs import signs
from torch import Tensor

from mnist_nb.drawing import Drawing, rasterize

BATCH = 128  # digits; besides
OTHERS = 32  # not digits
REDRAWN = 12  # times that each pen drawing is drawn anew, of which an epoch sees
COPIES = 3  # of each, as there are far fewer strokes than images
SHAPED, COARSE = 16_000, 24_000  # rare ways and coarse pictures, of which an epoch sees
A_PART = 4  # of them: one in so many

Grey = NDArray[np.uint8]


def bend(images: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, slant, scale, shift and bend images (N, 1, 28, 28) a little, each in its own way."""
    n = len(images)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=generator) * (high - low) + low

    angle, slant = uniform(-0.12, 0.12), uniform(-0.12, 0.12)
    width, height = uniform(0.92, 1.08), uniform(0.92, 1.08)
    cos, sin = angle.cos(), angle.sin()
    shift_x, shift_y = uniform(-0.04, 0.04), uniform(-0.04, 0.04)  # in halves of the image
    row_x = torch.stack([cos * width, (slant * cos - sin) * width, shift_x], 1)
    row_y = torch.stack([sin * height, (slant * sin + cos) * height, shift_y], 1)
    grid = F.affine_grid(torch.stack([row_x, row_y], 1), list(images.shape), align_corners=False)
    bends = F.interpolate(uniform(-0.07, 0.07, 2, 5, 5), size=(28, 28), mode="bicubic")
    bent = F.grid_sample(images, grid + bends.permute(0, 2, 3, 1), align_corners=False)
    # Then a thicker or thinner pen: towards the strongest or the weakest of the pixels around.
    thicker, thinner = F.max_pool2d(bent, 3, 1, 1), -F.max_pool2d(-bent, 3, 1, 1)
    change = uniform(-0.3, 0.3, 1, 1, 1)
    return bent + change.clamp(min=0) * (thicker - bent) + change.clamp(max=0) * (bent - thinner)


def draw_again(
    drawing: Drawing, rng: np.random.Generator, pens: tuple[float, float] | None = None
) -> Grey:
    """Rasterise strokes as another hand may have drawn them: turned, slanted, with another pen.

    Args:
        drawing: the strokes.
        rng: of all that is random in it.
        pens: from which width to which, in pixels of the 28x28 image; None: any.
    """
    angle, slant = rng.uniform(-0.2, 0.2), rng.uniform(-0.35, 0.35)
    stretch = math.exp(rng.uniform(-0.2, 0.2))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    change = turn @ np.array([[stretch, slant], [0, 1]])
    every = int(rng.integers(1, 4))  # a fast pen is seen at fewer places
    strokes = []
    for stroke in drawing.strokes:
        if len(stroke) > 3 * every:
            stroke = np.concatenate([stroke[:-1:every], stroke[-1:]])
        wobble = rng.normal(0, 0.006 * drawing.size[0], stroke.shape)  # an unsteady hand
        wobble = np.cumsum(wobble, axis=0) * 0.3 + wobble * 0.3 if len(stroke) > 2 else 0
        strokes.append((stroke + wobble) @ change.T)
    soft = rng.random() < 0.9  # a drawing program's pencil is not
    pen = float(rng.uniform(*pens)) if pens else not_digits.pen_width(rng)
    return rasterize(Drawing(strokes, drawing.size), pen=pen, antialias=bool(soft))


def twins() -> tuple[Grey, Grey, Grey]:
    """Draw each pen drawing anew with a thick pen and, all else the same, with a usual one.

    Returns:
        Thick ones (N, 28, 28), their twins (N, 28, 28), and their labels (N,).
    """
    drawings, digits = data.drawings("train")
    thick, usual = (
        [
            draw_again(drawing, np.random.default_rng([copy, index]), pens)
            for copy in range(COPIES)
            for index, drawing in enumerate(drawings)
        ]
        for pens in ((4.0, 6.0), (2.0, 3.0))
    )
    return np.array(thick), np.array(usual), np.concatenate([digits] * COPIES)


def coarse(image: Grey, rng: np.random.Generator) -> Grey:
    """Return a digit (28, 28) as `rasterize` makes it of a coarse picture, mostly black and white.

    The picture may be stretched to a square, as scanned digits often are.
    """
    ink = np.argwhere(image > 40)
    (top, left), (bottom, right) = ink.min(axis=0), ink.max(axis=0) + 1
    side = 16 if rng.random() < 0.5 else int(rng.integers(9, 22))
    scale = side / max(bottom - top, right - left)
    fill = rng.choice([0, 1, rng.random()])  # how far it is stretched to the square
    height, width = (
        max(3, round(min((1 - fill) * extent * scale + fill * side, 1.8 * extent * scale)))
        for extent in (bottom - top, right - left)
    )
    picture = Image.fromarray(image[top:bottom, left:right])
    small = np.asarray(picture.resize((width, height), Image.Resampling.BOX), np.float64)
    if rng.random() < 0.8:
        small = (small > rng.uniform(0.2, 0.55) * small.max()) * 255.0
    return rasterize(np.pad(small, int(rng.integers(0, 3))))


def make(seed: int) -> dict[str, Grey]:
    """Draw all that is drawn once: images (N, 28, 28) and labels (N,), by name."""
    rng = np.random.default_rng(seed)
    images, labels = data.images("train")
    drawings, digits = data.drawings("train")
    redrawn = np.array([draw_again(d, rng) for _ in range(REDRAWN) for d in drawings])
    rare, shaped_digits = shapes(SHAPED, rng)
    shaped = np.array([draw_again(d, rng) for d in rare])
    sources = np.concatenate([images, redrawn, shaped])
    source_digits = np.concatenate([labels, *[digits] * REDRAWN, shaped_digits])
    # Half of the coarse ones are MNIST's: people's own hands, and far more of them.
    half = rng.integers(0, len(images), COARSE // 2)
    chosen = np.concatenate([half, rng.integers(len(images), len(sources), COARSE // 2)])
    foreign = [draw_again(d, rng) for _, class_ in signs("train") for d in class_ for _ in range(2)]
    pairs = [not_digits.pair(drawings, rng) for _ in range(4_000)]
    return {
        "images": images,
        "labels": labels,
        "redrawn": redrawn.reshape(REDRAWN, -1, 28, 28),
        "digits": digits,
        "shaped": shaped,
        "shaped_digits": shaped_digits,
        "coarse": np.array([coarse(sources[i], rng) for i in chosen]),
        "coarse_digits": source_digits[chosen],
        "others": np.concatenate([not_digits.training_set(20_000, rng), foreign, pairs]),
    }


class Examples:
    """What there is to learn from, in batches that are another each epoch.

    Args:
        file: where they are, or will be, kept: they are drawn once.
        seed: of all that is random in them.
    """

    def __init__(self, file: Path, seed: int = 0) -> None:
        if not file.is_file():
            part = file.with_suffix(".part.npz")
            np.savez(part, **make(seed))
            part.replace(file)
        self.kept = dict(np.load(file))
        self.others = torch.from_numpy(self.kept["others"])
        k = self.kept
        digits = len(k["labels"]) + COPIES * len(k["digits"]) + (SHAPED + COARSE) // A_PART
        self.batches = math.ceil(digits / BATCH)

    def epoch(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield digits (n, 1, 28, 28), each bent in its own way, and their labels (n,)."""
        k = self.kept
        copies = torch.randperm(REDRAWN, generator=generator)[:COPIES].numpy()
        shaped = torch.randperm(SHAPED, generator=generator)[: SHAPED // A_PART].numpy()
        rough = torch.randperm(COARSE, generator=generator)[: COARSE // A_PART].numpy()
        inputs = [k["images"], *k["redrawn"][copies], k["shaped"][shaped], k["coarse"][rough]]
        labels = [k["labels"], *[k["digits"]] * COPIES]
        labels += [k["shaped_digits"][shaped], k["coarse_digits"][rough]]
        pixels, targets = np.concatenate(inputs), np.concatenate(labels).astype(np.int64)
        for chosen in torch.randperm(len(pixels), generator=generator).split(BATCH):
            yield bend(grey(pixels[chosen]), generator), torch.from_numpy(targets[chosen])

    def strange(self, generator: torch.Generator) -> Tensor:
        """Return images (OTHERS, 1, 28, 28) of what is no digit, bent too."""
        chosen = torch.randint(len(self.others), (OTHERS,), generator=generator)
        return bend(grey(self.kept["others"][chosen]), generator)


def grey(images: Grey) -> Tensor:
    """Return images uint8 (N, 28, 28) as the networks take them: (N, 1, 28, 28), 0..1."""
    return torch.from_numpy(images.astype(np.float32) / 255).reshape(-1, 1, 28, 28)
