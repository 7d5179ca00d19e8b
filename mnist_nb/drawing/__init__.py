"""What a person drew or photographed becomes 28x28 bytes."""

from mnist_nb.drawing.batch import as_images
from mnist_nb.drawing.homemade import homemade
from mnist_nb.drawing.raster import SIZE, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.drawing.strokes import Drawing

__all__ = ["SIZE", "Drawing", "as_images", "homemade", "rasterize", "samples"]
