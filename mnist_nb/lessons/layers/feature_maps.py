"""What every filter of every convolution makes of the drawing."""

import numpy as np
from numpy.typing import NDArray

from mnist_nb.lessons.layers.answer import note
from mnist_nb.lessons.layers.pictures import img, signed_uri, tiles
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View, choice
from mnist_nb.network import BatchNorm2d, Conv2d, Flatten

ACROSS = 8  # maps in a row
WIDTH = 576  # CSS pixels of a row
STAGES = ("convolution", "batch norm", "GELU")


class FeatureMaps(View):
    """All maps, in rows of eight, for one of the steps after each convolution."""

    title = "the feature maps of every layer"

    def __init__(self, subject: Subject) -> None:
        self.stage = choice("Show them after the", STAGES, STAGES[-1])
        super().__init__(subject, [self.stage])

    def html(self) -> str:
        """Return one picture for each convolution."""
        look = self.subject.look
        parts = []
        for nth, outputs in enumerate(_blocks(look.layers.layers, look.outputs)):
            parts.append(self._picture(nth + 1, outputs[self.stage.value]))
        return note(look) + "".join(parts)

    def _picture(self, nth: int, maps: NDArray[np.float32]) -> str:
        count, height, width = maps.shape
        low, high = float(maps.min()), float(maps.max())
        strongest = int(np.abs(maps).mean(axis=(1, 2)).argmax())
        field = tiles(maps, ACROSS)
        text = f"{nth}. convolution: {count} maps of {height} × {width}"
        span = f"{low:.1f} to {high:.1f}".replace("-", "−")
        alt = f"{text}, numbers from {span}; the strongest is map {strongest}"
        uri = signed_uri(field, max(-low, high))
        shown = round(WIDTH * field.shape[0] / field.shape[1])
        return (
            f'<figure data-block="{nth}" data-max="{high:.9g}"><figcaption>{text}; '
            f'<span class="mn-quiet">orange up to {high:.1f}, blue down to '
            f"{str(round(low, 1)).replace('-', '−')}</span></figcaption>"
            f"{img(uri, alt, WIDTH, shown, 'mn-tiles')}</figure>"
        )


def _blocks(
    layers: tuple[object, ...], outputs: list[NDArray[np.float32]]
) -> list[dict[str, NDArray[np.float32]]]:
    """For each convolution the maps after it, after its batch norm, and after its activation."""
    blocks: list[dict[str, NDArray[np.float32]]] = []
    for layer, output in zip(layers, outputs[1:], strict=True):
        if isinstance(layer, Flatten):
            break
        if isinstance(layer, Conv2d):
            blocks.append(dict.fromkeys(STAGES, output))
        elif blocks:  # what a step is not followed by, stays as it was after the step
            later = STAGES[1:] if isinstance(layer, BatchNorm2d) else STAGES[2:]
            blocks[-1] |= dict.fromkeys(later, output)
    return blocks
