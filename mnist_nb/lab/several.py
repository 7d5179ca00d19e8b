"""What a pad says when more than one digit is drawn on it."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import FoundDigit

COUNTS = ("Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def several(
    digits: Sequence[FoundDigit], read: Callable[[NDArray[np.uint8]], str] | None = None
) -> str:
    """Say how many digits there are and, with `read`, which; "" for one or none.

    Args:
        digits: in reading order.
        read: from an image (28, 28) to its digit.
    """
    if len(digits) < 2:
        return ""
    count = COUNTS[len(digits) - 2] if len(digits) - 2 < len(COUNTS) else str(len(digits))
    boxes = [digit.box for digit in digits]
    in_line = max(box.top for box in boxes) < min(box.bottom for box in boxes)
    text = f"{count} digits {'side by side' if in_line else 'in several lines'}"
    if read:
        text += f": {('' if in_line else ' ').join(read(digit.image) for digit in digits)}"
    return f"{text}. The image is of the first."
