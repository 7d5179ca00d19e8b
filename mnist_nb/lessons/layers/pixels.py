"""From strokes to numbers: the steps of the rasteriser, and its 784 bytes on their way in."""

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import Drawing, rasterize
from mnist_nb.lessons.layers.pictures import grey_uri, img, minus, says
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View, button, counter

Grey = NDArray[np.uint8]
Row = NDArray[np.float32]  # (labels,)

SIDE = 28

STEPS = {
    "crop": "fit the ink into a box of 20 × 20",
    "keep_aspect": "keep its shape",
    "pen_after_scaling": "one pen width for all sizes",
    "antialias": "soft edges",
    "center_of_mass": "centre by mass",
}


class RasterSteps(View):
    """The drawing with the steps that are ticked, beside the full recipe."""

    title = "the steps from strokes to pixels, on and off"
    at_rest = True

    def __init__(self, subject: Subject) -> None:
        self.steps = {
            name: widgets.Checkbox(True, description=text, indent=False, layout={"width": "auto"})
            for name, text in STEPS.items()
        }
        self._guard = subject.pad.status.guard
        tiny = button(
            "Make my drawing tiny", "Move the drawing to a corner, at a third of its size",
            self._guard(self._shrink),
        )  # fmt: skip
        super().__init__(subject, [*self.steps.values(), tiny])

    def html(self) -> str:
        """Return the pictures with what the network says of each."""
        look = self.subject.look
        chosen = {name: box.value for name, box in self.steps.items()}
        missing = [f"“{STEPS[name]}”" for name, on in chosen.items() if not on]
        what = "without " + " and ".join(missing) if missing else "with all steps"
        yours = rasterize(look.drawing, **chosen) if missing else look.image
        pictures = [("full", "The full recipe", look.image), ("yours", f"Yours, {what}", yours)]
        for name, text in STEPS.items():
            pictures.append((name, f"without “{text}”", rasterize(look.drawing, **{name: False})))
        answers = look.network.predict(np.stack([image for _, _, image in pictures]))
        figures = [
            self._figure(*picture, answer, 168 if index < 2 else 76)
            for index, (picture, answer) in enumerate(zip(pictures, answers, strict=True))
        ]
        return (
            f'{self.note()}<div class="mn-row">{"".join(figures[:2])}</div>'
            '<p class="mn-head">One step left out at a time</p>'
            f'<div class="mn-row">{"".join(figures[2:])}</div>'
        )

    def _figure(self, name: str, text: str, image: Grey, answer: Row, side: int) -> str:
        network = self.subject.network
        words = says(answer, network.labels, network.not_sure_below)
        same = int(answer.argmax()) == int(self.subject.look.probabilities.argmax())
        return (
            f'<figure style="width:{side + 14}px" data-step="{name}" '
            f'data-answer="{int(answer.argmax())}">'
            f"{img(grey_uri(image), f'{text}: 28 × 28 pixels', side, side)}<figcaption>{text}<br>"
            f'<strong class="{"" if same else "is-other"}">{words}</strong></figcaption></figure>'
        )

    def _shrink(self) -> None:
        drawing = self.subject.look.drawing
        scale = drawing.size[0] / 10
        strokes = [scale * 0.6 + stroke / 3 for stroke in drawing.strokes]
        self.subject.pad.drawing = Drawing(strokes, drawing.size)


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
            f'{self.note()}<div class="mn-scroll" tabindex="0" role="group" '
            f'aria-label="Table of bytes"><table class="mn-bytes" role="img" aria-label="{label}">'
            f"{''.join(rows)}</table></div>"
            f'<p class="mn-sum" data-byte="{byte}" data-number="{number:.9g}">'
            f"Row {chosen[0]}, column {chosen[1]}: the byte is <strong>{byte}</strong>. "
            f"{byte} / {entry.scale:g} = {share:.4f}, and "
            f"({share:.4f} − {entry.mean:g}) / {entry.std:g} = "
            f"<strong>{minus(f'{number:.4f}')}</strong> enters the network.</p>"
        )


def _cell(value: int) -> str:
    if value == 0:  # most of them; the style sheet has their colours
        return "<td>0</td>"
    text = "#000" if value > 115 else "#fff"
    return f'<td style="background:rgb({value},{value},{value});color:{text}">{value}</td>'
