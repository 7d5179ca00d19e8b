"""What is not a digit: letters, scribbles, blots, pairs. From them it learns to be "not sure".

Letters come as pen strokes from the Hershey fonts (A. V. Hershey, 1967; package `hershey-fonts`)
and as shapes from the fonts that matplotlib carries. Whole fonts are kept out of training, for the
numbers of the model card. Letters that look like a digit are left out everywhere.
"""

import math
import string
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from HersheyFonts import HersheyFonts
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mnist_nb.drawing.raster import rasterize
from mnist_nb.drawing.strokes import Drawing

LOOK_LIKE_DIGITS = "BDGILOQSZbgiloqsz"
LETTERS = "".join(c for c in string.ascii_letters if c not in LOOK_LIKE_DIGITS)

STROKE_FONTS = (
    "futural",
    "futuram",
    "scriptc",
    "scripts",
    "rowmans",
    "rowmand",
    "timesr",
    "timesi",
)
SHAPE_FONTS = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSans-Bold", "cmr10")
SHAPE_FONTS += ("cmtt10", "cmmi10")
# Kept out of training:
OTHER_STROKE_FONTS = ("cursive", "rowmant", "timesib", "gothgbt")
OTHER_SHAPE_FONTS = (
    "DejaVuSerif",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralItalic",
    "cmss10",
)

Grey = NDArray[np.uint8]
Strokes = list[NDArray[np.float64]]


def letter(
    rng: np.random.Generator, stroke_fonts: tuple[str, ...], shape_fonts: tuple[str, ...]
) -> Grey:
    """Return one letter (28, 28): two in three by pen strokes, the others by a font's shapes."""
    character = LETTERS[rng.integers(len(LETTERS))]
    if rng.random() < 1 / 3:
        return rasterize(_shape(character, shape_fonts[rng.integers(len(shape_fonts))], rng))
    strokes = _hershey(stroke_fonts[rng.integers(len(stroke_fonts))])[character]
    return rasterize(_by_hand([s.copy() for s in strokes], rng), pen=pen_width(rng))


def scribble(rng: np.random.Generator) -> Grey:
    """Return one scribble (28, 28): a wild line, loops, hatching, a spiral, or many short lines."""
    kind = rng.integers(6)
    t = np.linspace(0, 1, 150)
    if kind == 0:  # from one random place to the next
        strokes = [rng.random((rng.integers(8, 40), 2))]
    elif kind == 1:  # a hand that changes its direction smoothly and does not know where it goes
        turn = np.cumsum(rng.normal(0, rng.uniform(0.25, 0.6), 200)) + rng.uniform(0, 6)
        step = np.column_stack([np.cos(turn), np.sin(turn)])
        strokes = [_kept_inside(np.cumsum(step, axis=0) * rng.uniform(0.03, 0.08))]
    elif kind == 2:  # loops over each other
        a = rng.uniform(2.5, 6)
        b = a + rng.uniform(0.7, 3)  # were they the same, it would be a 0
        phase = rng.uniform(0, 6, 2)
        wave = [np.sin(2 * math.pi * a * t + phase[0]), np.sin(2 * math.pi * b * t + phase[1])]
        strokes = [np.column_stack(wave) * rng.uniform(0.6, 1, 2)]
    elif kind == 3:  # hatching
        n = int(rng.integers(8, 30))
        across = np.where(np.arange(n) % 2, 1.0, 0.0) + rng.normal(0, 0.12, n)
        strokes = [np.column_stack([np.linspace(0, rng.uniform(0.5, 1.2), n), across])]
    elif kind == 4:  # a spiral of at least two and a half turns
        turns, phase = rng.uniform(2.5, 6), rng.uniform(0, 6)
        radius = t ** rng.uniform(0.5, 1.2)
        wave = [np.cos(2 * math.pi * turns * t + phase), np.sin(2 * math.pi * turns * t + phase)]
        strokes = [np.column_stack(wave) * radius[:, None]]
    else:  # many short lines
        strokes = [
            rng.random(2) + rng.normal(0, 0.25, (rng.integers(2, 5), 2))
            for _ in range(rng.integers(4, 12))
        ]
    angle = rng.uniform(0, 2 * math.pi)
    turn_all = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    drawing = Drawing([(s * 200) @ turn_all.T for s in strokes])
    return rasterize(drawing, pen=pen_width(rng))


def blot(rng: np.random.Generator) -> Grey:
    """Return one blot (28, 28): a filled shape, a few dots, or noise."""
    kind = rng.integers(4)
    if kind == 0:  # a filled shape with a wavy outline
        angle = np.linspace(0, 2 * math.pi, 60)
        radius = 60 + sum(
            rng.normal(0, 25 / k) * np.cos(k * angle + rng.uniform(0, 6)) for k in range(2, 7)
        )
        outline = np.column_stack([np.cos(angle) * rng.uniform(0.5, 1), np.sin(angle)])
        points = 128 + outline * np.clip(radius, 15, 110)[:, None]
        picture = Image.new("L", (256, 256), 255)
        ImageDraw.Draw(picture).polygon([(float(x), float(y)) for x, y in points], fill=0)
        return rasterize(picture)
    if kind == 1:  # dots, or one of them
        dots = [rng.random((1, 2)) * 200 for _ in range(rng.integers(1, 9))]
        return rasterize(Drawing(dots), pen=rng.uniform(1.5, 6))
    if kind == 2:  # rubbed full with the pen
        n = 80
        angle = np.sort(rng.uniform(0, 2 * math.pi, n))
        points = np.column_stack([np.cos(angle), np.sin(angle)]) * rng.uniform(0.4, 1, 2)
        points[1::2] *= rng.uniform(-1, 1, (n // 2, 1))
        return rasterize(Drawing([points * 100 + rng.normal(0, 5, (n, 2))]), pen=pen_width(rng))
    coarse = rng.random((int(rng.integers(4, 29)),) * 2)  # clouds of noise
    noise = Image.fromarray((coarse * 255).astype(np.uint8)).resize(
        (28, 28), Image.Resampling.BICUBIC
    )
    levels = np.clip((np.asarray(noise) / 255 - rng.uniform(0.2, 0.6)) * rng.uniform(1, 4), 0, 1)
    return (levels * 255).astype(np.uint8)


def pair(digits: list[Drawing], rng: np.random.Generator) -> Grey:
    """Return two digits in one image (28, 28), clearly apart: side by side, or one above the other.

    Two are no digit: a picture of them has to be cut first.
    """
    axis = int(rng.random() < 0.5)  # 0: side by side
    strokes, at = [], 0.0
    for index in rng.integers(0, len(digits), 2):
        points = np.concatenate(digits[index].strokes)
        low, extent = points.min(axis=0), np.ptp(points, axis=0)
        scale = 100 * math.exp(rng.uniform(-0.2, 0.2)) / max(extent.max(), 1)
        shift = rng.normal(0, 8, 2)
        shift[axis] = at
        strokes += [(s - low) * scale + shift for s in digits[index].strokes]
        at += extent[axis] * scale + rng.uniform(25, 60)
    return rasterize(Drawing(strokes), pen=min(pen_width(rng), 3.0))


def training_set(count: int, rng: np.random.Generator) -> Grey:
    """Return `count` images (count, 28, 28): half of them letters, of the fonts for training."""
    makers = (lambda: letter(rng, STROKE_FONTS, SHAPE_FONTS), lambda: scribble(rng))
    draw = (makers[0], makers[1], makers[0], lambda: blot(rng))
    return np.array([draw[i % 4]() for i in range(count)])


def test_sets(count: int, seed: int) -> dict[str, Grey]:
    """Return `count` images of each kind; the letters are of fonts that training has not seen."""
    rng = np.random.default_rng(seed)
    return {
        "letters": np.array(
            [letter(rng, OTHER_STROKE_FONTS, OTHER_SHAPE_FONTS) for _ in range(count)]
        ),
        "scribbles": np.array([scribble(rng) for _ in range(count)]),
        "blots": np.array([blot(rng) for _ in range(count)]),
    }


def pen_width(rng: np.random.Generator) -> float:
    """Return a width in pixels of the 28x28 image: often near 2.5, else from half to double."""
    if rng.random() < 0.3:
        return 2.5 * math.exp(rng.normal(0, 0.2))
    return float(rng.uniform(1.2, 5.6))


@lru_cache
def _hershey(font: str) -> dict[str, Strokes]:
    source = HersheyFonts()
    source.load_default_font(font)

    def strokes(character: str) -> Iterator[NDArray[np.float64]]:
        for stroke in source.strokes_for_text(character):
            yield np.array(list(stroke), np.float64)

    return {c: [s for s in strokes(c) if len(s)] for c in LETTERS}


def _by_hand(strokes: Strokes, rng: np.random.Generator) -> Drawing:
    """Bend, slant and stretch a font's strokes as hands do."""
    points = np.concatenate(strokes)
    low, size = points.min(axis=0), max(np.ptp(points, axis=0).max(), 1)
    slant, stretch = rng.uniform(-0.35, 0.35), math.exp(rng.normal(0, 0.2))
    change = np.array([[stretch, slant], [rng.normal(0, 0.12), 1]])
    waves = rng.normal(0, 0.05, (3, 2, 2))  # three slow waves: (wave, of x or y, in x or y)
    bent = []
    for stroke in strokes:
        s = (_dense(stroke) - low) / size  # 0..1
        for k, wave in enumerate(waves, 1):
            s = s + np.sin(math.pi * k * s[:, ::-1] + rng.uniform(0, 0.3)) @ wave / k
        bent.append(s @ change.T * 200)
    return Drawing(bent)


def _dense(stroke: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put three more points on every line of a stroke, so that it can be bent."""
    at = np.arange(len(stroke))
    fine = np.linspace(0, len(stroke) - 1, 4 * len(stroke) - 3)
    return np.column_stack([np.interp(fine, at, column) for column in stroke.T])


def _shape(character: str, font: str, rng: np.random.Generator) -> Image.Image:
    path = Path(matplotlib.get_data_path(), "fonts/ttf", f"{font}.ttf")
    picture = Image.new("L", (96, 96), 255)
    ImageDraw.Draw(picture).text((48, 48), character, fill=0, font=_font(str(path)), anchor="mm")
    slant, angle = rng.uniform(-0.25, 0.25), rng.uniform(-12, 12)
    place = (1, slant, -48 * slant, 0, 1, 0)
    slanted = picture.transform((96, 96), Image.Transform.AFFINE, place, fillcolor=255)
    return slanted.rotate(angle, Image.Resampling.BILINEAR, fillcolor=255)


@lru_cache
def _font(path: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, 60)


def _kept_inside(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mirror a path at the borders of 0..1."""
    folded = np.abs(points % 2)
    return np.where(folded > 1, 2 - folded, folded)
