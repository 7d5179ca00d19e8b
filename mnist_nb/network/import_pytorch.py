"""State dicts of PyTorch, as torch.save writes them: read without PyTorch, and nothing is run.

The file is a zip archive: the pickle `data.pkl` names the tensors, `data/0`, `data/1` ... are their
numbers.
"""

import io
import math
import struct
import zipfile
import zlib

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import WeightsError
from mnist_nb.network.cursor import widened
from mnist_nb.network.unpickle import Tensor, read_pickle

ZIP_MAGIC = b"PK\x03\x04"
OLD_MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # torch.save before PyTorch 1.6
_ZIP_ERRORS = (  # all that zipfile raises on a damaged file
    *(zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError),
    *(RuntimeError, ValueError, LookupError, OverflowError),
)
MAX_PICKLE = 1 << 18  # bytes; a hundred layers take 40 KB, and each byte may make an object
MAX_MEMBERS = 10_000
MAX_NUMBERS = 1 << 25  # eight times what a weights file can hold
_NESTED = ("state_dict", "model_state_dict", "model")  # where checkpoints keep it


def read_state_dict(content: bytes) -> dict[str, NDArray[np.float32]]:
    """Return the tensors of a .pt or .pth file by name, in its order; bookkeeping is left out.

    Args:
        content: what `torch.save(model.state_dict(), path)` wrote, with PyTorch 1.6 or newer.

    Raises:
        WeightsError: truncated, not a state dict, or its pickle names anything but tensors.
    """
    if (members := content.count(b"PK\1\2")) > MAX_MEMBERS:  # before zipfile makes objects of them
        raise WeightsError(f"{members:,} members in the zip file, at most {MAX_MEMBERS:,} are read")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _tensors(_Archive(archive, len(content)))
    except _ZIP_ERRORS as error:
        raise WeightsError(f"not a whole zip file of torch.save: {error}") from None


class _Archive:
    """The zip file's members, each read at most once and all together no larger than the file."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive, self._unread = archive, size
        self._members = {info.filename: info for info in archive.infolist()}
        self._read: dict[str, bytes] = {}
        found = [name for name in self._members if name.endswith("/data.pkl")]
        if len(found) != 1:
            raise WeightsError(f"expected one data.pkl in the zip file, found {len(found)}")
        self.root = found[0].removesuffix("data.pkl")
        if self.get("byteorder", b"little") != b"little":
            raise WeightsError(f"byteorder is little, found {self.get('byteorder')!r:.40}")

    def get(self, name: str, default: bytes | None = None) -> bytes:
        """Return a member's bytes; zipfile has checked their CRC-32."""
        info = self._members.get(self.root + name)
        if info is None:
            if default is None:
                raise WeightsError(f"{name!r:.80} is not in the zip file")
            return default
        if name not in self._read:
            # Stored as it is and counted once, no member can take more memory than the file.
            if info.compress_type != zipfile.ZIP_STORED or info.file_size > self._unread:
                raise WeightsError(
                    f"{name!r:.80} is compressed, or its {info.file_size:,} bytes are more than "
                    f"the {self._unread:,} that the file has left: torch.save does not write that"
                )
            self._unread -= info.file_size
            self._read[name] = self._archive.read(info)
        return self._read[name]


def _tensors(archive: _Archive) -> dict[str, NDArray[np.float32]]:
    pickle = archive.get("data.pkl")
    if len(pickle) > MAX_PICKLE:
        raise WeightsError(f"data.pkl has {len(pickle):,} bytes, at most {MAX_PICKLE:,} are read")
    found = read_pickle(pickle)
    for key in _NESTED:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict) or not found:
        raise WeightsError("expected a state dict, names and tensors: save model.state_dict()")
    tensors = {}
    numbers = 0
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise WeightsError(
                f"expected a tensor for {name!r:.80}, found {type(value).__name__}: save "
                "model.state_dict() alone"
            )
        numbers += math.prod(value.shape)
        if numbers > MAX_NUMBERS:  # tensors that share their numbers could be any number of them
            raise WeightsError(f"more than {MAX_NUMBERS:,} numbers, up to tensor {name!r:.80}")
        if name.rpartition(".")[2] != "num_batches_tracked":
            tensors[name] = _array(name, value, archive)
    return tensors


def _array(name: str, tensor: Tensor, archive: _Archive) -> NDArray[np.float32]:
    data = np.frombuffer(archive.get(f"data/{tensor.storage}"), np.uint8)
    size = tensor.dtype.itemsize
    if tensor.dtype.kind == "i":
        raise WeightsError(f"tensor {name!r:.80} holds whole numbers, not floats")
    steps = zip(tensor.shape, tensor.strides, strict=True)
    last = tensor.offset + sum((count - 1) * stride for count, stride in steps)
    if 0 in tensor.shape or max(last + 1, math.prod(tensor.shape)) * size > len(data):
        raise WeightsError(
            f"tensor {name!r:.80}: shape {tensor.shape}, strides {tensor.strides} and offset "
            f"{tensor.offset} do not fit data/{tensor.storage} of {len(data):,} bytes"
        )
    numbers = data[: len(data) // size * size].view(tensor.dtype)[tensor.offset :]
    strides = [stride * size for stride in tensor.strides]
    return widened(np.lib.stride_tricks.as_strided(numbers, tensor.shape, strides))
