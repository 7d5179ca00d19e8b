"""Numbers as pictures inside of HTML: arrays as small PNGs, tables with bars, plots as SVG."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.lessons.png import data_uri
from mnist_nb.network import Answer, guess, percent

# Below and above zero: apart for colour-blind eyes, and visible on white and on black.
NEGATIVE, POSITIVE = (40, 120, 205), (232, 106, 16)

_STEPS = 127  # shades of each sign

LEFT, RIGHT, TOP, BOTTOM = 44, 10, 10, 40  # CSS pixels around the field

Values = Sequence[float] | NDArray[np.floating]


def _palette() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Colours by sign, opacity by size: zero shows the page, be it light or dark."""
    steps = np.arange(-_STEPS, _STEPS + 1)
    alphas = np.rint(255 * (np.abs(steps) / _STEPS) ** 0.8)  # small values too are seen
    colors = np.where(steps[:, None] < 0, NEGATIVE, POSITIVE)
    return colors.astype(np.uint8), alphas.astype(np.uint8)


_PALETTE = _palette()


def grey_uri(image: NDArray[np.uint8]) -> str:
    """Return a uint8 image as a data URI, 255 = white."""
    return data_uri(image)


def ink_uri(image: NDArray[np.uint8], strength: float = 1.0) -> str:
    """Return a uint8 image as grey ink on nothing, to be laid under or over something."""
    alpha = (image * strength).astype(np.uint8)
    return data_uri(np.stack([np.full_like(alpha, 128), alpha], axis=-1))


def signed_uri(values: NDArray[Any], limit: float) -> str:
    """Return numbers (rows, columns) as colours: orange above zero, blue below, `limit` strongest.

    NaN is see-through.
    """
    scaled = np.nan_to_num(values) * (_STEPS / limit if limit > 0 else 0)
    index = np.clip(np.rint(scaled), -_STEPS, _STEPS) + _STEPS
    return data_uri(index.astype(np.uint8), _PALETTE)


def tiles(maps: NDArray[Any], columns: int, gap: int = 1) -> NDArray[np.float64]:
    """Lay maps (N, H, W) side by side in rows of so many, with NaN in between."""
    count, height, width = maps.shape
    rows = -(-count // columns)
    field = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for index, one in enumerate(maps):
        y, x = index // columns * (height + gap), index % columns * (width + gap)
        field[y : y + height, x : x + width] = one
    return field


def img(uri: str, alt: str, width: int, height: int, classes: str = "") -> str:
    """Return an <img> of this size in CSS pixels, its pixels with hard edges."""
    return (
        f'<img class="mn-pixels {classes}" src="{uri}" alt="{escape(alt, quote=True)}" '
        f'width="{width}" height="{height}" draggable="false">'
    )


def svg(
    inside: str, label: str, width: float, height: float, scale: float = 1, classes: str = ""
) -> str:
    """Return a picture of this size in CSS pixels; each unit of what is `inside` is `scale` long.

    Without a `label` it is only decoration to those who do not see it.
    """
    told = f'role="img" aria-label="{escape(label, quote=True)}"' if label else 'aria-hidden="true"'
    return (
        f'<svg class="mn-pictures {classes}" {told} width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width / scale:g} {height / scale:g}">{inside}</svg>'
    )


def bitmap(uri: str, x: float, y: float, width: float, height: float) -> str:
    """Return a picture inside of an <svg>, its pixels with hard edges."""
    return (
        f'<image class="mn-pixels" href="{uri}" x="{x:g}" y="{y:g}" width="{width:g}" '
        f'height="{height:g}" preserveAspectRatio="none"/>'
    )


def outline(
    x: float, y: float, width: float, height: float, kind: str = "mn-frame", stroke: float = 0
) -> str:
    """Return a rectangle inside of an <svg>: what is pointed at, or an edge (`mn-edge`)."""
    wide = f' style="stroke-width:{stroke:.2f}"' if stroke else ""
    return (
        f'<rect class="{kind}" x="{x:.5g}" y="{y:.5g}" width="{width:.5g}" '
        f'height="{height:.5g}"{wide}/>'
    )


def probability_rows(
    probabilities: NDArray[np.floating],
    labels: Sequence[str],
    caption: str,
    mark: float | None = None,
) -> str:
    """Return a table of probabilities; `mark` draws a line at a probability."""
    best = int(probabilities.argmax())
    line = "" if mark is None else f'<s style="left:{100 * mark:.1f}%"></s>'
    rows = "".join(
        f'<tr{_winner(index == best)} data-digit="{index}" data-p="{float(p):.9g}">'
        f'<th scope="row">{escape(label)}</th>'
        f'<td><i><b style="width:{max(100 * float(p), 0.4):.2f}%"></b>{line}</i></td>'
        f"<td>{percent(float(p))}</td></tr>"
        for index, (label, p) in enumerate(zip(labels, probabilities, strict=True))
    )
    return f'<table class="mn-bars"><caption>{escape(caption)}</caption>{rows}</table>'


def signed_rows(
    values: NDArray[np.floating], labels: Sequence[str], caption: str, limit: float | None = None
) -> str:
    """Return a table of numbers of either sign; `limit` has the longest bar, None: the largest."""
    best, limit = int(values.argmax()), limit or max(float(np.abs(values).max()), 1e-9)
    rows = ""
    for index, (label, value) in enumerate(zip(labels, values.tolist(), strict=True)):
        share = 50 * abs(value) / limit
        side = f"left:50%;width:{share:.2f}%" if value >= 0 else f"right:50%;width:{share:.2f}%"
        sign = "is-for" if value >= 0 else "is-against"
        rows += (
            f'<tr{_winner(index == best)} data-digit="{index}" data-value="{value:.9g}">'
            f'<th scope="row">{escape(label)}</th>'
            f'<td><i class="is-signed"><b class="{sign}" style="{side}"></b></i></td>'
            f"<td>{signed(value)}</td></tr>"
        )
    return f'<table class="mn-bars"><caption>{escape(caption)}</caption>{rows}</table>'


def says(probabilities: NDArray[np.floating], labels: Sequence[str], doubt: float | None) -> str:
    """Return an answer in words: "says 4 (99.8 %)", "is not sure: 4 or 9 (at most 56.5 %)"."""
    answer = Answer(probabilities.astype(np.float32), tuple(labels), doubt)
    share = percent(answer.probability)
    if answer.is_sure:
        return f"says {escape(answer.label)} ({share})"
    colon = ": " if guess(answer) else ""
    return f"is not sure{colon}{escape(guess(answer))} (at most {share})"


def signed(value: float, digits: int = 2) -> str:
    """Return a number with its sign, and a true minus."""
    return minus(f"{value:+.{digits}f}")


def minus(text: str) -> str:
    """Return a number as it was written, with a true minus."""
    return text.replace("-", "−")


def _winner(is_best: bool) -> str:
    return ' class="is-winner"' if is_best else ""


class Plot:
    """Collects lines, bars and dots, and gives an <svg>.

    Args:
        x, y: the ranges of the axes, (low, high).
        names: of the two axes, with their units.
        size: of the whole picture in CSS pixels.
        log_x: the x axis shows powers; its range is above 0.
    """

    def __init__(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        names: tuple[str, str],
        size: tuple[int, int] = (290, 230),
        log_x: bool = False,
    ) -> None:
        self.x, self.y, self.names, self.size, self.log_x = x, y, names, size, log_x
        self._parts: list[str] = []

    def line(self, xs: Values, ys: Values, classes: str = "") -> "Plot":
        """Draw a line through points."""
        points = " ".join(
            f"{px:.1f},{py:.1f}" for px, py in zip(self._across(xs), self._down(ys), strict=True)
        )
        return self._add(f'<polyline class="mn-line {classes}" points="{points}"/>')

    def dots(self, xs: Values, ys: Values, classes: str = "") -> "Plot":
        """Draw a dot at each point."""
        return self._add(
            "".join(
                f'<circle class="mn-dot {classes}" cx="{px:.1f}" cy="{py:.1f}" r="2.5"/>'
                for px, py in zip(self._across(xs), self._down(ys), strict=True)
            )
        )

    def histogram(self, values: NDArray[np.floating], bins: int = 40, share: float = 0.3) -> "Plot":
        """Draw how many values there are, from below, at most `share` of the height."""
        counts, edges = np.histogram(values, bins, self.x)
        lefts = self._across(edges)
        height = (self.size[1] - TOP - BOTTOM) * share
        floor = self.size[1] - BOTTOM
        tall = np.sqrt(counts / max(int(counts.max()), 1)) * height  # background is most of it
        return self._add(
            "".join(
                f'<rect class="mn-hist" x="{x:.1f}" y="{floor - h:.1f}" width="{w:.1f}" '
                f'height="{h:.1f}"/>'
                for x, w, h in zip(lefts[:-1], np.diff(lefts), tall, strict=True)
                if h > 0
            )
        )

    def upright(self, x: float, classes: str = "") -> "Plot":
        """Draw a line from the bottom to the top."""
        return self.line([x, x], self.y, classes)

    def svg(self, label: str) -> str:
        """Return the picture; `label` is what it says to those who do not see it."""
        width, height = self.size
        inside = (
            f'<clipPath id="{(name := _name(label))}"><rect x="{LEFT}" y="{TOP}" '
            f'width="{width - LEFT - RIGHT}" height="{height - TOP - BOTTOM}"/></clipPath>'
            f'<g clip-path="url(#{name})">{"".join(self._parts)}</g>'
        )
        return (
            f'<svg class="mn-plot" role="img" aria-label="{escape(label, quote=True)}" '
            f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
            f"{self._axes()}{inside}</svg>"
        )

    def _add(self, part: str) -> "Plot":
        self._parts.append(part)
        return self

    def _across(self, xs: Values) -> NDArray[np.float64]:
        values, (low, high) = np.asarray(xs, np.float64), self.x
        if self.log_x:
            values, low, high = np.log(values), float(np.log(low)), float(np.log(high))
        return LEFT + (values - low) / (high - low) * (self.size[0] - LEFT - RIGHT)

    def _down(self, ys: Values) -> NDArray[np.float64]:
        low, high = self.y
        share = (np.asarray(ys, np.float64) - low) / (high - low)
        return self.size[1] - BOTTOM - share * (self.size[1] - TOP - BOTTOM)

    def _axes(self) -> str:
        width, height = self.size
        floor, parts = height - BOTTOM, []
        x_ticks = self._powers() if self.log_x else _ticks(*self.x)
        for tick, px in zip(x_ticks, self._across(x_ticks), strict=True):
            parts.append(
                f'<line class="mn-grid" x1="{px:.1f}" x2="{px:.1f}" y1="{TOP}" y2="{floor}"/>'
                f'<text class="mn-tick" x="{px:.1f}" y="{floor + 14}" text-anchor="middle">'
                f"{minus(f'{tick:g}')}</text>"
            )
        y_ticks = _ticks(*self.y)
        for tick, py in zip(y_ticks, self._down(y_ticks), strict=True):
            parts.append(
                f'<line class="mn-grid" x1="{LEFT}" x2="{width - RIGHT}" y1="{py:.1f}" '
                f'y2="{py:.1f}"/><text class="mn-tick" x="{LEFT - 5}" y="{py + 4:.1f}" '
                f'text-anchor="end">{minus(f"{tick:g}")}</text>'
            )
        middle_x, middle_y = (LEFT + width - RIGHT) / 2, (TOP + floor) / 2
        parts.append(
            f'<text class="mn-name" x="{middle_x:.0f}" y="{height - 6}" text-anchor="middle">'
            f'{escape(self.names[0])}</text><text class="mn-name" text-anchor="middle" '
            f'transform="translate(11 {middle_y:.0f}) rotate(-90)">{escape(self.names[1])}</text>'
        )
        return "".join(parts)

    def _powers(self) -> list[float]:
        low, high = self.x
        return [p for p in (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32) if low <= p <= high]


def _ticks(low: float, high: float) -> list[float]:
    """Five or so round numbers from low to high."""
    step = 10.0 ** np.floor(np.log10((high - low) / 3))
    step = next(s for s in (step, 2 * step, 5 * step, 10 * step) if (high - low) / s <= 5.5)
    return [float(n * step) for n in range(int(np.ceil(low / step)), int(high / step + 1e-9) + 1)]


def _name(label: str) -> str:
    return "mn-clip-" + "".join(c for c in label.lower() if c.isalnum())[:40]
