"""Bytes read one after the other; what is missing is reported with the byte where it should be."""

from typing import Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import WeightsError

# Element types that other files use. bfloat16, which numpy does not have, is the upper half of a
# float32 and is read as uint16.
FLOATS: dict[str, np.dtype[np.generic]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
}


class Cursor:
    """A place in bytes that came from anywhere.

    Args:
        content: the bytes; they are not copied.
        what: how errors call them.
    """

    def __init__(self, content: bytes, what: str) -> None:
        self._view = memoryview(content)
        self.what = what
        self.position = 0

    @property
    def left(self) -> int:
        """How many bytes follow."""
        return len(self._view) - self.position

    def take(self, count: int, what: str) -> bytes:
        """Return the next `count` bytes; `what` names them in the error.

        Raises:
            WeightsError: fewer are left. Nothing was allocated for them.
        """
        if count > self.left:
            self.fail(f"{count:,} bytes of {what}", f"{self.left:,} to the end: truncated")
        self.position += count
        return bytes(self._view[self.position - count : self.position])

    def uint(self, size: int, what: str, order: Literal["little", "big"] = "little") -> int:
        """Return an unsigned whole number of `size` bytes."""
        return int.from_bytes(self.take(size, what), order)

    def text(self, count: int, what: str) -> str:
        """Return `count` bytes of UTF-8 as a text."""
        start = self.position
        try:
            return self.take(count, what).decode()
        except UnicodeDecodeError:
            self.fail(f"{what} in UTF-8", "other bytes", start)

    def fail(self, expected: str, found: str, position: int | None = None) -> NoReturn:
        """Raise the WeightsError that says what was expected and found, and where."""
        where = self.position if position is None else position
        raise WeightsError(f"{self.what}, byte {where:,}: expected {expected}, found {found}")


def widened(array: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return float32 or float16 as it is, float64 and bfloat16 (held as uint16) as float32."""
    if array.dtype == np.uint16:
        return (array.astype(np.uint32) << 16).view(np.float32)
    if array.dtype == np.float64:
        with np.errstate(over="ignore"):  # infinity is refused later, with the tensor's name
            return array.astype(np.float32)
    return array  # type: ignore[return-value]
