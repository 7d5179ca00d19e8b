"""The safetensors container with numpy alone, as strict as the edge's reader of it.

8 bytes of the header's length, little-endian; the header, JSON that names each tensor's dtype,
shape and place; then the numbers, one tensor behind the other. The library for it is compiled, and
not wherever Python runs.
"""

import json
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb import strict_json

MAX_HEADER = 1 << 20  # bytes of JSON
MAX_AXES = 8
_DTYPES = {"F32": "<f4", "F16": "<f2"}
_PARTS = {"dtype", "shape", "data_offsets"}


def read(content: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the metadata, and the float32 and float16 tensors by name, which cannot be written to.

    Raises:
        ValueError: truncated, damaged, or with tensors of another kind.
    """
    if len(content) < 8:
        raise ValueError(f"{len(content)} bytes, too short for a safetensors header")
    length = int.from_bytes(content[:8], "little")
    if length > min(MAX_HEADER, len(content) - 8):
        raise ValueError(
            f"its header should have {length:,} bytes, but the file has {len(content) - 8:,} after "
            "the length: truncated, or not a safetensors file"
        )
    try:
        header = strict_json.loads(content[8 : 8 + length])
    except ValueError as error:
        raise ValueError(f"its header is not JSON in UTF-8: {error}") from None
    metadata = header.pop("__metadata__", {}) if isinstance(header, dict) else None
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ValueError("its header is no object whose __metadata__ has texts")
    body, end, found = memoryview(content)[8 + length :], 0, {}
    for name, entry in sorted(header.items(), key=_begin):
        _check(name, entry)
        dtype, shape, begin = np.dtype(_DTYPES[entry["dtype"]]), entry["shape"], end
        end += prod(shape) * dtype.itemsize
        if entry["data_offsets"] != [begin, end] or end > len(body):
            raise ValueError(
                f"not a valid safetensors file: {name!r:.80} lies at {entry['data_offsets']!r:.80}"
                f", and not at {begin} to {end} of {len(body):,} bytes"
            )
        found[name] = np.frombuffer(body[begin:end], dtype).reshape(shape)
    if end != len(body):
        raise ValueError(f"not a valid safetensors file: {len(body) - end:,} bytes too many")
    return metadata, found


def write(metadata: Mapping[str, str], tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes of a file of float32 and float16 tensors; the same input, the same bytes."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    body = b""
    for name in sorted(tensors, key=lambda name: (-tensors[name].itemsize, name)):
        numbers = tensors[name].astype(f"<f{tensors[name].itemsize}").tobytes()
        header[name] = {
            "dtype": f"F{8 * tensors[name].itemsize}",
            "shape": list(tensors[name].shape),
            "data_offsets": [len(body), len(body) + len(numbers)],
        }
        body += numbers
    text = json.dumps(header, sort_keys=True).encode()
    text += b" " * (-len(text) % 8)  # tensors start at a multiple of 8 bytes
    return len(text).to_bytes(8, "little") + text + body


def _begin(item: tuple[str, Any]) -> tuple[int, int]:
    """Where a tensor lies, for sorting; whatever is no place comes first, to be refused."""
    match item[1]:
        case {"data_offsets": [int(begin), int(end)]}:
            return begin, end
    return -1, -1


def _check(name: str, entry: Any) -> None:
    if not isinstance(entry, dict) or set(entry) != _PARTS:
        raise ValueError(
            f"not a valid safetensors file: {name!r:.80} is described by {entry!r:.80}"
        )
    dtype, shape = entry["dtype"], entry["shape"]
    if str(dtype) not in _DTYPES:
        said = str(dtype).replace("F", "float")
        raise ValueError(f"tensor {name!r:.80} is {said:.80}, not float32 or float16")
    whole = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
    if not whole or len(shape) > MAX_AXES:
        raise ValueError(f"tensor {name!r:.80} has shape {shape!r:.80}")
