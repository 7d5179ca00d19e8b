"""What a channel looks for: point at a number, and see the pixels behind it, and nine like them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from mnist_nb.lessons.layers.picker import Place, Point, Pointed
from mnist_nb.lessons.layers.pictures import bitmap, grey_uri, outline, signed, signed_uri, svg
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import counter, dropdown
from mnist_nb.network import Conv2d, Flatten, Layers

ACROSS = 8  # maps in a row
TILE, GAP, CAPTION = 66, 6, 22  # CSS pixels: a map, what is between two, a line above a layer
SEEN = 196  # CSS pixels of the drawing
SIDE, SMALL = 28, 64  # of a digit: its pixels, and CSS pixels when it is one of nine
NINE = 9
DIM = 0.35  # of a digit outside of what the number has seen


@dataclass(frozen=True, eq=False)
class Block:
    """A convolution with what follows it, up to the next one.

    Attributes:
        index: its last layer, whose numbers are shown.
        shape: maps, rows, columns.
        top: where its first row of maps begins, in CSS pixels.
    """

    index: int
    shape: tuple[int, ...]
    top: int

    @property
    def bottom(self) -> int:
        """Where its last row of maps ends."""
        return self.top + -(-self.shape[0] // ACROSS) * (TILE + GAP)


class Strongest:
    """The places of many digits where each map is largest, one for a digit; found when asked for.

    Args:
        layers: of the network that looks.
        images: the digits at hand, uint8 (N, 28, 28).
    """

    def __init__(self, layers: Layers, images: NDArray[np.uint8]) -> None:
        self.layers, self.images = layers, images
        self._found: dict[int, tuple[NDArray[np.intp], NDArray[np.intp]]] = {}

    def __call__(self, index: int, channel: int) -> list[tuple[int, int, int]]:
        """Return the nine of a channel of a layer: which image, row and column."""
        if index not in self._found:
            maps = self.layers.maps(index, self.images)  # (N, C, rows, columns)
            flat = maps.reshape(*maps.shape[:2], -1)
            order = np.argsort(-flat.max(axis=2), axis=0, kind="stable")[:NINE]  # (9, C)
            self._found[index] = order, flat.argmax(axis=2)
        order, places = self._found[index]
        return [
            (int(image), *divmod(int(places[image, channel]), self._columns[index]))
            for image in order[:, channel]
        ]

    @cached_property
    def _columns(self) -> dict[int, int]:
        """How many columns the maps after each layer have."""
        outputs = self.layers.outputs(self.images[0])
        return {i: out.shape[2] for i, out in enumerate(outputs[1:]) if out.ndim == 3}


class LooksFor(Pointed):
    """All maps; and of the number pointed at what it has seen, and what its map likes most.

    A place is a layer, a map of it, a row and a column.

    Args:
        subject: whose drawing goes through the network.
        images: the digits at hand, uint8 (N, 28, 28); nine of them are shown for each map.
    """

    title = "what each map looks for"
    at_rest = True

    def __init__(self, subject: Subject, images: NDArray[np.uint8]) -> None:
        look = subject.look
        self._blocks = _blocks(look.layers, look.outputs)
        self._strongest = Strongest(look.layers, images)
        self._nine: dict[tuple[int, int], str] = {}
        self.layer = dropdown("Layer", [(f"{i + 1}", i) for i in range(len(self._blocks))])
        self.layer.value = len(self._blocks) - 1
        count, rows, columns = self._blocks[-1].shape
        self.map = counter("Map", 0, 0, count - 1)
        self.row = counter("Row", rows // 2, 0, rows - 1)
        self.column = counter("Column", columns // 2, 0, columns - 1)
        self.detail, self._mark = widgets.HTML(), widgets.HTML()
        self._mark.add_class("mn-picker")
        size = (ACROSS * (TILE + GAP) - GAP, self._blocks[-1].bottom)
        super().__init__(
            subject, [self.layer, self.map, self.row, self.column], size,
            "All maps: choose a number with the arrow keys or a click", below=[self._mark],
        )  # fmt: skip
        styles, tools, stage = self._body.children
        self._body.children = [styles, tools, self.detail, stage]
        self.point()

    def html(self) -> str:
        """Return all maps of the drawing in one picture."""
        look, parts = self.subject.look, []
        width, height = self.picker.canvas.width, self.picker.canvas.height
        for nth, block in enumerate(self._blocks):
            maps = look.outputs[block.index + 1]
            limit = float(np.abs(maps).max())
            parts.append(
                f'<text x="0" y="{block.top - 7}">Layer {nth + 1}: {len(maps)} maps of '
                f"{maps.shape[1]} × {maps.shape[2]}</text>"
            )
            for index, values in enumerate(maps):
                box = (*_corner(block, index), TILE, TILE)
                parts.append(bitmap(signed_uri(values, limit), *box) + outline(*box, "mn-edge"))
        picture = svg("".join(parts), "The maps of all layers", width, height, classes="mn-plot")
        return f"{picture}{self.note()}"

    def prepare(self) -> Callable[[], None]:
        """Look at the newest drawing; what is returned shows it and the number pointed at."""
        show = super().prepare()

        def both() -> None:
            show()
            self._guard(self.point)()

        return both

    def point(self) -> None:
        """Show the chosen number: what it has seen, and the nine places that its map likes most."""
        nth, channel, row, column = self.place
        block, look = self._blocks[nth], self.subject.look
        _, rows, columns = block.shape
        x, y = _corner(block, channel)
        wide, high = TILE / columns, TILE / rows
        self._mark.value = (
            f'<div style="position:absolute;pointer-events:none;box-sizing:border-box;'
            f"outline:2px solid var(--mn-frame);left:{x + column * wide:.1f}px;"
            f'top:{y + row * high:.1f}px;width:{wide:.1f}px;height:{high:.1f}px"></div>'
        )
        value = float(look.outputs[block.index + 1][channel, row, column])
        top, left, size = look.layers.field(block.index, row, column)
        frame = [(0, 0, top, left, size)]
        self.detail.value = (
            f'<div class="mn-row" data-cell="{nth},{channel},{row},{column}" '
            f'data-value="{value:.9g}" data-size="{size}">'
            f"{_framed(grey_uri(look.image), SEEN, frame, SIDE, 'Your drawing')}"
            f'{self._liked(nth, channel)}<p class="mn-wide">Layer {nth + 1}, map {channel}, row '
            f"{row}, column {column} is <strong>{signed(value)}</strong>. It has seen the {size} × "
            f"{size} pixels in the frame, from row {top}, column {left} on.<br>Right: the nine of "
            f"{len(self._strongest.images)} digits where this map gets its largest numbers, and "
            "what it has seen there.</p></div>"
        )

    def picture(self) -> str:
        """Return all that is shown, for those who have no widgets."""
        return f"{self.detail.value}{self.shown.value}"

    def _liked(self, nth: int, channel: int) -> str:
        if (nth, channel) not in self._nine:
            block, layers = self._blocks[nth], self.subject.look.layers
            field = np.zeros((3 * SIDE, 3 * SIDE), np.uint8)
            frames = []
            for place, (image, row, column) in enumerate(self._strongest(block.index, channel)):
                down, across = SIDE * (place // 3), SIDE * (place % 3)
                top, left, size = layers.field(block.index, row, column)
                digit = self._strongest.images[image]
                shown = digit * DIM
                seen = np.s_[max(top, 0) : top + size, max(left, 0) : left + size]
                shown[seen] = digit[seen]
                field[down : down + SIDE, across : across + SIDE] = shown
                frames.append((down, across, top, left, size))
            text = f"The nine places that map {channel} likes most"
            picture = _framed(grey_uri(field), 3 * SMALL, frames, 3 * SIDE, text)
            self._nine[nth, channel] = picture
        return self._nine[nth, channel]

    def under(self, point: Point) -> Place:
        """Return the number under the pointer, or the nearest one."""
        x, y = point
        nth = next((i for i, b in enumerate(self._blocks) if y < b.bottom), len(self._blocks) - 1)
        block = self._blocks[nth]
        count, rows, columns = block.shape
        down, across = int(max(y - block.top, 0) // (TILE + GAP)), int(x // (TILE + GAP))
        channel = min(down * ACROSS + min(across, ACROSS - 1), count - 1)
        left, top = _corner(block, channel)
        row, column = int((y - top) / TILE * rows), int((x - left) / TILE * columns)
        return nth, channel, min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)

    def limits(self) -> None:
        """Let the fields take what the chosen layer has."""
        for field, count in zip(
            (self.map, self.row, self.column), self._blocks[self.layer.value].shape, strict=True
        ):
            field.max = count - 1


def _corner(block: Block, channel: int) -> tuple[int, int]:
    """Where a map of a layer begins, x and y in CSS pixels."""
    down, across = divmod(channel, ACROSS)
    return across * (TILE + GAP), block.top + down * (TILE + GAP)


def _blocks(layers: Layers, outputs: list[NDArray[np.float32]]) -> list[Block]:
    starts = [i for i, layer in enumerate(layers.layers) if isinstance(layer, Conv2d)]
    blocks: list[Block] = []
    for end in [*starts[1:], layers.index(Flatten)]:
        top = (blocks[-1].bottom if blocks else 0) + CAPTION
        blocks.append(Block(end - 1, outputs[end].shape, top))
    return blocks


def _framed(
    uri: str, width: int, fields: list[tuple[int, int, int, int, int]], pixels: int, label: str
) -> str:
    """Return a picture with frames: (down, across) of a digit in it, then row, column and size."""
    scale = width / pixels
    frames = "".join(
        outline(across + left, down + top, size, size, stroke=2 / scale)
        for down, across, top, left, size in fields
    )
    return svg(bitmap(uri, 0, 0, pixels, pixels) + frames, label, width, width, scale)
