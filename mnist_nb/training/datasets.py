"""The two datasets behind the network: MNIST's images and pen strokes of digits.

MNIST is by LeCun, Cortes and Burges; the pen strokes are UCI's "Pen-Based Recognition of
Handwritten Digits" (Alpaydin, Alimoglu; CC BY 4.0). Each file is fetched once into a cache and
checked by sha256. Set `MNIST_NB_DATA` to a folder with `mnist/` and `penstrokes/` to read both from
there instead.

`at_hand` never asks the network: without MNIST it gives `homemade` digits, which are not MNIST.
"""

import gzip
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import Drawing, homemade, rasterize
from mnist_nb.errors import DataError
from mnist_nb.whole_file import write_whole


@dataclass(frozen=True)
class Published:
    """A file as its authors published it.

    Attributes:
        folder, name: where it is kept, gzipped, as folder/name.gz.
        sha256: of its content; compressed forms differ between mirrors.
        urls: where it is, in the order to try: gzipped, compressed (.Z), or one file of a zip.
    """

    folder: str
    name: str
    sha256: str
    urls: tuple[str, ...]


def _mnist(name: str, sha256: str) -> Published:
    mirrors = (
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    )
    return Published("mnist", name, sha256, tuple(f"{mirror}{name}.gz" for mirror in mirrors))


MNIST = {
    "train": (
        _mnist(
            "train-images-idx3-ubyte",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        _mnist(
            "train-labels-idx1-ubyte",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
    ),
    "test": (
        _mnist(
            "t10k-images-idx3-ubyte",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        _mnist(
            "t10k-labels-idx1-ubyte",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
}
STROKES = Published(
    "penstrokes",
    "pendigits-train.unipen",
    "a66225d68d7d68591e62944df1ad33b3f5aa608e2df2505844b41f5568a80da4",
    (
        "https://archive.ics.uci.edu/ml/machine-learning-databases/pendigits/pendigits-orig.tra.Z",
        "https://archive.ics.uci.edu/static/public/81/"
        "pen+based+recognition+of+handwritten+digits.zip",
    ),
)
MOST_HOMEMADE = 3000
ZIPPED = "pendigits-orig.tra.Z"  # the one file of UCI's zip that is wanted


def mnist(split: Literal["train", "test"]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return MNIST's images uint8 (N, 28, 28) and labels uint8 (N,); N is 60,000 or 10,000.

    Raises:
        DataError: a file is missing and cannot be fetched, or is not the published one.
    """
    images, labels = (_content(file) for file in MNIST[split])
    # idx format: 4 bytes of type and rank, then a big-endian int32 for each axis, then the bytes
    return (
        np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28),
        np.frombuffer(labels, np.uint8, offset=8),
    )


def pen_strokes() -> tuple[list[Drawing], NDArray[np.uint8]]:
    """Return 7,494 digits of 30 people as drawings, and labels uint8 (N,), in writing order.

    Raises:
        DataError: the file is missing and cannot be fetched, or is not the published one.
    """
    lines = _content(STROKES).decode("ascii", "replace").splitlines()
    digits = list(_unipen(iter(lines)))
    return [drawing for drawing, _ in digits], np.array([label for _, label in digits], np.uint8)


@dataclass(frozen=True, eq=False)
class Digits:
    """Labelled images, and where they are from.

    Attributes:
        images: uint8 (N, 28, 28).
        labels: uint8 (N,).
        source: in words, to be shown beside every number that was computed from them.
        is_mnist: False for digits that this project made itself.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    source: str
    is_mnist: bool


def at_hand(split: Literal["train", "test"], count: int, seed: int = 0) -> Digits:
    """Return at most `count` digits without asking the network.

    They are the first of MNIST where its files are here already, in the cache or in
    `MNIST_NB_DATA`; `mnist(split)` fetches them once. Else they are `homemade`, 3,000 at most:
    more would take long and say no more.

    Raises:
        DataError: the files are here, and damaged.
    """
    if all(_path(file).is_file() for file in MNIST[split]):
        images, labels = mnist(split)
        source = f"MNIST's {split} images, the first {min(count, len(images)):,} of {len(images):,}"
        return Digits(images[:count], labels[:count], source, True)
    count = min(count, MOST_HOMEMADE)
    drawings, labels = homemade(count, seed + (1_000_003 if split == "train" else 0))
    images = np.array(
        [
            rasterize(drawing, pen=1.6 + 2.4 * ((7 * i) % 11) / 10)
            for i, drawing in enumerate(drawings)
        ]
    )
    source = f"{count:,} digits that mnist-nb made itself, not MNIST: easier, and less varied"
    return Digits(images, labels, source, False)


def drawn_at_hand(count: int, seed: int = 0) -> tuple[list[Drawing], NDArray[np.uint8], str]:
    """Return digits drawn with a pen, without asking the network.

    They are the last of the pen strokes where their file is here already; else `homemade`.

    Args:
        count: how many, at most.
        seed: for homemade ones.

    Returns:
        Drawings, labels uint8 (N,), and where they are from, in words.

    Raises:
        DataError: the file is here, and damaged.
    """
    if _path(STROKES).is_file():
        drawings, labels = pen_strokes()
        return drawings[-count:], labels[-count:], "pen strokes of people (UCI)"
    drawings, labels = homemade(count, seed + 77)
    return drawings, labels, "drawn by mnist-nb itself, not by people"


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


def _content(file: Published) -> bytes:
    """Return the content of a published file, fetched when it is not here yet."""
    folder, path = os.environ.get("MNIST_NB_DATA"), _path(file)
    if not path.is_file():
        if folder:
            raise DataError(f"{path} is missing: unset MNIST_NB_DATA to have it fetched")
        return _fetch(file, path)
    try:
        return _checked(file, _unpacked(path.name, path.read_bytes()))
    except OSError as error:
        raise DataError(f"{path} is damaged ({error}): delete it and try again") from None


def _path(file: Published) -> Path:
    """Where a published file is, or would be."""
    return Path(os.environ.get("MNIST_NB_DATA") or _cache(), file.folder, f"{file.name}.gz")


def _unpacked(name: str, packed: bytes) -> bytes:
    try:
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(packed)) as archive:
                return _unpacked(ZIPPED, archive.read(ZIPPED))
        return _unlzw(packed) if name.endswith(".Z") else gzip.decompress(packed)
    except (EOFError, zlib.error, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise OSError(f"{name} does not unpack: {error}") from None


def _unlzw(packed: bytes) -> bytes:
    try:
        from unlzw3 import unlzw
    except ModuleNotFoundError:
        raise DataError(
            "UCI's pen strokes are packed with Unix compress: pip install 'mnist-nb[train]'"
        ) from None
    return unlzw(packed)  # type: ignore[no-any-return]


def _checked(file: Published, content: bytes) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise OSError(f"content has sha256 {found[:12]}, not {file.sha256[:12]}")
    return content


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "mnist-nb"


def _fetch(file: Published, path: Path) -> bytes:
    reasons = []
    for url in file.urls:
        try:
            content = _checked(file, _unpacked(url, _download(url, path.name)))
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, gzip.compress(content, mtime=0))
            return content
        except OSError as error:  # requests' errors are OSErrors
            reasons.append(f"{url}: {error}")
    raise DataError(
        f"cannot fetch {path.name}: {'; '.join(reasons)}. Where there is a network, run this once; "
        f"or put the file into {path.parent}; or set MNIST_NB_DATA to a folder that has "
        f"{file.folder}/{path.name}"
    )


def _download(url: str, what: str) -> bytes:
    import requests
    from rich.progress import wrap_file

    with requests.get(url, stream=True, timeout=(5, 30)) as answer:
        answer.raise_for_status()
        size = int(answer.headers.get("content-length", 0))
        with wrap_file(answer.raw, size, description=what) as stream:  # type: ignore[arg-type]
            return stream.read()
