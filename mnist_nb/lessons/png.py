"""Pictures inside HTML: a PNG in its own URL."""

from base64 import b64encode
from io import BytesIO
from typing import Any

from PIL import Image


def data_uri(picture: Image.Image, **options: Any) -> str:
    """Return a picture as the URL of a PNG that has it inside; options are those of Pillow."""
    png = BytesIO()
    picture.save(png, "png", compress_level=1, **options)
    return "data:image/png;base64," + b64encode(png.getvalue()).decode("ascii")
