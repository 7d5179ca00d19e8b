"""Large pictures: the memory of a process of its own, and what is refused."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnist_nb.drawing import find_digits, open_picture, rasterize
from mnist_nb.errors import InputError

SIDES = 8165, 6124  # 50 megapixels
BOX = 2000, 1000, 3000, 5000  # of a one
MOST = 400  # MB


def rgba() -> Any:
    image = Image.new("RGBA", SIDES, (0, 0, 0, 0))
    image.paste((20, 20, 20, 255), BOX)
    return image


def palette() -> Any:
    image = Image.new("P", SIDES, 0)
    image.putpalette([255, 255, 255, 20, 20, 20])
    image.paste(1, BOX)
    return image


def floats() -> Any:
    image = Image.new("F", SIDES, 1.0)
    image.paste(0.1, BOX)
    return image


KINDS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "rgba.png": (rgba, {"compress_level": 1}),
    "palette.png": (palette, {"compress_level": 1, "transparency": 0}),
    "float.tiff": (floats, {"compression": "tiff_adobe_deflate"}),
    "photo.jpg": (lambda: rgba().convert("L").point(lambda grey: 30 if grey else 230), {}),
}


# A child's ru_maxrss begins with that of the process that started it, so it is not asked.
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="only Linux has the peak")
@pytest.mark.parametrize("name", KINDS)
def test_fifty_megapixels_take_little_memory(tmp_path: Path, name: str) -> None:
    make, options = KINDS[name]
    make().save(tmp_path / name, **options)
    code = (
        "import sys; from mnist_nb.drawing import find_digits;"
        "print(*find_digits(sys.argv[1])[0]);"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    command = [sys.executable, "-c", code, tmp_path / name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    box, peak = done.stdout.splitlines()
    assert [int(side) for side in box.split()] == pytest.approx(BOX, abs=32)
    assert int(peak) / 1024 < MOST


def test_what_would_take_more_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.webp"
    Image.new("RGB", (4900, 4700), "white").save(path, lossless=True, quality=0, method=0)
    with pytest.raises(InputError, match=r"23 million pixels.* 368 MB as WEBP: make it smaller"):
        open_picture(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="make it smaller, or save it as JPEG"):
        rasterize(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss == before


def test_a_line_of_pixels_is_a_picture() -> None:
    for shape in ((1, 5000), (5000, 1)):
        assert rasterize(np.zeros(shape, np.uint8)).shape == (28, 28)
        wide = Image.fromarray(np.full(shape, 40_000, np.uint16))
        assert find_digits(wide) == []
