"""Digits that somebody drew and labelled, kept in a JSON file: as strokes, or as 784 bytes."""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb import strict_json
from mnist_nb.drawing import Drawing, rasterize
from mnist_nb.edge import IN_BROWSER
from mnist_nb.errors import AccountError, DataError, InputError
from mnist_nb.whole_file import write_whole

FORMAT = "mnist-nb.collection/1"
MOST = 10_000  # digits in a file
_MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class Labelled:
    """A drawing, or its image where only that was kept, and the digit that it is meant to be.

    Attributes:
        drawing: the strokes; or uint8 (28, 28), 255 = ink.
        label: 0 to 9.
    """

    drawing: Drawing | NDArray[np.uint8]
    label: int

    def __post_init__(self) -> None:
        if type(self.label) is not int or not 0 <= self.label <= 9:
            raise InputError(f"a label is a digit 0 to 9, got {self.label!r:.40}")
        if self.drawing.is_empty if isinstance(self.drawing, Drawing) else not self.drawing.any():
            raise InputError("there is nothing on the paper: draw a digit first")

    @property
    def image(self) -> NDArray[np.uint8]:
        """As the network sees it, uint8 (28, 28)."""
        return rasterize(self.drawing) if isinstance(self.drawing, Drawing) else self.drawing


class Collection:
    """Labelled drawings, in the order they were made.

    Args:
        digits: what is in it.
    """

    def __init__(self, digits: Sequence[Labelled] = ()) -> None:
        self.digits = list(digits)

    def __len__(self) -> int:
        return len(self.digits)

    def __repr__(self) -> str:
        return f"Collection({len(self)} digits)"

    def add(self, drawing: Drawing, label: int) -> None:
        """Add a drawing.

        Raises:
            InputError: it is empty, or the label is no digit.
        """
        if len(self) >= MOST:
            raise InputError(f"a collection has at most {MOST:,} digits: begin another file")
        self.digits.append(Labelled(drawing, label))

    @property
    def images(self) -> NDArray[np.uint8]:
        """The drawings as the network sees them, uint8 (N, 28, 28)."""
        if not self.digits:
            return np.empty((0, 28, 28), np.uint8)
        return np.array([digit.image for digit in self.digits])

    @property
    def labels(self) -> NDArray[np.uint8]:
        """What they are meant to be, uint8 (N,)."""
        return np.array([digit.label for digit in self.digits], np.uint8)

    def halves(self) -> "tuple[Collection, Collection]":
        """Return two collections, of each digit the first, third ... and the second, fourth ..."""
        parts: tuple[list[Labelled], list[Labelled]] = ([], [])
        seen = [0] * 10
        for digit in self.digits:
            parts[seen[digit.label] % 2].append(digit)
            seen[digit.label] += 1
        return Collection(parts[0]), Collection(parts[1])

    def save(self, path: Path | str) -> Path:
        """Write it as JSON.

        Raises:
            DataError: it cannot be written there.
        """
        path = Path(path)
        digits = [{"label": digit.label, **_told(digit.drawing)} for digit in self.digits]
        try:
            write_whole(path, json.dumps({"format": FORMAT, "digits": digits}).encode())
        except OSError as error:
            raise DataError(f"cannot write {path}: {error.strerror or error}") from None
        return path

    @classmethod
    def load(cls, path: Path | str) -> "Collection":
        """Read what `save` wrote.

        Raises:
            DataError: it is missing, too large, or no collection.
        """
        path = Path(path)
        try:
            with path.open("rb") as file:
                content = file.read(_MOST_BYTES + 1)  # a device never ends
            if len(content) > _MOST_BYTES:
                raise DataError(f"{path} is larger than {_MOST_BYTES >> 20} MB: no collection")
            text = content.decode()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise DataError(f"cannot read {path}: {reason}") from None
        return cls._read(text, str(path))

    @classmethod
    def from_edge(cls, edge: Any = None) -> "Collection":
        """What a class gave its edge, in no order; empty when nothing was given.

        Only who holds the keys of the edge's bucket can read it.

        Args:
            edge: a `LocalEdge` or the URL of an edge on this machine. None is the edge in
                MNIST_NB_EDGE_URL when it is on this machine, else the bucket of the credentials in
                the environment or in `.env`.

        Raises:
            AccountError: nothing says which bucket, or the account cannot be used.
            ReleaseError: the bucket cannot be read.
            DataError: what was found there is no collection.
        """
        if IN_BROWSER:
            raise AccountError(
                "a browser has no key of the bucket: start the notebook on a machine"
            )
        from mnist_nb.deployment import find_target  # it takes a while to load
        from mnist_nb.releases import read_drawings

        url = getattr(edge, "url", edge) or os.environ.get("MNIST_NB_EDGE_URL")
        text = read_drawings(find_target(url).releases.settings)
        return cls() if text is None else cls._read(text, "what the class gave")

    @classmethod
    def _read(cls, text: str, where: str) -> "Collection":
        try:
            data = strict_json.loads(text)
        except ValueError as error:
            raise DataError(f"{where} is not JSON ({error}): save a collection anew") from None
        entries = data.get("digits") if isinstance(data, dict) else None
        if not isinstance(entries, list) or data.get("format") != FORMAT or len(entries) > MOST:
            raise DataError(f'{where} is no collection: expected "format": "{FORMAT}" and "digits"')
        try:
            return cls([_entry(entry) for entry in entries])
        except InputError as error:
            raise DataError(f"{where} holds a digit that is none: {error}") from None


def _told(drawing: Drawing | NDArray[np.uint8]) -> dict[str, Any]:
    if isinstance(drawing, Drawing):
        return {"drawing": json.loads(drawing.to_json())}
    return {"pixels": b64encode(drawing.tobytes()).decode()}


def _entry(entry: object) -> Labelled:
    if not isinstance(entry, dict):
        raise InputError(f"a digit is an object with label and drawing, found {entry!r:.40}")
    label = entry.get("label", -1)
    if "pixels" not in entry:
        return Labelled(Drawing.from_json(json.dumps(entry.get("drawing"))), label)
    try:
        pixels = np.frombuffer(b64decode(entry["pixels"], validate=True), np.uint8)
        image = pixels.reshape(28, 28)
    except (TypeError, ValueError):
        found = f"{entry['pixels']!r:.40}"
        raise InputError(f"its pixels are 784 bytes in base64, found {found}") from None
    return Labelled(image, label)
