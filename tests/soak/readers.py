"""Reads spoiled files in a process of its own, so that its memory can be told.

`python -m tests.soak.readers NAME COUNT SEED` prints {"read", "refused", "slowest", "megabytes"}.
"""

import io
import json
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from mnist_nb import Drawing, rasterize
from mnist_nb.cli.classify import open_picture
from mnist_nb.drawing import samples
from mnist_nb.errors import MnistNbError
from mnist_nb.network import convert, read_weights, to_onnx
from mnist_nb.releases.release import read_metadata, read_pointer
from tests.soak.mutants import mutant
from tests.support.files import SMALL
from tests.support.other_programs import burn_bin, burn_bpk, saved

Rng = np.random.Generator
ODD = [b"\xff" * 8, b"\0" * 8, b"1e999", b"NaN", b"-1", b'"', b"[" * 5000, b"9" * 5000]
ODD += [b"\xed\xa0\x80"]  # half a surrogate pair
PICTURES = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")


def spoiled(content: bytes, rng: Rng) -> bytes:
    """A file with one to four things wrong, wherever they fall."""
    for _ in range(rng.integers(1, 5)):
        start, end = np.sort(rng.integers(0, len(content) + 1, 2))
        piece = content[start : min(end, start + 400)]
        match rng.integers(6):
            case 0:  # bits flipped, most of them near the start, where the structure is
                places = (len(content) * rng.random(5) ** 4).astype(int)
                changed = bytearray(content)
                for place in places[: len(content)]:
                    changed[place] ^= 1 << int(rng.integers(8))
                content = bytes(changed)
            case 1:
                content = content[:end]
            case 2:
                content = content[:start] + content[start + int(rng.integers(1, 9)) :]
            case 3:
                content = content[:start] + piece * int(2 ** rng.uniform(0, 10)) + content[start:]
            case 4:
                odd = ODD[rng.integers(len(ODD))]
                content = content[:start] + odd + content[start + len(odd) % 9 :]
            case _:
                content = content[:start] + rng.bytes(int(rng.integers(1, 50))) + content[start:]
        content = content[: 4 << 20] or b"\0"
    return content


def picture(format: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rasterize(samples()[3])).resize((120, 90)).save(file, format)
    return file.getvalue()


def read_picture(content: bytes) -> object:
    path = FOLDER / "picture"
    path.write_bytes(content)
    return rasterize(open_picture(path))


def read_drawing(content: bytes) -> object:
    return rasterize(Drawing.from_json(content.decode("utf-8", "replace")))


def read_about(content: bytes) -> object:
    text = content.decode("latin-1")
    return read_metadata({"name": text, "metrics": text})


def seeds_of(name: str) -> list[bytes]:
    rng = np.random.default_rng(3)
    pointer = {"sha256": "a" * 64, "key": f"mnist/{'a' * 64}.safetensors", "bytes": 7, "name": "n"}
    pointer |= {"pushed_at": "2026-11-22T10:00:00Z", "previous": None, "metrics": {"accuracy": 0.9}}
    layers = {"fc1.weight": rng.random((12, 784), np.float32), "fc1.bias": np.ones(12, np.float32)}
    layers |= {"fc2.weight": rng.random((10, 12), np.float32)}
    found: dict[str, Callable[[], list[bytes]]] = {
        "imports": lambda: [saved(layers), burn_bin()[0], burn_bpk()[0]],
        "onnx": lambda: [to_onnx(read_weights(SMALL))],
        "pictures": lambda: [picture(kind) for kind in PICTURES],
        "drawings": lambda: [sample.to_json().encode() for sample in samples()],
        "pointers": lambda: [json.dumps(pointer).encode()],
        "metadata": lambda: [json.dumps(pointer["metrics"]).encode()],
    }
    return found[name]()


READERS: dict[str, Callable[[bytes], object]] = {
    "weights": read_weights,
    "imports": convert,
    "onnx": convert,
    "pictures": read_picture,
    "drawings": read_drawing,
    "pointers": read_pointer,
    "metadata": read_about,
}


def main(name: str, count: int, seed: int) -> dict[str, Any]:
    rng, read = np.random.default_rng(seed), READERS[name]
    seeds = [] if name == "weights" else seeds_of(name)
    for content in seeds:
        with suppress(MnistNbError):  # but what it loads is in memory now
            read(content)
    before, slowest, done = peak(), 0.0, {"read": 0, "refused": 0}
    for number in range(count):
        content = spoiled(seeds[number % len(seeds)], rng) if seeds else mutant(rng)
        (FOLDER / "last").write_bytes(content)
        began = time.process_time()
        try:
            read(content)
            done["read"] += 1
        except MnistNbError:
            done["refused"] += 1
        slowest = max(slowest, time.process_time() - began)
    return done | {"slowest": slowest, "megabytes": peak() - before}


def peak() -> float:
    """The most memory that this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        FOLDER = Path(folder)
        print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
