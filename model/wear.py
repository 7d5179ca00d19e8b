"""Images as they come from worse pens, paper, cameras and files than MNIST's.

For training, on images that the teachers have answered in their clean state: the student learns to
say the same of the worn one. `corruptions.py`, by which the model card judges, is not used in
training; it is of like kinds, made in another way.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

SHARE = 0.2  # of the images are worn


def wear(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return images (N, 1, 28, 28), 0..1, a part of which is worn, each part in one way."""
    count = max(1, round(SHARE * len(images) / len(KINDS)))
    order = torch.randperm(len(images), generator=generator)
    worn = images.clone()
    for kind, chosen in zip(KINDS, order.split(count), strict=False):
        worn[chosen] = kind(images[chosen], generator).clamp(0, 1)
    return worn


def _each(n: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(n, 1, 1, 1, generator=generator) * (high - low) + low


def _one(low: float, high: float, generator: torch.Generator) -> float:
    return float(torch.rand(1, generator=generator)) * (high - low) + low


def _coarse(x: Tensor, g: torch.Generator) -> Tensor:
    """Of few pixels, mostly black and white ones, enlarged smoothly or to blocks."""
    small = F.interpolate(x, size=int(_one(10, 17, g)), mode="area")
    if _one(0, 1, g) < 0.6:
        small = (small > _each(len(x), 0.25, 0.55, g)).float()
    if _one(0, 1, g) < 0.3:
        return F.interpolate(small, size=28, mode="nearest")
    return F.interpolate(small, size=28, mode="bicubic", align_corners=False)


def _hard(x: Tensor, g: torch.Generator) -> Tensor:
    """Black and white, or with steeper edges."""
    return 0.5 + (x - _each(len(x), 0.2, 0.6, g)) * _each(len(x), 2, 20, g)


def _faint(x: Tensor, g: torch.Generator) -> Tensor:
    """A faint pen, on paper that is not quite white."""
    return _each(len(x), 0, 0.25, g) + x * _each(len(x), 0.3, 0.75, g)


def _thick(x: Tensor, g: torch.Generator) -> Tensor:
    wide = F.max_pool2d(x, 3, 1, 1)
    return x + (wide - x) * _each(len(x), 0.4, 1, g)


def _thin(x: Tensor, g: torch.Generator) -> Tensor:
    narrow = -F.max_pool2d(-x, 3, 1, 1)
    kept = x + (narrow - x) * _each(len(x), 0.2, 0.6, g)
    return kept / kept.amax((2, 3), keepdim=True).clamp(min=0.3)


def _blur(x: Tensor, g: torch.Generator) -> Tensor:
    soft = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    softer = F.avg_pool2d(soft, 3, 1, 1, count_include_pad=False)
    mixed = soft + (softer - soft) * _each(len(x), -0.5, 1, g)
    return mixed * _each(len(x), 1, 1.5, g)


def _moved(x: Tensor, g: torch.Generator) -> Tensor:
    """Smaller or larger, turned, slanted and shifted, more than `bend` does."""
    n = len(x)
    angle, slant = _each(n, -0.4, 0.4, g).flatten(), _each(n, -0.4, 0.4, g).flatten()
    size = _each(n, 0.85, 1.6, g).flatten()
    shift_x, shift_y = _each(n, -0.2, 0.2, g).flatten(), _each(n, -0.2, 0.2, g).flatten()
    cos, sin = angle.cos() * size, angle.sin() * size
    row_x = torch.stack([cos, slant * cos - sin, shift_x], 1)
    row_y = torch.stack([sin, slant * sin + cos, shift_y], 1)
    grid = F.affine_grid(torch.stack([row_x, row_y], 1), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)


def _noise(x: Tensor, g: torch.Generator) -> Tensor:
    """Grain, and single pixels that are all black or all white."""
    grain = torch.randn(x.shape, generator=g) * _each(len(x), 0, 0.25, g)
    struck = torch.rand(x.shape, generator=g) < _each(len(x), 0, 0.1, g)
    return torch.where(struck, (torch.rand(x.shape, generator=g) < 0.5).float(), x + grain)


def _cloud(n: int, cells: int, g: torch.Generator) -> Tensor:
    """Clouds (n, 1, 28, 28) of about 0..1."""
    return F.interpolate(
        torch.rand(n, 1, cells, cells, generator=g), size=28, mode="bicubic", align_corners=False
    )


def _fog(x: Tensor, g: torch.Generator) -> Tensor:
    """Uneven light, or grey all over."""
    thickness = _each(len(x), 0.1, 0.6, g)
    cloud = _cloud(len(x), int(_one(2, 6, g)), g)
    return x * (1 - 0.5 * thickness) + thickness * cloud


def _spots(x: Tensor, g: torch.Generator) -> Tensor:
    """Splashes of ink; or places where the ink is gone."""
    cloud = _cloud(len(x), int(_one(6, 12, g)), g)
    cut = cloud.flatten(1).quantile(_one(0.88, 0.97, g), dim=1).reshape(-1, 1, 1, 1)
    spot = ((cloud - cut) * 8).clamp(0, 1) * _each(len(x), 0.4, 1, g)
    return torch.where(_each(len(x), 0, 1, g) < 0.6, x + spot, x * (1 - spot))


def _lines(x: Tensor, g: torch.Generator) -> Tensor:
    """A ruled line, dotted or not, or a bent one; or a stripe in which black and white change."""
    n, upright = len(x), _one(0, 1, g) < 0.5
    x = x.transpose(2, 3) if upright else x
    along = torch.arange(28.0).reshape(1, 1, 1, 28)
    middle, slope = _each(n, 2, 26, g), _each(n, -0.7, 0.7, g)
    bent = _each(n, 0, 3, g) * (along * _each(n, 0.2, 1.2, g) + _each(n, 0, 6, g)).sin()
    away = (torch.arange(28.0).reshape(1, 1, 28, 1) - middle - slope * (along - 14) - bent).abs()
    stripe = _each(n, 0, 1, g) < 0.3
    width = torch.where(stripe, _each(n, 1, 4, g), _each(n, 0.3, 0.9, g))
    line = (width + 0.5 - away).clamp(0, 1)
    dots = ((along * _each(n, 0.8, 2, g)).sin() > _each(n, -1.5, 0.5, g)).float()
    drawn = torch.maximum(x, line * dots * _each(n, 0.3, 1, g))
    result = torch.where(stripe, x + line * (1 - 2 * x), drawn)
    return result.transpose(2, 3) if upright else result


def _streaked(x: Tensor, g: torch.Generator) -> Tensor:
    """Moved while it was taken: the mean of the image and its shifted copies."""
    right, down = int(_one(-1.99, 2.99, g)), int(_one(-1.99, 2.99, g))
    copies = [x.roll((k * down, k * right), (2, 3)) for k in (-1, 0, 1)]
    return torch.stack(copies).mean(0) * _each(len(x), 1, 1.6, g)


KINDS: tuple[Callable[[Tensor, torch.Generator], Tensor], ...] = (
    _coarse, _hard, _faint, _thick, _thick, _thick, _thin, _blur, _moved, _noise, _fog, _spots,
    _lines, _streaked,
)  # fmt: skip
