"""How long large pictures take, and how much memory: `python -m benchmarks.large_pictures`.

It prints the table of `docs/pictures.md`.

Each is read by a process of its own. The time is the processor's, the best of three, with Pillow
loaded; the memory is the most that the process ever had, some 35 MB of it Python, numpy and Pillow.
Linux only.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnist_nb.drawing import samples

Grey = NDArray[np.uint8]
MEGAPIXELS = (3, 12, 24, 50)
READ = """
import sys, time
import PIL.Image
from mnist_nb.drawing import find_digits
from mnist_nb.errors import InputError
began = time.process_time()
try:
    assert len(find_digits(sys.argv[1])) == 1
except InputError:
    print("refused 0")
else:
    peak = open("/proc/self/status").read().split("VmHWM:")[1].split()[0]
    print(time.process_time() - began, int(peak) / 1024)
"""


def photo(megapixels: int) -> Grey:
    """A 5 on paper with a camera's noise, 4 to 3."""
    height = round((megapixels * 750_000) ** 0.5)
    page = Image.new("L", (height * 4 // 3, height), 230)
    scale = height / 300
    for stroke in samples()[5].strokes:
        way = [(float(x * scale) + height / 6, float(y * scale)) for x, y in stroke]
        ImageDraw.Draw(page).line(way, fill=30, width=round(14 * scale), joint="curve")
    noise = np.random.default_rng(1).integers(0, 12, (page.height, page.width), dtype=np.uint8)
    return np.asarray(page) - noise


def kinds(page: Grey) -> dict[str, tuple[Any, str, dict[str, Any]]]:
    """What each row of the table reads: an image, a suffix and how it is saved."""
    rgb = Image.fromarray(np.stack([page, page, page - 6], axis=2))
    clear = Image.new("RGBA", rgb.size, (0, 0, 0, 0))
    clear.paste((20, 20, 20, 255), mask=Image.fromarray(((page < 100) * 255).astype(np.uint8)))
    fast = {"compress_level": 1}
    return {
        "JPEG": (rgb, "jpg", {"quality": 90}),
        "JPEG, progressive": (rgb, "jpg", {"quality": 90, "progressive": True}),
        "PNG": (rgb, "png", fast),
        "PNG, transparent": (clear, "png", fast),
        "PNG, 16 bits": (Image.fromarray(page.astype(np.uint16) * 200), "png", fast),
        "TIFF, floats": (Image.fromarray(page.astype(np.float32) / 255), "tiff", {}),
        "GIF": (Image.fromarray(page).quantize(64), "gif", {}),
        "WebP": (rgb, "webp", {"method": 0}),
    }


def read(path: Path) -> str:
    """A cell of the table."""
    best: tuple[float, float] | None = None
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", READ, path], capture_output=True, text=True, check=True
        )
        seconds, peak = done.stdout.split()
        if seconds == "refused":
            return "refused"
        best = min(best or (np.inf, 0.0), (float(seconds), float(peak)))
    assert best
    return f"{best[0]:.2f} s, {best[1]:.0f} MB"


def main() -> None:
    """Print the table."""
    rows: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for megapixels in MEGAPIXELS:
            for name, (image, suffix, options) in kinds(photo(megapixels)).items():
                path = Path(folder) / f"picture.{suffix}"
                image.save(path, **options)
                rows.setdefault(name, []).append(read(path))
                path.unlink()
    print("| format |", " | ".join(f"{size} megapixels" for size in MEGAPIXELS), "|")
    print("|---" * (len(MEGAPIXELS) + 1) + "|")
    for name, cells in rows.items():
        print(f"| {name} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
