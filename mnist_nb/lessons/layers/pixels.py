"""From pixels to numbers: the 784 bytes, and what becomes of one of them."""

import numpy as np

from mnist_nb.lessons.layers.answer import note
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View, counter

SIDE = 28


class Pixels(View):
    """The image as a table of bytes, and one byte on its way into the network."""

    title = "the 28 × 28 pixels as numbers"
    at_rest = True

    def __init__(self, subject: Subject) -> None:
        self.row = counter("Row", 14, 0, SIDE - 1)
        self.column = counter("Column", 14, 0, SIDE - 1)
        super().__init__(subject, [self.row, self.column], with_pad=False)

    def html(self) -> str:
        """Return the table, and the sum that turns one byte into a number."""
        look, chosen = self.subject.look, (self.row.value, self.column.value)
        image, entry = look.image, look.network.architecture
        shades = [_cell(value) for value in range(256)]
        rows = []
        for y, line in enumerate(image.tolist()):
            cells = [shades[value] for value in line]
            if y == chosen[0]:
                cells[chosen[1]] = cells[chosen[1]].replace("<td", '<td class="is-chosen"')
            rows.append(f"<tr>{''.join(cells)}</tr>")
        byte = int(image[chosen])
        number = float(look.outputs[0][0][chosen])
        share = np.float32(byte) / np.float32(entry.scale)
        ink = int(np.count_nonzero(image))
        label = f"{SIDE} rows of {SIDE} bytes; {ink} of the {image.size} are not 0"
        return (
            f'{note(look)}<div class="mn-scroll" tabindex="0" role="group" '
            f'aria-label="Table of bytes"><table class="mn-bytes" role="img" aria-label="{label}">'
            f"{''.join(rows)}</table></div>"
            f'<p class="mn-sum" data-byte="{byte}" data-number="{number:.9g}">'
            f"Row {chosen[0]}, column {chosen[1]}: the byte is <strong>{byte}</strong>. "
            f"{byte} / {entry.scale:g} = {share:.4f}, and "
            f"({share:.4f} − {entry.mean:g}) / {entry.std:g} = <strong>{_minus(number)}</strong> "
            "enters the network.</p>"
        )


def _cell(value: int) -> str:
    if value == 0:  # most of them; the style sheet has their colours
        return "<td>0</td>"
    text = "#000" if value > 115 else "#fff"
    return f'<td style="background:rgb({value},{value},{value});color:{text}">{value}</td>'


def _minus(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")
