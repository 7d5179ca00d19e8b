"""Ink that hangs together: the pieces that a digit, a speck or a ruled line is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST = 250  # pieces that are looked at, the largest ones: a noisy page has a hundred thousand

RUNS = 300  # of a piece, when it is compared with others


@dataclass(frozen=True, eq=False)
class Piece:
    """Runs of ink, each a row and the columns from `start` to `end`, both of them ink.

    Attributes:
        row: (runs,) y of each run.
        start: (runs,) x of its first pixel.
        end: (runs,) x of its last pixel.
        reach: how far the ink goes beyond its runs, where these are the middle of a pen's way.
    """

    row: NDArray[Any]
    start: NDArray[Any]
    end: NDArray[Any]
    reach: float = 0

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom; the latter two are just beyond the ink."""
        left, top, right, bottom = (
            self.start.min() - self.reach,
            self.row.min() - self.reach,
            self.end.max() + self.reach + 1,
            self.row.max() + self.reach + 1,
        )
        return float(left), float(top), float(right), float(bottom)

    @cached_property
    def extent(self) -> float:
        """The longer side of the box."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)

    @cached_property
    def area(self) -> float:
        """How many pixels."""
        return float((self.end - self.start + 1).sum())

    def distance(self, other: "Piece") -> float:
        """Pixels of paper between the two, at the narrowest place."""
        (row, start, end), (other_row, other_start, other_end) = self._sample(), other._sample()
        dx = np.maximum(start[:, None] - other_end, other_start - end[:, None])
        dx, dy = np.maximum(dx, 0), row[:, None] - other_row
        away = float(np.sqrt((dx * dx + dy * dy).min()))
        return max(0.0, away - 1 - self.reach - other.reach)

    def _sample(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Not too many of its runs: a page of noise has a hundred thousand in one piece."""
        step = -(-len(self.row) // RUNS)
        return self.row[::step], self.start[::step], self.end[::step]

    def mark(self, mask: NDArray[np.bool_]) -> None:
        """Set its pixels in a mask (H, W)."""
        for row, start, end in zip(self.row, self.start, self.end, strict=True):
            mask[row, start : end + 1] = True


def together(pieces: Sequence[Piece]) -> Piece:
    """Return several pieces as one."""
    row, start, end = (
        np.concatenate([getattr(piece, part) for piece in pieces])
        for part in ("row", "start", "end")
    )
    return Piece(row, start, end, max(piece.reach for piece in pieces))


def pieces_of(mask: NDArray[np.bool_]) -> list[Piece]:
    """Return the pieces of a mask (H, W), largest first; what touches by a corner is one."""
    stride = mask.shape[1] + 3  # columns of paper keep the runs of two rows apart
    edges = np.diff(np.pad(mask, ((0, 0), (1, 2))).astype(np.int8).ravel())
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1  # (runs,) flat
    # Two runs touch when one, moved down a row, is within a pixel of the other.
    first = np.searchsorted(ends, starts + stride - 1)
    last = np.searchsorted(starts, ends + stride + 1, side="right")
    counts = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(starts)), counts)
    lower = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    names = _names(len(starts), upper, lower + np.repeat(first, counts))
    order = np.argsort(names, kind="stable")
    _, begins, runs = np.unique(names[order], return_index=True, return_counts=True)
    areas = np.add.reduceat((ends - starts + 1)[order], begins) if len(begins) else begins
    row, start, end = starts // stride, starts % stride, ends % stride
    found = []
    for index in np.argsort(-areas, kind="stable")[:MOST]:
        own = order[begins[index] : begins[index] + runs[index]]
        found.append(Piece(row[own], start[own], end[own]))
    return found


def _names(count: int, a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.intp]:
    """Give `count` things the same name where pairs (a, b) join them."""
    names = np.arange(count)
    while True:
        least = np.minimum(names[a], names[b])
        if (names[a] == least).all() and (names[b] == least).all():
            return names
        for end in (a, b):
            np.minimum.at(names, names[end], least)  # the whole tree of each follows
        while (names != names[names]).any():
            names = names[names]


def run_lengths(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each pixel how long its run of ink is along the row; 0 on paper."""
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    lengths = np.zeros(mask.shape, np.int64)
    starts, ends = np.nonzero(edges == 1)[1], np.nonzero(edges == -1)[1]
    lengths[mask] = np.repeat(ends - starts, ends - starts)
    return lengths


def pen_width(mask: NDArray[np.bool_]) -> float:
    """Return how wide the pen was, in pixels: the median way across the ink; 0 without any."""
    if not mask.any():
        return 0.0
    across = np.minimum(run_lengths(mask), run_lengths(mask.T).T)
    return float(np.median(across[mask]))
