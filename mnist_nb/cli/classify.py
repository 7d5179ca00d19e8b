"""Pictures from files, classified here and at the edge, for the command line."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_nb.drawing import open_picture, rasterize
from mnist_nb.edge import EdgeClient
from mnist_nb.errors import EdgeError, InputError
from mnist_nb.network import Answer, Network, threshold

STDIN = Path("-")
LARGEST = 100_000_000  # bytes that are read from stdin
_BLANK = np.zeros((28, 28), np.uint8)


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
    local: Answer
    edge: Answer | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "file": str(self.path),
            "local": self.local.to_dict(),
            "edge": self.edge and self.edge.to_dict(),
            "agree": self.edge and self.local.agrees(self.edge),
            "max_abs_diff": self.edge and self.local.difference(self.edge),
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
        self._not_sure_below: dict[str, float | None] = {}  # of the edge's weights, by sha256
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
        image = rasterize(read_picture(path))
        if not image.any():
            raise InputError(f"{path}: there is no digit on it, all of it is of one shade")
        began = perf_counter()
        probabilities = self.network.predict(image)[0]
        ms = 1000 * (perf_counter() - began)
        ours = self.network
        local = Answer(
            probabilities,
            not_sure_below=ours.not_sure_below,
            sha256=ours.sha256,
            name=ours.name,
            ms=ms,
            place="numpy here",
        )
        return Report(path, image, local, self._ask_edge(image))

    def _ask_edge(self, image: NDArray[np.uint8]) -> Answer | None:
        if self._edge is None or self.edge_error is not None:
            return None
        try:
            result = self._edge.classify(image)
            doubt = self._threshold_of(self._edge, result.model.sha256)
        except EdgeError as error:
            self.edge_error = str(error)
            return None
        answer = result.answer(not_sure_below=doubt)
        return answer if answer.place else replace(answer, place=self._edge.url)

    def _threshold_of(self, edge: EdgeClient, sha256: str) -> float | None:
        """From where on an answer of these weights counts; None when the edge has others by now."""
        if sha256 not in self._not_sure_below:
            model = edge.model()
            self._not_sure_below[str(model.get("sha256"))] = threshold(model.get("not_sure_below"))
        return self._not_sure_below.get(sha256)


def find_pictures(paths: Sequence[Path]) -> list[Path]:
    """The files that are meant: a folder stands for the pictures in it, by name.

    Raises:
        InputError: a folder has none.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        known = Image.registered_extensions()
        inside = [file for file in sorted(path.iterdir()) if file.suffix.lower() in known]
        if not inside:
            raise InputError(f"{path} has no pictures in it: name a file, or a folder with PNGs")
        found += inside
    return found


def read_picture(path: Path) -> Image.Image:
    """Open a picture, or that on stdin for `-`. Raises InputError, as `open_picture`."""
    return open_picture(path, sys.stdin.buffer.read(LARGEST) if path == STDIN else None)
