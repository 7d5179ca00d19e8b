"""The lab: a pad to draw on, and what both sides say of it, live."""

from mnist_nb.lab.bars import milliseconds, percent
from mnist_nb.lab.lab import Lab
from mnist_nb.lab.names import NamedCanvas, style_sheet
from mnist_nb.lab.pad import DigitPad
from mnist_nb.lab.parts import Frames, StatusLine
from mnist_nb.lab.png import data_uri

__all__ = [
    "DigitPad",
    "Frames",
    "Lab",
    "NamedCanvas",
    "StatusLine",
    "data_uri",
    "milliseconds",
    "percent",
    "style_sheet",
]
