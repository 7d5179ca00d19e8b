"""Fifteen ways to spoil an image of 28 x 28 pixels, each in five strengths, for the model card.

Of the kinds of MNIST-C (Mu, Gilmer: "MNIST-C: A Robustness Benchmark for Computer Vision", 2019),
made anew. Strength 5 leaves a digit that a person can still read, mostly.
"""

import io
import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Grey = NDArray[np.uint8]
Level = NDArray[np.float64]
Spoil = Callable[[Grey, int, np.random.Generator], Level | Grey]


def corruptions(images: Grey, seed: int) -> Iterator[tuple[str, int, Grey]]:
    """Yield (name, strength 1..5, the images (N, 28, 28) spoilt in this way)."""
    for name, spoil in KINDS.items():
        for strength in range(1, 6):
            rng = np.random.default_rng([seed, strength, *name.encode()])
            spoilt = [np.clip(np.round(spoil(x, strength, rng)), 0, 255) for x in images]
            yield name, strength, np.array(spoilt, np.uint8)


def _noise(image: Grey, strength: int, rng: np.random.Generator) -> Level:
    return image + rng.normal(0, 18 * strength, image.shape)


def _salt_and_pepper(image: Grey, strength: int, rng: np.random.Generator) -> Level:
    struck = rng.random(image.shape) < 0.03 * strength
    return np.where(struck, 255.0 * (rng.random(image.shape) < 0.5), image)


def _blur(image: Grey, strength: int, rng: np.random.Generator) -> Grey:
    return np.asarray(
        Image.fromarray(image).filter(ImageFilter.GaussianBlur(0.4 * strength)), np.uint8
    )


def _motion(image: Grey, strength: int, rng: np.random.Generator) -> Level:
    angle = rng.uniform(0, math.pi)
    steps = np.linspace(-0.6, 0.6, 9) * strength
    return np.mean(
        [_affine(image, shift=(s * math.cos(angle), s * math.sin(angle))) for s in steps], axis=0
    )


def _shear(image: Grey, strength: int, rng: np.random.Generator) -> Level:
    return _affine(image, np.array([[1, _sign(rng) * 0.12 * strength], [0, 1]]))


def _scale(image: Grey, strength: int, rng: np.random.Generator) -> Level:
    return _affine(image, np.eye(2) * (1 + 0.14 * strength))


def _rotation(image: Grey, strength: int, rng: np.random.Generator) -> Level:
    angle = math.radians(_sign(rng) * 6 * strength)
    cos, sin = math.cos(angle), math.sin(angle)
    return _affine(image, np.array([[cos, -sin], [sin, cos]]))


def _shift(image: Grey, strength: int, rng: np.random.Generator) -> Level:
    angle = rng.uniform(0, 2 * math.pi)
    return _affine(
        image, shift=(0.8 * strength * math.cos(angle), 0.8 * strength * math.sin(angle))
    )


def _brightness(image: Grey, strength: int, rng: np.random.Generator) -> Level:
    return image + 25.0 * strength


def _stripe(image: Grey, strength: int, rng: np.random.Generator) -> Level:
    at = int(rng.integers(4, 24 - strength))
    striped = image.astype(np.float64)
    striped[:, at : at + strength] = 255 - striped[:, at : at + strength]
    return striped


def _fog(image: Grey, strength: int, rng: np.random.Generator) -> Level:
    cloud = Image.fromarray(rng.integers(0, 256, (4, 4)).astype(np.uint8))
    fog = np.asarray(cloud.resize((28, 28), Image.Resampling.BICUBIC), np.float64)
    return image + fog * 0.12 * strength


def _spatter(image: Grey, strength: int, rng: np.random.Generator) -> Grey:
    picture = Image.fromarray(image)
    pen = ImageDraw.Draw(picture)
    for _ in range(2 * strength):
        x, y, radius = *rng.uniform(0, 28, 2), rng.uniform(0.3, 1.5)
        pen.ellipse(
            (x - radius, y - radius, x + radius, y + radius), fill=int(rng.integers(120, 256))
        )
    return np.asarray(picture, np.uint8)


def _dotted_line(image: Grey, strength: int, rng: np.random.Generator) -> Grey:
    picture = Image.fromarray(image)
    pen = ImageDraw.Draw(picture)
    for _ in range(strength):
        left, right = rng.uniform(0, 28, 2)
        for x in range(0, 28, 2):
            pen.point((x, left + (right - left) * x / 28), fill=255)
    return np.asarray(picture, np.uint8)


def _zigzag(image: Grey, strength: int, rng: np.random.Generator) -> Grey:
    picture = Image.fromarray(image)
    middle, height = rng.uniform(4, 24), 1 + strength
    points = [(4.0 * i, middle + (height if i % 2 else -height) / 2) for i in range(8)]
    ImageDraw.Draw(picture).line(points, fill=55 + 40 * strength)
    return np.asarray(picture, np.uint8)


def _jpeg(image: Grey, strength: int, rng: np.random.Generator) -> Grey:
    kept = io.BytesIO()
    Image.fromarray(image).save(kept, "JPEG", quality=30 - 5 * strength)
    return np.asarray(Image.open(kept), np.uint8)


KINDS: dict[str, Spoil] = {
    "noise": _noise,
    "salt and pepper": _salt_and_pepper,
    "blur": _blur,
    "motion": _motion,
    "shear": _shear,
    "scale": _scale,
    "rotation": _rotation,
    "shift": _shift,
    "brightness": _brightness,
    "stripe": _stripe,
    "fog": _fog,
    "spatter": _spatter,
    "dotted line": _dotted_line,
    "zigzag": _zigzag,
    "JPEG": _jpeg,
}


def _affine(
    image: Grey,
    change: NDArray[np.float64] | None = None,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Level:
    """Move an image: each pixel shows what is at `change` @ its place, from the middle, + shift."""
    change = np.eye(2) if change is None else change
    (a, b), (d, e) = change
    middle = 14.0
    c, f = middle - change @ (middle, middle) + shift
    moved = Image.fromarray(image).transform(
        (28, 28), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR
    )
    return np.asarray(moved, np.float64)


def _sign(rng: np.random.Generator) -> int:
    return 1 if rng.random() < 0.5 else -1
