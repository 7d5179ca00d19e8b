"""The lab: a pad to draw on, and what both sides say of it, live."""

from mnist_nb.lab.beside import beside
from mnist_nb.lab.frames import Frames
from mnist_nb.lab.lab import Lab
from mnist_nb.lab.pad import DigitPad
from mnist_nb.lab.paper import NamedCanvas
from mnist_nb.lab.status import StatusLine, close_all
from mnist_nb.lab.view import STYLES, FrontEnd

__all__ = [
    "STYLES",
    "DigitPad",
    "Frames",
    "FrontEnd",
    "Lab",
    "NamedCanvas",
    "StatusLine",
    "beside",
    "close_all",
]
