"""Open a picture's file, a large one at a fraction of its size where its format allows that."""

import warnings
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_nb.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

ORIENTATION = 0x0112  # EXIF's tag: which way up a camera was held
FULL_SIZE = "size of the file"  # in a picture's info, where it was read at a fraction
MEMORY = 360_000_000  # bytes that a picture may take while it is opened
# Bytes for each pixel, where the libraries behind Pillow take more than the picture itself.
GREEDY = {"WEBP": 16, "AVIF": 16, "JPEG2000": 20}
WANTED = 1200  # pixels a side that a JPEG is read at, or more


def open_picture(path: Path, content: bytes | None = None) -> "Image":
    """Open a picture; `rasterize` turns it as the camera was held.

    Args:
        path: of its file.
        content: what is in it, where that is known; `path` is then only its name.

    Raises:
        InputError: Pillow cannot read it, or it is far too large.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(path if content is None else BytesIO(content))
        with picture:
            full = picture.size
            picture.draft(None, (WANTED, WANTED))  # a JPEG is then read at a fraction of its size
            _check_memory(path, picture)
            picture.load()
            if max(picture.size) < max(full):
                picture.info[FULL_SIZE] = full
            return picture
    except UnidentifiedImageError:
        raise InputError(f"{path} is not a picture: give a PNG, JPEG, GIF, BMP or WebP") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"{path} is too large a picture, make it smaller: {error}") from None
    except InputError:
        raise
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for damaged files
        raise InputError(f"{path} cannot be read: {error}") from None


def _check_memory(path: Path, picture: "Image") -> None:
    pixels = picture.width * picture.height
    needed = pixels * GREEDY.get(picture.format or "", 4)
    if needed > MEMORY:
        raise InputError(
            f"{path} has {pixels / 1e6:.0f} million pixels, which would take some"
            f" {needed / 1e6:.0f} MB as {picture.format}: make it smaller, or save it as JPEG"
        )


def picture_size(picture: "Image") -> tuple[int, int]:
    """Return width and height of a picture's file, turned as its camera was held."""
    width, height = picture.info.get(FULL_SIZE, picture.size)
    is_on_its_side = picture.getexif().get(ORIENTATION, 1) >= 5
    return (height, width) if is_on_its_side else (width, height)
