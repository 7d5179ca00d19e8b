"""Draw a digit, see what a network says on your machine and what it says at the edge.

The names below are the public API. Each is imported when first used, so that
`import mnist_nb` stays fast and a script that only classifies never loads Jupyter.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mnist_nb._version import __version__

if TYPE_CHECKING:
    from mnist_nb.comparison.compare import Comparison, compare
    from mnist_nb.comparison.parity import trace
    from mnist_nb.drawing.digits import find_digits
    from mnist_nb.drawing.raster import rasterize
    from mnist_nb.drawing.strokes import Drawing
    from mnist_nb.edge.client import AsyncEdgeClient, EdgeClient, EdgeResult
    from mnist_nb.errors import MnistNbError
    from mnist_nb.lab.lab import Lab
    from mnist_nb.lab.pad import DigitPad
    from mnist_nb.local_edge.local_edge import LocalEdge
    from mnist_nb.network.numpy_network import Network
    from mnist_nb.releases.releases import Releases

_HOME = {
    "AsyncEdgeClient": "mnist_nb.edge",
    "Comparison": "mnist_nb.comparison",
    "DigitPad": "mnist_nb.lab",
    "Drawing": "mnist_nb.drawing",
    "EdgeClient": "mnist_nb.edge",
    "EdgeResult": "mnist_nb.edge",
    "Lab": "mnist_nb.lab",
    "LocalEdge": "mnist_nb.local_edge",
    "MnistNbError": "mnist_nb.errors",
    "Network": "mnist_nb.network",
    "Releases": "mnist_nb.releases",
    "compare": "mnist_nb.comparison",
    "find_digits": "mnist_nb.drawing",
    "rasterize": "mnist_nb.drawing",
    "trace": "mnist_nb.comparison",
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
    "find_digits",
    "rasterize",
    "trace",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mnist_nb' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
