"""Draw a digit, see what a network says on your machine and what it says at the edge.

The names below are the public API. Each is imported when first used, so that
`import mnist_nb` stays fast and a script that only classifies never loads Jupyter.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mnist_nb._version import __version__

if TYPE_CHECKING:
    from mnist_nb.comparison import Comparison, compare
    from mnist_nb.drawing.raster import rasterize
    from mnist_nb.drawing.strokes import Drawing
    from mnist_nb.edge.client import AsyncEdgeClient, EdgeClient, EdgeResult
    from mnist_nb.edge.local import LocalEdge
    from mnist_nb.edge.releases import Releases
    from mnist_nb.errors import MnistNbError
    from mnist_nb.network.forward import Network
    from mnist_nb.widgets.lab import Lab
    from mnist_nb.widgets.pad import DigitPad

_HOME = {
    "AsyncEdgeClient": "mnist_nb.edge.client",
    "Comparison": "mnist_nb.comparison",
    "DigitPad": "mnist_nb.widgets.pad",
    "Drawing": "mnist_nb.drawing.strokes",
    "EdgeClient": "mnist_nb.edge.client",
    "EdgeResult": "mnist_nb.edge.client",
    "Lab": "mnist_nb.widgets.lab",
    "LocalEdge": "mnist_nb.edge.local",
    "MnistNbError": "mnist_nb.errors",
    "Network": "mnist_nb.network.forward",
    "Releases": "mnist_nb.edge.releases",
    "compare": "mnist_nb.comparison",
    "rasterize": "mnist_nb.drawing.raster",
}

__all__ = [
    "AsyncEdgeClient",
    "Comparison",
    "DigitPad",
    "Drawing",
    "EdgeClient",
    "EdgeResult",
    "Lab",
    "LocalEdge",
    "MnistNbError",
    "Network",
    "Releases",
    "__version__",
    "compare",
    "rasterize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mnist_nb' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
