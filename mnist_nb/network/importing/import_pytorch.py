"""State dicts as torch.save writes them: read without PyTorch, and nothing is run.

Since PyTorch 1.6 the file is a zip archive: the pickle `data.pkl` names the tensors, `data/0`,
`data/1` ... are their numbers. Before, it was pickles one after the other, and then the numbers.
"""

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import WeightsError
from mnist_nb.network.importing.cursor import Cursor, widened
from mnist_nb.network.importing.source import Source, Tensors
from mnist_nb.network.importing.unpickle import MODULES, Tensor, read_next, read_pickle

ZIP_MAGIC = b"PK\x03\x04"
OLD_MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # torch.save before PyTorch 1.6
ZIP_ERRORS = (  # all that zipfile raises on a damaged file
    *(zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError),
    *(RuntimeError, ValueError, LookupError, OverflowError),
)
MAX_PICKLE = 1 << 18  # bytes; a hundred layers take 40 KB, and each byte may make an object
MAX_MEMBERS = 10_000
MAX_NUMBERS = 1 << 25  # eight times what a weights file can hold
MAX_TENSORS = 1000
_WRAPPERS = (  # where checkpoints keep the state dict
    *("state_dict", "model_state_dict", "model_state", "model", "net", "network", "net_state_dict"),
    *("module", "weights", "params"),
)
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.")  # of all names, from wrappers
TORCHSCRIPT = (
    "it is TorchScript, a program and its weights: torch.save(torch.jit.load(file).state_dict(), "
    "'state.pt') in Python makes a state dict of it"
)

Find = Callable[[str], bytes]  # from the name of a storage to its bytes


def read_state_dict(content: bytes) -> Source:
    """Read a .pt or .pth file, also one that keeps its state dict in a checkpoint's entry.

    Args:
        content: what `torch.save(model.state_dict(), path)` wrote.

    Returns:
        The tensors in the file's order, without bookkeeping, and the names that the file has.

    Raises:
        WeightsError: truncated, not a state dict, or its pickle names anything but tensors.
    """
    if content.startswith(OLD_MAGIC):
        return _tensors(*_read_old(content))
    if (members := content.count(b"PK\1\2")) > MAX_MEMBERS:  # before zipfile makes objects of them
        raise WeightsError(f"{members:,} members in the zip file, at most {MAX_MEMBERS:,} are read")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members_of = _Archive(archive, len(content))
            pickle = members_of.get("data.pkl")
            if len(pickle) > MAX_PICKLE:
                raise WeightsError(
                    f"data.pkl has {len(pickle):,} bytes, at most {MAX_PICKLE:,} are read"
                )
            return _tensors(read_pickle(pickle), lambda name: members_of.get(f"data/{name}"))
    except ZIP_ERRORS as error:
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
        if any(name.startswith(f"{self.root}code/") for name in self._members):
            raise WeightsError(TORCHSCRIPT)
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


def _read_old(content: bytes) -> tuple[Any, Find]:
    """Read magic, version, system, the state dict, the keys; then each key's numbers."""
    at = Cursor(content[len(OLD_MAGIC) : len(OLD_MAGIC) + MAX_PICKLE], "its pickles")
    storages: dict[str, np.dtype[np.generic]] = {}
    read_next(at)
    read_next(at)
    found = read_next(at, storages)
    keys = read_next(at)
    if not isinstance(keys, list) or not all(type(k) is str and k in storages for k in keys):
        at.fail("the names of the tensors' storages", "others")
    data = Cursor(content, "torch.save's file")
    data.position = len(OLD_MAGIC) + at.position
    numbers = {}
    for key in keys:
        count = data.uint(8, f"the count of storage {key!r:.40}")
        numbers[key] = data.take(count * storages[key].itemsize, f"storage {key!r:.40}")

    def find(name: str) -> bytes:
        if name not in numbers:
            raise WeightsError(f"storage {name!r:.40} is not in the file")
        return numbers[name]

    return found, find


def _find(found: Any) -> tuple[dict[Any, Any], dict[str, Tensor]]:
    """Return the state dict in what the pickle holds: the dict itself, and its tensors."""
    level, seen = [("", found)], set[int]()
    for _ in range(4):  # wrappers are at most so deep
        inside = []
        for where, value in level:
            if not isinstance(value, dict) or id(value) in seen:
                continue
            seen.add(id(value))
            tensors = {k: v for k, v in value.items() if isinstance(v, Tensor) and type(k) is str}
            if any(len(tensor.shape) > 1 for tensor in tensors.values()):
                inside.append((where, value, tensors))
        if inside:
            known = [entry for name in _WRAPPERS for entry in inside if entry[0] == name]
            if len(inside) > 1 and not known:
                names = ", ".join(where for where, *_ in inside)
                raise WeightsError(
                    f"it holds several networks, {names:.80}: save one of them alone"
                )
            return (known or inside)[0][1:]
        level = [
            (str(key), item)
            for _, value in level
            if isinstance(value, dict)
            for key, item in value.items()
            if "optim" not in str(key) and key != MODULES
        ][:MAX_TENSORS]
    raise WeightsError(
        "expected a state dict, names and tensors, found none: torch.save(model.state_dict(), ...)"
    )


def _tensors(found: Any, find: Find) -> Source:
    state, entries = _find(found)
    modules = [name for name in state.get(MODULES, []) if name][: 4 * MAX_TENSORS]
    tensors = {}
    numbers = 0
    for name, value in entries.items():
        numbers += math.prod(value.shape)
        if numbers > MAX_NUMBERS:  # tensors that share their numbers could be any number of them
            raise WeightsError(f"more than {MAX_NUMBERS:,} numbers, up to tensor {name!r:.80}")
        if name.rpartition(".")[2] != "num_batches_tracked":
            tensors[name] = _array(name, value, find)
    tensors, names = strip_prefixes(tensors, modules)
    return Source(tensors, "PyTorch state dict", names=names)


def strip_prefixes(tensors: Tensors, modules: list[str]) -> tuple[Tensors, list[str]]:
    """Take what wrappers put before all names, such as `module.`, from tensors and modules."""
    while prefix := next((p for p in _PREFIXES if all(n.startswith(p) for n in tensors)), ""):
        if not tensors:
            break
        tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
        modules = [name.removeprefix(prefix) for name in modules if name.startswith(prefix)]
    return tensors, modules


def _array(name: str, tensor: Tensor, find: Find) -> NDArray[np.float32]:
    where = tensor.storage
    data = np.frombuffer(where if isinstance(where, bytes) else find(where), np.uint8)
    called = "the pickle" if isinstance(where, bytes) else f"data/{where}"
    size = tensor.dtype.itemsize
    if tensor.dtype.kind == "i":
        raise WeightsError(f"tensor {name!r:.80} holds whole numbers, not floats")
    steps = zip(tensor.shape, tensor.strides, strict=True)
    last = tensor.offset + sum((count - 1) * stride for count, stride in steps)
    if 0 in tensor.shape or max(last + 1, math.prod(tensor.shape)) * size > len(data):
        raise WeightsError(
            f"tensor {name!r:.80}: shape {tensor.shape}, strides {tensor.strides} and offset "
            f"{tensor.offset} do not fit {called} of {len(data):,} bytes"
        )
    numbers = data[: len(data) // size * size].view(tensor.dtype)[tensor.offset :]
    strides = [stride * size for stride in tensor.strides]
    return widened(np.lib.stride_tricks.as_strided(numbers, tensor.shape, strides))
