"""Digits that somebody drew and labelled, kept as strokes in a JSON file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import Drawing, rasterize
from mnist_nb.errors import DataError, InputError

FORMAT = "mnist-nb.collection/1"
MOST = 10_000  # digits in a file
_MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class Labelled:
    """A drawing, and the digit that it is meant to be."""

    drawing: Drawing
    label: int

    def __post_init__(self) -> None:
        if type(self.label) is not int or not 0 <= self.label <= 9:
            raise InputError(f"a label is a digit 0 to 9, got {self.label!r:.40}")
        if self.drawing.is_empty:
            raise InputError("there is nothing on the paper: draw a digit first")


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
        return np.array([rasterize(digit.drawing) for digit in self.digits])

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
        digits = [
            {"label": digit.label, "drawing": json.loads(digit.drawing.to_json())}
            for digit in self.digits
        ]
        part = path.with_name(f"{path.name}.part")
        try:
            part.write_text(json.dumps({"format": FORMAT, "digits": digits}), encoding="utf-8")
            part.replace(path)  # so that a crash leaves the old file or the new, never a half
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
            if path.stat().st_size > _MOST_BYTES:
                raise DataError(f"{path} is larger than {_MOST_BYTES >> 20} MB: no collection")
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}") from None
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path} is not JSON ({error}): save a collection anew") from None
        entries = data.get("digits") if isinstance(data, dict) else None
        if not isinstance(entries, list) or data.get("format") != FORMAT or len(entries) > MOST:
            raise DataError(f'{path} is no collection: expected "format": "{FORMAT}" and "digits"')
        try:
            return cls([_entry(entry) for entry in entries])
        except InputError as error:
            raise DataError(f"{path} holds a digit that is none: {error}") from None


def _entry(entry: object) -> Labelled:
    if not isinstance(entry, dict):
        raise InputError(f"a digit is an object with label and drawing, found {entry!r:.40}")
    return Labelled(Drawing.from_json(json.dumps(entry.get("drawing"))), entry.get("label", -1))
