"""One convolution worked by hand: a patch, a filter, the products, their sum."""

import numpy as np
from numpy.typing import NDArray

from mnist_nb.lessons.layers.picker import Place, Point, Pointed
from mnist_nb.lessons.layers.pictures import (
    NEGATIVE,
    POSITIVE,
    bitmap,
    grey_uri,
    outline,
    signed,
    signed_uri,
    svg,
)
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import counter, dropdown
from mnist_nb.network import Conv2d, border, reach

PIXEL = 9  # CSS pixels of one pixel
GAP = 28  # CSS pixels between the two pictures
SEEN = 28  # pixels a side of the image

Array = NDArray[np.float32]


class Convolution(Pointed):
    """Point at a cell of the first convolution's result: where it comes from, number by number."""

    title = "one convolution, worked by hand"

    def __init__(self, subject: Subject) -> None:
        look = subject.look
        self._index = look.layers.index(Conv2d)
        self._layer: Conv2d = look.layers.layers[self._index]  # type: ignore[assignment]
        count, self._rows, self._columns = look.outputs[self._index + 1].shape
        entry = subject.network.architecture  # one scale of colours for all patches and filters
        ends = (0 - entry.mean) / entry.std, (255 / entry.scale - entry.mean) / entry.std
        weights = subject.network.weights.tensors[self._layer.weight]
        self._size = reach(self._layer, weights.shape[-1])
        self._limit = max(*map(abs, ends), float(np.abs(weights).max()))
        self.filter = dropdown("Filter", range(count))
        self.row = counter("Row", self._rows // 2, 0, self._rows - 1)
        self.column = counter("Column", self._columns // 2, 0, self._columns - 1)
        size = (PIXEL * (SEEN + self._columns) + GAP, PIXEL * SEEN)
        self.filter.observe(lambda change: self.follow(), "value")
        super().__init__(
            subject, [self.row, self.column], size,
            "Two pictures: choose a cell of the right one with the arrow keys or a click",
            [self.filter],
        )  # fmt: skip

    def html(self) -> str:
        """Return both pictures and the sum."""
        look = self.subject.look
        number, (row, column) = self.filter.value, self.place
        result = look.outputs[self._index + 1][number]
        patch, kernel, bias = self._terms(number, row, column)
        products = patch * kernel  # float32, one rounding each
        total = np.float32(products.sum(dtype=np.float64) + bias)
        theirs = result[row, column]
        equation = "".join(
            [
                numbers(patch, "Patch of the image", self._limit),
                '<span class="mn-sign" title="each times the one in its place">⊙</span>',
                numbers(kernel, f"Filter {number}", self._limit),
                '<span class="mn-sign">=</span>',
                numbers(products, "Products", self._limit),
            ]
        )
        return (
            f"{self._pictures(result, row, column)}{_captions(number)}{self.note()}"
            f'<div class="mn-row mn-equation">{equation}</div>'
            f'<p class="mn-sum" data-sum="{total:.9g}" data-network="{theirs:.9g}">'
            f"The {products.size} products sum to {signed(float(products.sum()), 6)}; with the "
            f"bias {signed(float(bias), 6)} of this filter that is "
            f"<strong>{signed(float(total), 6)}</strong>. The network computes "
            f"<strong>{signed(float(theirs), 6)}</strong> at row {row}, column {column}.</p>"
        )

    def _terms(self, number: int, row: int, column: int) -> tuple[Array, Array, np.float32]:
        """The patch (k, k), the filter (k, k) and the bias of a cell, float32."""
        look, layer = self.subject.look, self._layer
        tensors = look.network.weights.tensors
        own = tensors[layer.weight][number, 0]
        kernel = np.zeros((reach(layer, len(own)),) * 2, np.float32)  # with a dilation's gaps
        kernel[:: layer.dilation, :: layer.dilation] = own
        bias = tensors[layer.bias][number] if layer.bias else np.float32(0)
        size = len(kernel)
        pixels = np.pad(look.outputs[self._index][0], (self._before(size), size))
        top, left = row * layer.stride, column * layer.stride
        return pixels[top : top + size, left : left + size], kernel, bias

    def _before(self, size: int) -> int:
        """How many zeros stand before the first pixel."""
        return border(self._layer, size)[0]

    def _pictures(self, result: Array, row: int, column: int) -> str:
        size = self._size
        corner = -self._before(size)
        x, y = column * self._layer.stride + corner, row * self._layer.stride + corner
        start, (width, height) = PIXEL * SEEN + GAP, (self.picker.canvas.width, PIXEL * SEEN)
        limit = float(np.abs(result).max())
        down = (height - PIXEL * self._rows) // 2
        spot_x, spot_y = start + PIXEL * column, down + PIXEL * row
        box = (start, down, PIXEL * self._columns, PIXEL * self._rows)
        spots = "".join(
            outline(start + PIXEL * c, down + PIXEL * r, PIXEL, PIXEL, f"mn-frame {kind}")
            for kind, (r, c) in (("is-chosen", self.kept), ("", (row, column)))
        )
        label = (
            f"Left the image with the patch at row {y}, column {x} framed; right the result of the "
            f"filter with the cell at row {row}, column {column} framed"
        )
        inside = (
            bitmap(grey_uri(self.subject.look.image), 0, 0, PIXEL * SEEN, PIXEL * SEEN)
            + outline(*box, "mn-edge")
            + bitmap(signed_uri(result, limit), *box)
            + f'<line class="mn-link" x1="{PIXEL * (x + size)}" y1="{PIXEL * (y + size / 2)}" '
            f'x2="{spot_x}" y2="{spot_y + PIXEL / 2}"/>'
            + outline(PIXEL * x, PIXEL * y, PIXEL * size, PIXEL * size)
            + spots
        )
        return svg(inside, label, width, height)

    def under(self, point: Point) -> Place:
        """Return the cell under the pointer, or the one whose patch is around it."""
        x, y = point
        start = PIXEL * SEEN + GAP
        if x >= start:
            down = (SEEN - self._rows) / 2
            row, column = int(y / PIXEL - down), int((x - start) / PIXEL)
        else:
            size = self._size
            back = (size - 1) // 2 - self._before(size)
            stride = self._layer.stride
            row, column = (int(y / PIXEL) - back) // stride, (int(x / PIXEL) - back) // stride
        return min(max(row, 0), self._rows - 1), min(max(column, 0), self._columns - 1)


def _captions(number: int) -> str:
    image, result = PIXEL * SEEN, PIXEL * SEEN + GAP
    return (
        f'<p class="mn-captions"><span style="width:{image}px">The image, {SEEN} × {SEEN}</span>'
        f'<span style="margin-left:{result - image}px">What filter {number} makes of it '
        "(orange above 0, blue below)</span></p>"
    )


def numbers(values: Array, caption: str, limit: float) -> str:
    """Return a table of a few numbers, coloured by their sign and size."""
    rows = ""
    for line in values.tolist():
        cells = ""
        for value in line:
            color = ",".join(map(str, POSITIVE if value > 0 else NEGATIVE))
            strength = 0.5 * min(abs(value) / limit, 1)
            cells += (
                f'<td style="background:rgba({color},{strength:.2f})" data-value="{value:.9g}">'
                f"{signed(value, 3)}</td>"
            )
        rows += f"<tr>{cells}</tr>"
    return f'<table class="mn-grid-numbers"><caption>{caption}</caption>{rows}</table>'
