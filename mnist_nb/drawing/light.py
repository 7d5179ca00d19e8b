"""Even light on a photo: its paper is made of one shade, so that only ink differs from it."""

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.float32]

LARGE = 10_000  # pixels: smaller pictures are no photos, and clean
WINDOW = 0.5  # of a square picture's side: wider than any stroke
DARKEST = 0.3  # of the light: what is darker is ink, even where it fills the window
ALIKE = 0.3  # of all contrast: a border that varies more does not say what the paper is like
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # as Pillow's own grey (ITU-R 601-2)


def grey(levels: Levels) -> Levels:
    """Return levels (H, W, 1 or 3) as grey (H, W)."""
    shade: Levels = levels[:, :, 0] if levels.shape[2] == 1 else levels @ LUMINANCE
    return shade


def paper_level(levels: Levels) -> Levels:
    """Return what the paper is like: the level (channels,) of most of the border.

    Where the border is of all shades, in a corner's shadow, most of the picture is asked.
    """
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])  # (n, channels)
    shades = border.mean(axis=1)
    spread = np.percentile(shades, 90) - np.percentile(shades, 10)
    if spread > ALIKE * np.ptp(levels.mean(axis=2)):
        border = levels.reshape(-1, levels.shape[2])
    level: Levels = np.median(border, axis=0).astype(np.float32)
    return level


def flattened(levels: Levels) -> Levels:
    """Return the levels (H, W, channels) as if light fell evenly; small pictures as they are.

    The paper at a place is what is left when strokes are filled from around them (a closing of grey
    values). Dark ink is a share of the light that falls on it, so levels are divided by the paper;
    light ink stands on a dark board, whose shine is taken off.
    """
    shade = grey(levels)
    if shade.size < LARGE:
        return levels
    level = float(grey(paper_level(levels)[None, None])[0, 0])
    reach = int(WINDOW * shade.size**0.5) // 2
    smooth = _smoothed(shade)
    if level - float(smooth.min()) >= float(smooth.max()) - level:
        paper = closing(smooth, reach)
        usual = np.float32(np.median(paper))
        paper = np.where(paper < DARKEST * usual, usual, paper)
        gain = np.asarray(usual / np.maximum(paper, 1), np.float32)
        even: Levels = levels * gain[:, :, None]
        return np.minimum(even, 255)
    board = -closing(-smooth, reach)
    usual = np.float32(np.median(board))
    even = levels - np.minimum(board - usual, 255 * (1 - DARKEST))[:, :, None]
    return np.maximum(even, 0)


def closing(values: Levels, reach: int) -> Levels:
    """Fill what is darker than all around it and narrower than 2 `reach` + 1 pixels (H, W).

    A dark place at the border is filled only as far as it has lighter pixels along the border.
    """
    out = _largest(np.pad(values, 2 * reach, constant_values=-np.inf), reach)
    return -_largest(-out, reach)


def spread(values: Levels, reach: int) -> Levels:
    """Give each pixel (H, W) the largest value within `reach` of it; the result is larger by it."""
    return _largest(np.pad(values, 2 * reach), reach)


def _largest(values: Levels, reach: int) -> Levels:
    """Return the largest of each 2 `reach` + 1 rows and columns, where all of them exist.

    The largest of twice as many is the larger of two: a few passes over memory, however wide.
    """
    for axis in (0, 1):
        values, left, size = values.swapaxes(0, axis), 2 * reach, 1
        while left:
            step = min(size, left)
            values = np.maximum(values[:-step], values[step:])
            left, size = left - step, size + step
        values = values.swapaxes(0, axis)
    return values


def _smoothed(shade: Levels) -> Levels:
    """Return the mean of each 3x3 pixels: the brightest of many pixels is else their noise."""
    padded = np.pad(shade, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    mean: Levels = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)
    return mean
