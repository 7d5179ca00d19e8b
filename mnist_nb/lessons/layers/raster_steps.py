"""From strokes to pixels: each step of the rasteriser can be left out."""

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import Drawing, rasterize
from mnist_nb.lessons.layers.answer import note
from mnist_nb.lessons.layers.bars import says
from mnist_nb.lessons.layers.pictures import grey_uri, img
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View, button

Grey = NDArray[np.uint8]
Row = NDArray[np.float32]  # (labels,)

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
            self._figure(*picture, answer, 168 if index < 2 else 84)
            for index, (picture, answer) in enumerate(zip(pictures, answers, strict=True))
        ]
        return (
            f'{note(look)}<div class="mn-row">{"".join(figures[:2])}</div>'
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
