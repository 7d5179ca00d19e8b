"""Max pooling by hand: of each window of a map only the largest number goes on."""

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import InputError
from mnist_nb.lessons.layers.convolution import numbers
from mnist_nb.lessons.layers.pictures import bitmap, outline, signed, signed_uri, svg
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View, counter, dropdown
from mnist_nb.network import MaxPool2d

SIDE, GAP = 216, 28  # CSS pixels of a map, and between two

Array = NDArray[np.float32]


class Pooling(View):
    """The first max pooling of a network: a map before, the window of one number, the map after.

    Raises:
        InputError: the network has none.
    """

    title = "max pooling"

    def __init__(self, subject: Subject) -> None:
        look = subject.look
        pools = [i for i, layer in enumerate(look.layers.layers) if isinstance(layer, MaxPool2d)]
        if not pools:
            raise InputError('the network has no max pooling: give its design ("maxpool2d", 2)')
        self._index = pools[0]
        self._layer: MaxPool2d = look.layers.layers[self._index]  # type: ignore[assignment]
        count, rows, columns = look.outputs[self._index + 1].shape
        self.map = dropdown("Map", range(count))
        largest = int(look.outputs[self._index + 1][0].argmax())
        row, column = divmod(largest, columns)
        self.row = counter("Row", row, 0, rows - 1)
        self.column = counter("Column", column, 0, columns - 1)
        super().__init__(subject, [self.map, self.row, self.column])

    def html(self) -> str:
        """Return both maps, the window and its largest number."""
        look, size = self.subject.look, self._layer.size
        row, column = self.row.value, self.column.value
        before, after = (look.outputs[self._index + k][self.map.value] for k in (0, 1))
        top, left, _ = self._window(row, column)
        window = before[max(top, 0) : top + size, max(left, 0) : left + size]
        limit = float(np.abs(before).max())
        value = float(after[row, column])
        height, width = before.shape
        pictures = _map(before, limit, 0, (left, top, size)) + _map(
            after, limit, SIDE + GAP, (column, row, 1)
        )
        label = f"Left the map before pooling, {height} × {width}, right after it"
        return (
            f"{svg(pictures, label, 2 * SIDE + GAP, SIDE, classes='mn-plot')}"
            f'<p class="mn-captions"><span style="width:{SIDE + GAP}px">Before, '
            f"{height} × {width}</span><span>After, {after.shape[0]} × {after.shape[1]}</span></p>"
            f'{self.note()}<div class="mn-row mn-equation">'
            f"{numbers(window, 'The window', limit)}"
            f'<p class="mn-wide" data-value="{value:.9g}">The largest of these {window.size} '
            f"numbers goes on: <strong>{signed(value, 3)}</strong>. Where in the window it was is "
            "forgotten: so a stroke may lie a pixel further, and the next layer sees the same."
            "</p></div>"
        )

    def _window(self, row: int, column: int) -> tuple[int, int, int]:
        """Where the window of a number begins in the map before, and its side."""
        before = self._layer.padding
        first = before[0] if isinstance(before, tuple) else before
        stride = self._layer.stride
        return row * stride - first, column * stride - first, self._layer.size


def _map(values: Array, limit: float, x: int, frame: tuple[int, int, int]) -> str:
    rows, columns = values.shape
    wide, high = SIDE / columns, SIDE / rows
    left, top, size = frame
    return (
        bitmap(signed_uri(values, limit), x, 0, SIDE, SIDE)
        + outline(x, 0, SIDE, SIDE, "mn-edge")
        + outline(x + left * wide, top * high, size * wide, size * high)
    )
