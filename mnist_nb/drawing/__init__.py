"""What a person drew or photographed becomes 28x28 bytes."""

from mnist_nb.drawing.batch import as_images
from mnist_nb.drawing.digits import Box, FoundDigit, cut_digits, find_digits
from mnist_nb.drawing.frame import SIZE
from mnist_nb.drawing.homemade import homemade
from mnist_nb.drawing.opening import open_picture, picture_size
from mnist_nb.drawing.pictures import picture_steps
from mnist_nb.drawing.raster import rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.drawing.strokes import Drawing

__all__ = [
    "SIZE",
    "Box",
    "Drawing",
    "FoundDigit",
    "as_images",
    "cut_digits",
    "find_digits",
    "homemade",
    "open_picture",
    "picture_size",
    "picture_steps",
    "rasterize",
    "samples",
]
