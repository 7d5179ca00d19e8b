"""The views of notebook 02, and of one's own network in 05: one drawing through every layer.

    subject = Subject()     # the pad, and the network that looks at its drawing
    FeatureMaps(subject)    # a view; it follows the pad from now on

Where one wants to draw, the pad stands beside the view again (the same pad, so that all views have
the same drawing). While nothing is drawn, a sample stands in. A view is a widget; where widgets
cannot run (a saved notebook without a kernel, a page made of it) its `text/html` shows the same as
a still picture.
"""

from mnist_nb.lessons.layers.answer import Answer, Doubt, Softmax
from mnist_nb.lessons.layers.convolution import Convolution
from mnist_nb.lessons.layers.digit_map import DigitMap
from mnist_nb.lessons.layers.dot import SmallestDot
from mnist_nb.lessons.layers.evidence import Evidence
from mnist_nb.lessons.layers.exchange import Exchange, Starts
from mnist_nb.lessons.layers.feature_maps import Curves, FeatureMaps
from mnist_nb.lessons.layers.looks_for import LooksFor
from mnist_nb.lessons.layers.pixels import Pixels, RasterSteps
from mnist_nb.lessons.layers.pooling import Pooling
from mnist_nb.lessons.layers.subject import Subject

__all__ = [
    "Answer",
    "Convolution",
    "Curves",
    "DigitMap",
    "Doubt",
    "Evidence",
    "Exchange",
    "FeatureMaps",
    "LooksFor",
    "Pixels",
    "Pooling",
    "RasterSteps",
    "SmallestDot",
    "Softmax",
    "Starts",
    "Subject",
]
