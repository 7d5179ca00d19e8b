"""Pictures from files, their digits classified here and at the edge, for the command line."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mnist_nb.drawing import Box, cut_digits, open_picture, picture_size, picture_steps, rasterize
from mnist_nb.edge import EdgeClient
from mnist_nb.errors import EdgeError, InputError
from mnist_nb.network import Answer, Network, threshold

STDIN = Path("-")
LARGEST = 100_000_000  # bytes that are read from stdin
SURE, UNSURE = "#1a7f37", "#c2410c"  # as dark as words on paper, and not told by colour alone
_BLANK = np.zeros((28, 28), np.uint8)


@dataclass(frozen=True, eq=False)
class Report:
    """One digit on a picture, and what both sides say of it.

    Attributes:
        path: the file.
        box: where the digit is; None for all that is on the picture.
        image: uint8 (28, 28), what both networks saw.
        local: the answer of this machine.
        edge: the answer of the edge, None when there was none.
    """

    path: Path
    box: Box | None
    image: NDArray[np.uint8]
    local: Answer
    edge: Answer | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "file": str(self.path),
            "box": self.box and list(self.box),
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

    def read(self, path: Path, *, one: bool = False) -> tuple[Image.Image, list[Report]]:
        """Classify the digits on a picture.

        Args:
            path: of the picture, or - for stdin.
            one: take all that is on it for one digit.

        Returns:
            The picture, and its digits in reading order, one at least.

        Raises:
            InputError: the file is no picture, or nothing is drawn on it.
        """
        picture = open_picture(path, sys.stdin.buffer.read(LARGEST) if path == STDIN else None)
        found: list[tuple[Box | None, NDArray[np.uint8]]]
        if one:
            found = [(None, rasterize(picture))]
        else:
            found = [(digit.box, digit.image) for digit in cut_digits(picture)]
        if not any(image.any() for _, image in found):
            raise InputError(f"{path}: there is no digit on it, all of it is of one shade")
        return picture, [
            Report(path, box, image, self._answer(image), self._ask_edge(image))
            for box, image in found
        ]

    def _answer(self, image: NDArray[np.uint8]) -> Answer:
        began = perf_counter()
        probabilities = self.network.predict(image)[0]
        ms = 1000 * (perf_counter() - began)
        ours = self.network
        return Answer(
            probabilities,
            not_sure_below=ours.not_sure_below,
            sha256=ours.sha256,
            name=ours.name,
            ms=ms,
            place="numpy here",
        )

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


def write_boxes(path: Path, picture: Image.Image, reports: Sequence[Report]) -> None:
    """Write a picture with a box around each digit and what it is read as, `?` for not sure.

    Raises:
        InputError: the file cannot be written, or its name ends with no format's suffix.
    """
    shown = Image.fromarray(picture_steps(picture)[0][1]).convert("RGB")
    width, height = picture_size(picture)
    scale = shown.width / width
    pen = ImageDraw.Draw(shown)
    letter = max(12, max(shown.size) // 30)
    for report in reports:
        box = report.box or (0, 0, width, height)
        left, top, right, bottom = (side * scale for side in box)
        answer = report.local
        color = SURE if answer.is_sure else UNSURE
        pen.rectangle((left - 2, top - 2, right + 1, bottom + 1), outline=color, width=2)
        word = answer.label if answer.is_sure else f"{answer.label}?"
        place = (left, max(0, top - 2 - letter))
        pen.text(place, word, fill=color, font=ImageFont.load_default(letter * 0.8))
    try:
        shown.save(path)
    except (OSError, ValueError) as error:  # Pillow: an unknown suffix
        raise InputError(f"{path} cannot be written: {error}") from None
