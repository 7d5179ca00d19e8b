"""Letters and signs that people drew: Omniglot's strokes, which are no digits.

Omniglot (Lake, Salakhutdinov, Tenenbaum; MIT licence), the file `strokes_background_small1.zip`:
136 characters of five alphabets, each drawn by 20 people. Two alphabets are kept out whole, to
judge by. Turned by quarters and mirrored, the others give seven more signs each to learn from.

Some of them are a digit to whoever sees them: a ring, a bar, a Greek delta. A rule leaves them out,
class by class (a character, in one of its eight ways): those of which three networks call at least
a third of the 20 drawings the same digit, each with a probability of 0.9 or more. The networks
were those of `model/` at commit b673e20, which had seen no sign of Omniglot (sha256 45d9f4f9,
0817493b, 9d12b8ca). `LOOK_LIKE_DIGITS` is what they left out.
"""

import io
import os
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import Drawing, rasterize
from mnist_nb.network import Network

KEPT_OUT = ("Balinese", "Early_Aramaic")  # of training, whole
SIDE = 105  # of the square that people drew in
WAYS = 8  # four quarter turns, and the same in the mirror
CERTAIN, OFTEN = 0.9, 1 / 3  # a probability; a share of a character's drawings

Key = tuple[str, str, int]  # alphabet, character, way


@lru_cache
def characters() -> dict[tuple[str, str], list[Drawing]]:
    """Return all drawings of each (alphabet, character), as they were drawn.

    Raises:
        FileNotFoundError: `MNIST_NB_DATA` has no omniglot/strokes_background_small1.zip.
    """
    folder = Path(os.environ.get("MNIST_NB_DATA", "."), "omniglot")
    found: dict[tuple[str, str], list[Drawing]] = {}
    with zipfile.ZipFile(folder / "strokes_background_small1.zip") as archive:
        for name in sorted(archive.namelist()):
            parts = name.split("/")
            if len(parts) == 4 and name.endswith(".txt") and parts[0] != "__MACOSX":
                drawing = _read(archive.read(name))
                found.setdefault((parts[1], parts[2].removeprefix("character")), []).append(drawing)
    return found


def _read(text: bytes) -> Drawing:
    """Read lines of x, y (up), ms between START and BREAK."""
    strokes: list[list[tuple[float, float]]] = [[]]
    for line in io.StringIO(text.decode("ascii")):
        if line.startswith("BREAK"):
            strokes.append([])
        elif not line.startswith("START"):
            x, y = line.split(",")[:2]
            strokes[-1].append((float(x), -float(y)))
    return Drawing(strokes, (SIDE, SIDE))


def turned(drawing: Drawing, way: int) -> Drawing:
    """Return a drawing turned by `way % 4` quarters, and from 4 on mirrored first."""
    quarter = np.linalg.matrix_power(np.array([[0, -1], [1, 0]]), way % 4)
    change = quarter @ np.diag([-1 if way >= 4 else 1, 1])
    middle = SIDE / 2
    return Drawing([(s - middle) @ change.T + middle for s in drawing.strokes], drawing.size)


def signs(part: Literal["train", "test"], every: bool = False) -> list[tuple[Key, list[Drawing]]]:
    """Return the drawings of each class; those for training in eight ways.

    Args:
        part: which alphabets.
        every: those that look like digits, too.
    """
    wanted = [key for key in characters() if (key[0] in KEPT_OUT) == (part == "test")]
    return [
        ((alphabet, character, way), [turned(d, way) for d in characters()[alphabet, character]])
        for alphabet, character in wanted
        for way in range(WAYS if part == "train" else 1)
        if every or f"{character}{'abcdefgh'[way]}" not in LOOK_LIKE_DIGITS[alphabet].split()
    ]


def looks_like_a_digit(drawings: list[Drawing], networks: list[Network]) -> bool:
    """Apply the rule to one class."""
    images = np.array([rasterize(drawing) for drawing in drawings])
    rows: NDArray[np.float32] = np.array([network.predict(images) for network in networks])
    said, surest = rows.argmax(axis=2), rows.max(axis=2)  # (networks, drawings)
    together = (surest >= CERTAIN).all(axis=0) & (said == said[0]).all(axis=0)
    return bool(np.bincount(said[0][together], minlength=10).max() >= OFTEN * len(drawings))


# Character, then the way as a letter: "a" as it was drawn.
LOOK_LIKE_DIGITS = {
    "Greek": (
        "01f 01h 02c 02e 03c 04a 04g 05c 05e 06a 06c 08b 08d 08f 08h 09a 09c 09e 11a 12e 13d "
        "13f 13g 14c 14e 15a 15b 15c 15d 15e 15f 15g 15h 17b 17e 17g 17h 18a 18b 18c 18d 18e "
        "18f 18h 19f 19g 20f 20h 21h 23e 24d 24h"
    ),
    "Korean": (
        "01a 01c 03f 05a 06d 06f 07h 09d 09h 10a 12a 12h 13d 13e 14b 14c 14f 14g 15f 17f 17g "
        "18g 19b 19d 19f 19h 21a 21c 21e 21g 22a 22b 22f 23c 23f 24a 24c 24g 24h 25f 27e 27g "
        "31b 33a 33b 33c 33d 33e 33f 33h 37a 37f 37h 38f 40a 40e"
    ),
    "Latin": (
        "01c 01d 01e 01f 02a 02c 03d 03f 04e 04g 05b 05c 05d 05e 05f 05g 06d 06e 07a 08b 08c "
        "08f 09c 09g 10b 10g 12a 12c 12e 12g 13b 13f 14f 15a 15b 15c 15d 15e 15f 15g 15h 16b "
        "16e 16g 17a 17c 17d 17h 18b 18c 18e 18f 18g 19a 19c 19e 19g 22d 22g 22h 23d 23h 25d "
        "26a 26c 26e 26f 26g 26h"
    ),
    "Balinese": "05a",
    "Early_Aramaic": "01a 02a 04a 06a 07a 09a 11a 12a 16a 17a 19a 20a",
}
