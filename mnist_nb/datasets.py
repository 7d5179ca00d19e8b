"""The two datasets behind the network: MNIST's images and pen strokes of digits.

MNIST (LeCun, Cortes, Burges) is fetched once into a cache and checked by sha256. The pen strokes
are UCI's "Pen-Based Recognition of Handwritten Digits" (Alpaydin, Alimoglu; CC BY 4.0). Set
`MNIST_NB_DATA` to a folder with `mnist/` and `penstrokes/` to read both from there.
"""

import gzip
import hashlib
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import requests
from numpy.typing import NDArray

from mnist_nb.drawing.strokes import Drawing
from mnist_nb.errors import DataError

MNIST_MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
STROKES_FILE = "pendigits-train.unipen.gz"


def mnist(split: Literal["train", "test"]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return MNIST's images uint8 (N, 28, 28) and labels uint8 (N,); N is 60,000 or 10,000.

    Raises:
        DataError: a file is missing and cannot be fetched, or is not the published one.
    """
    name = {"train": "train", "test": "t10k"}[split]
    images = _published(f"{name}-images-idx3-ubyte")
    labels = _published(f"{name}-labels-idx1-ubyte")
    # idx format: 4 bytes of type and rank, then a big-endian int32 for each axis, then the bytes
    return (
        np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28),
        np.frombuffer(labels, np.uint8, offset=8),
    )


def pen_strokes() -> tuple[list[Drawing], NDArray[np.uint8]]:
    """Return 7,494 digits of 30 people as drawings, and labels uint8 (N,), in writing order.

    Raises:
        DataError: the file is not in `MNIST_NB_DATA`.
    """
    folder = os.environ.get("MNIST_NB_DATA")
    path = Path(folder or "", "penstrokes", STROKES_FILE)
    if not folder or not path.is_file():
        raise DataError(
            f"no pen strokes at {path}: set MNIST_NB_DATA to a folder that has penstrokes/"
            f"{STROKES_FILE}, the UNIPEN training file of UCI's pen-based digits, gzipped"
        )
    with gzip.open(path, "rt", encoding="ascii", errors="replace") as lines:
        digits = list(_unipen(lines))
    return [drawing for drawing, _ in digits], np.array([label for _, label in digits], np.uint8)


def _unipen(lines: Iterator[str]) -> Iterator[tuple[Drawing, int]]:
    """Read UNIPEN: `.SEGMENT DIGIT ... "8"` starts a digit, `.PEN_DOWN` a stroke; y grows up."""
    label, strokes = -1, []  # type: int, list[list[tuple[float, float]]]
    down = False
    for line in lines:
        if line.startswith(".SEGMENT DIGIT"):
            if strokes:
                yield Drawing(strokes, (500, 500)), label
            label, strokes = int(line.split('"')[1]), []
        elif line.startswith(".PEN_DOWN"):
            strokes.append([])
            down = True
        elif line.startswith(".PEN_UP"):
            down = False
        elif down and len(numbers := line.split()) == 2:
            strokes[-1].append((float(numbers[0]), 500 - float(numbers[1])))
    if strokes:
        yield Drawing(strokes, (500, 500)), label


def _published(name: str) -> bytes:
    """Return the content of one of MNIST's files, checked to be what was published."""
    folder = os.environ.get("MNIST_NB_DATA")
    path = (Path(folder, "mnist") if folder else _cache()) / f"{name}.gz"
    if not path.is_file():
        if folder:
            raise DataError(f"{path} is missing: unset MNIST_NB_DATA to have MNIST fetched")
        _fetch(name, path)
    try:
        return _checked(name, path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} is damaged ({error}): delete it and try again") from None


def _checked(name: str, packed: bytes) -> bytes:
    """Unzip and compare with the published content; gzip's own bytes differ between mirrors."""
    try:
        content = gzip.decompress(packed)
    except (EOFError, zlib.error) as error:
        raise OSError(f"not a whole gzip file: {error}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != MNIST_SHA256[name]:
        raise OSError(f"content has sha256 {found[:12]}, not {MNIST_SHA256[name][:12]}")
    return content


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "mnist-nb"


def _fetch(name: str, path: Path) -> None:
    from rich.progress import wrap_file

    reasons = []
    for mirror in MNIST_MIRRORS:
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with requests.get(f"{mirror}{name}.gz", stream=True, timeout=(5, 30)) as answer:
                answer.raise_for_status()
                size = int(answer.headers.get("content-length", 0)) or None
                with (
                    part.open("wb") as file,
                    wrap_file(answer.raw, size or 0, description=path.name) as stream,  # type: ignore[arg-type]
                ):
                    shutil.copyfileobj(stream, file)
            _checked(name, part.read_bytes())
            part.replace(path)
            return
        except OSError as error:  # requests' errors are OSErrors
            reasons.append(f"{mirror}: {error}")
        finally:
            part.unlink(missing_ok=True)
    raise DataError(
        f"cannot fetch {name}.gz: {'; '.join(reasons)}. Put the file into {path.parent} or set "
        "MNIST_NB_DATA to a folder that has mnist/"
    )
