"""Small pictures as PNG, by numpy and zlib: Pillow is not wherever the lessons run."""

import struct
import zlib
from base64 import b64encode

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


def data_uri(pixels: Bytes, palette: tuple[Bytes, Bytes] | None = None) -> str:
    """Return a picture as the URL of a PNG that has it inside.

    Args:
        pixels: uint8 (rows, columns) of grey, 255 = white; (rows, columns, 2) of grey and opacity.
        palette: colours (N, 3) and their opacities (N,), where `pixels` are their numbers.
    """
    rows, columns = pixels.shape[:2]
    lines = np.pad(pixels.reshape(rows, -1), ((0, 0), (1, 0)))  # a line begins with its filter
    kind = 3 if palette else 0 if pixels.ndim == 2 else 4
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, kind, 0, 0, 0))]
    if palette:
        chunks += [(b"PLTE", palette[0].tobytes()), (b"tRNS", palette[1].tobytes())]
    chunks += [(b"IDAT", zlib.compress(lines.tobytes(), 1)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)
    return "data:image/png;base64," + b64encode(png).decode("ascii")


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum
