"""Pictures from files, classified here and at the edge, for the command line."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_nb.drawing import rasterize
from mnist_nb.edge import EdgeClient
from mnist_nb.errors import EdgeError, InputError
from mnist_nb.network import Network, is_sure

_BLANK = np.zeros((28, 28), np.uint8)


@dataclass(frozen=True, eq=False)
class Side:
    """What one side says of one picture.

    Attributes:
        probabilities: float32 (10,).
        ms: time of the forward pass, or of the round trip to the edge, in milliseconds.
        name: of the network.
        sha256: of its weights file; "" when an edge does not say.
        place: where it was computed.
        not_sure_below: `Network.not_sure_below` of its weights, None when they are not known.
    """

    probabilities: NDArray[np.float32]
    ms: float
    name: str
    sha256: str
    place: str
    not_sure_below: float | None = None

    @property
    def is_sure(self) -> bool:
        """Does the picture look like a digit?"""
        return is_sure(self.probabilities, self.not_sure_below)

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return int(self.probabilities.argmax())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "digit": self.digit,
            "sure": self.is_sure,
            "probabilities": [float(p) for p in self.probabilities],
            "ms": round(self.ms, 3),
            "model": {"name": self.name, "sha256": self.sha256},
            "place": self.place,
        }


@dataclass(frozen=True, eq=False)
class Report:
    """One picture and what both sides say of it.

    Attributes:
        path: the file.
        image: uint8 (28, 28), what both networks saw.
        local: the answer of this machine.
        edge: the answer of the edge, None when there was none.
    """

    path: Path
    image: NDArray[np.uint8]
    local: Side
    edge: Side | None

    @property
    def max_abs_diff(self) -> float | None:
        """Largest difference between two probabilities of the same digit."""
        if self.edge is None:
            return None
        return float(np.abs(self.local.probabilities - self.edge.probabilities).max())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "file": str(self.path),
            "local": self.local.to_dict(),
            "edge": self.edge and self.edge.to_dict(),
            "agree": self.edge and self.local.digit == self.edge.digit,
            "max_abs_diff": self.max_abs_diff,
        }


class Reader:
    """Reads pictures with the shipped network, and with an edge once `ask` named one.

    Use it in a `with`, which closes the connection to the edge.

    Attributes:
        edge_error: why the edge gives no answers, None as long as it does.
    """

    def __init__(self) -> None:
        self.network = Network.load()
        self.edge_error: str | None = None
        self._edge: EdgeClient | None = None
        self.network.predict(_BLANK)  # so that the times shown are those of a warm network

    def ask(self, url: str, token: str | None = None) -> None:
        """Ask this edge as well. Raises InputError for a URL that cannot be one."""
        # The first answer of a far edge may wait for a cold start.
        self._edge = EdgeClient(url, token=token, timeout=10.0)
        self._ask_edge(_BLANK)  # opens the connection, loads the model

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._edge:
            self._edge.close()

    def read(self, path: Path) -> Report:
        """Classify the digit on a picture.

        Raises:
            InputError: the file is no picture, or nothing is drawn on it.
        """
        image = rasterize(open_picture(path))
        if not image.any():
            raise InputError(f"{path}: there is no digit on it, all of it is of one shade")
        began = perf_counter()
        probabilities = self.network.predict(image)[0]
        ms = 1000 * (perf_counter() - began)
        ours = self.network
        local = Side(probabilities, ms, ours.name, ours.sha256, "numpy here", ours.not_sure_below)
        return Report(path, image, local, self._ask_edge(image))

    def _ask_edge(self, image: NDArray[np.uint8]) -> Side | None:
        if self._edge is None or self.edge_error is not None:
            return None
        try:
            result = self._edge.classify(image)
        except EdgeError as error:
            self.edge_error = str(error)
            return None
        place = result.place
        where = "local workerd" if place.local else place.colo or place.continent or self._edge.url
        model, ours = result.model, self.network
        doubt = ours.not_sure_below if model.sha256 == ours.sha256 else None
        ms = result.timing.total_ms
        return Side(result.probabilities[0], ms, model.name, model.sha256, where, doubt)


def open_picture(path: Path) -> Image.Image:
    """Open a picture, turned as the camera was held.

    Raises:
        InputError: Pillow cannot read it, or it is far too large.
    """
    try:
        with Image.open(path) as picture:
            return ImageOps.exif_transpose(picture).copy()
    except UnidentifiedImageError:
        raise InputError(f"{path} is not a picture: give a PNG, JPEG, GIF, BMP or WebP") from None
    except Image.DecompressionBombError as error:
        raise InputError(f"{path} is too large a picture: {error}") from None
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for damaged files
        raise InputError(f"{path} cannot be read: {error}") from None
