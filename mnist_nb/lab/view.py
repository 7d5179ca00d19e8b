"""The front end of the lab: one widget with a script and a style of its own, beside the ipycanvas.

Made from `deploy/page/`, as the edge's page is, so that both say and show the same. What changes
with every move of the pen travels as one binary message; what changes seldom as JSON.

A frame, little endian: uint32 number, uint32 flags, float32 milliseconds of each side, float32
probabilities of this machine, of the edge, of this machine for the image that the edge answered,
and of what is on trial at the edge; uint8 (28, 28) the image.
"""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

from mnist_nb.network import DIGITS, Answer

HERE, THERE, STALE, LATE, COLD, TWIN, TELL, TRIED = (1 << bit for bit in range(8))
_HEAD = struct.Struct("<IIff")

STYLES = Path(__file__).with_name("view.css")

Mode = Literal["lab", "seen", "none"]


class FrontEnd(anywidget.AnyWidget):
    """Styles, names for screen readers, and what the paper lacks; shows nothing by itself.

    Attributes:
        facts: what changes seldom, plain values; the script says which.
    """

    _esm = Path(__file__).with_name("view.js")
    _css: Any = STYLES
    facts = traitlets.Dict({"mode": "none"}).tag(sync=True)


class View(FrontEnd):
    """What the network sees and, in a lab, what both sides say of it.

    The page paints the newest frame and, when a frame asks for it, says that it has.

    Args:
        mode: "lab" shows answers too, "seen" the 28x28 image alone.
        painted: called with what the page says: the number of a frame that it has painted.
    """

    frame = traitlets.Bytes(b"").tag(sync=True)

    def __init__(self, mode: Mode, painted: Callable[[Any], object] | None = None) -> None:
        super().__init__(facts={"mode": mode, "labels": list(DIGITS)})
        if painted is not None:
            self.on_msg(lambda widget, said, buffers: painted(said.get("painted")))

    def tell(self, **facts: Any) -> None:
        """Change some of the facts; sends nothing when they are as they were."""
        self.facts = {**self.facts, **facts}

    def show(
        self,
        number: int,
        image: NDArray[np.uint8],
        here: Answer | None = None,
        edge: Answer | None = None,
        twin: NDArray[np.float32] | None = None,
        tried: Answer | None = None,
        *,
        stale: bool = False,
        late: bool = False,
        tell: bool = False,
    ) -> None:
        """Send a frame.

        Args:
            number: of the frame.
            image: uint8 (28, 28).
            here: what this machine says of it.
            edge: the newest answer of the edge.
            twin: float32 (labels,), what this machine says of the image that `edge` is about.
            tried: what the weights on trial say of that image.
            stale: `edge` is about an older image.
            late: and it is so old that the eye should know.
            tell: the page shall say when it has painted this.
        """
        flags = STALE * stale | LATE * late | TELL * tell | TWIN * (twin is not None)
        flags |= HERE * (here is not None) | THERE * (edge is not None)
        flags |= TRIED * (tried is not None)
        flags |= COLD * bool(edge and edge.cold)
        times = (_ms(here), _ms(edge))
        nothing = np.zeros(len(self.facts["labels"]), np.float32)
        said = (here and here.probabilities, edge and edge.probabilities)
        rows = (*said, twin, tried and tried.probabilities)
        numbers = np.concatenate([nothing if row is None else row for row in rows])
        self.frame = (
            _HEAD.pack(number, flags, *times) + numbers.astype("<f4").tobytes() + image.tobytes()
        )


def _ms(answer: Answer | None) -> float:
    return float("nan") if answer is None or answer.ms is None else answer.ms
