"""Weights of Burn's MNIST example, as its recorders write them.

`mnist.bin` is Burn 0.14's BinFileRecorder: bincode, which has no names, so the order of the
network's fields is the format. `model.bpk` is the Burnpack of later versions: magic, version, a
CBOR header that names the tensors, and the tensors. Burn's linear weights are (in, out), ours
(out, in).
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import WeightsError
from mnist_nb.network.importing.cursor import FLOATS, Cursor, widened
from mnist_nb.network.importing.source import Layers, Scaling, Source, Tensors

BIN_MARK = b"burn_core::record::"  # in the third text of a .bin
BPK_MAGIC = b"NRUB"  # "BURN" as a little-endian uint32
BPK_ALIGNMENT = 256
SCALING = Scaling(0.1307, 0.3081)
_BIN_DTYPES = ("F64", "F32", "F16", "BF16")  # Burn's enum DType, in its order
_NORM_NAMES = {"gamma": "weight", "beta": "bias"}


def _block(name: str, conv: str, act: str, pool: bool = False) -> Layers:
    return [
        {"op": "conv2d", "weight": f"{conv}.weight", "bias": f"{conv}.bias"},
        {"op": "batchnorm2d", "prefix": f"{name}.norm"},
        {"op": act},
        *([{"op": "maxpool2d", "size": 2}] if pool else []),
    ]


BPK_LAYERS: Layers = [
    *_block("conv1", "conv1.conv", "relu", pool=True),
    *_block("conv2", "conv2.conv", "relu", pool=True),
    {"op": "flatten"},
    {"op": "linear", "weight": "fc1.weight", "bias": "fc1.bias"},
    {"op": "gelu"},
    {"op": "linear", "weight": "fc2.weight", "bias": "fc2.bias"},
    {"op": "gelu"},
    {"op": "linear", "weight": "fc3.weight", "bias": "fc3.bias"},
]


def read_bin(content: bytes) -> Source:
    """Read `mnist.bin` of Burn 0.14: three convolutions with batch norm, two linear layers.

    Raises:
        WeightsError: another version, truncated, or not this network.
    """
    at = Cursor(content, "Burn .bin")
    for what in ("float type", "int type", "recorder", "version", "settings"):
        start = at.position
        text = at.text(_varint(at, what), what)
        if what == "version" and not text.startswith("0.14."):
            at.fail("version 0.14", f"{text!r:.40}", start)
    tensors: Tensors = {}
    for name in ("conv1", "conv2", "conv3"):
        _parameter(at, tensors, f"{name}.weight")
        _optional(at, tensors, f"{name}.bias")
        _constants(at, 8, f"{name}'s stride, kernel, dilation, groups and padding")
        for part in ("weight", "bias", "running_mean", "running_var"):
            _parameter(at, tensors, f"{name}.norm.{part}")
        _constants(at, 3, f"{name}'s momentum, epsilon and activation")
    _constants(at, 1, "the dropout")
    for name in ("fc1", "fc2"):
        _parameter(at, tensors, f"{name}.weight")
        tensors[f"{name}.weight"] = tensors[f"{name}.weight"].T
        _optional(at, tensors, f"{name}.bias")
    _constants(at, 1, "the activation")
    if at.left:
        at.fail("the end of the file", f"{at.left:,} bytes more")
    layers = [layer for i in (1, 2, 3) for layer in _block(f"conv{i}", f"conv{i}", "gelu")]
    layers += [{"op": "flatten"}, {"op": "linear", "weight": "fc1.weight", "bias": "fc1.bias"}]
    layers += [{"op": "gelu"}, {"op": "linear", "weight": "fc2.weight", "bias": "fc2.bias"}]
    for layer in layers:
        if layer.get("bias") not in tensors:
            layer.pop("bias", None)
    return Source(tensors, "Burn 0.14, .bin", layers, scaling=SCALING)


def _varint(at: Cursor, what: str) -> int:
    """Read bincode's whole number: one byte below 251, else a mark for 2, 4 or 8 that follow."""
    first = at.uint(1, what)
    if first < 251:
        return first
    if first > 253:
        at.fail(f"the length of {what}", f"byte {first}", at.position - 1)
    return at.uint(2 << (first - 251), what)


def _parameter(at: Cursor, tensors: Tensors, name: str) -> None:
    """Read id text, bytes, shape, dtype."""
    at.text(_varint(at, f"{name}'s id"), f"{name}'s id")
    start = at.position
    data = at.take(_varint(at, name), name)
    rank = _varint(at, f"{name}'s rank")
    if rank > 4:
        at.fail(f"{name} with 1 to 4 axes", str(rank))
    shape = tuple(_varint(at, f"{name}'s shape") for _ in range(rank))
    number = _varint(at, f"{name}'s dtype")
    if number >= len(_BIN_DTYPES):
        at.fail(f"{name} as a float type, 0 to 3", str(number), at.position - 1)
    tensors[name] = _tensor(at, name, _BIN_DTYPES[number], shape, data, start)


def _optional(at: Cursor, tensors: Tensors, name: str) -> None:
    there = at.uint(1, name)
    if there > 1:
        at.fail(f"0 or 1, whether there is {name}", str(there), at.position - 1)
    if there:
        _parameter(at, tensors, name)


def _constants(at: Cursor, count: int, what: str) -> None:
    """Skip fields that are recorded as nothing, one zero each."""
    start = at.position
    if any(found := at.take(count, what)):
        at.fail(f"{count} zero bytes for {what}", found.hex(" "), start)


def _tensor(
    at: Cursor, name: str, dtype: str, shape: tuple[int, ...], data: bytes, start: int
) -> NDArray[np.float32]:
    kind = FLOATS[dtype]
    if 0 in shape or math.prod(shape) * kind.itemsize != len(data):
        at.fail(f"{name!r:.80} as {dtype} {shape}", f"{len(data):,} bytes for it", start)
    return widened(np.frombuffer(data, kind).reshape(shape))


def read_bpk(content: bytes) -> Source:
    """Read a Burnpack: magic, version, length of the header, the header in CBOR, the tensors.

    The layers are those of Burn's MNIST example, as the file does not tell them.

    Raises:
        WeightsError: another version, truncated, or a header that does not fit.
    """
    at = Cursor(content, "Burn .bpk")
    at.take(len(BPK_MAGIC), "magic")
    if (version := at.uint(2, "version")) != 1:
        at.fail("version 1", str(version), 4)
    length = at.uint(4, "the header's length")
    header = Cursor(at.take(length, "header"), "Burn .bpk's header")
    entries = cbor(header)
    entries = entries.get("tensors") if isinstance(entries, dict) else None
    if not isinstance(entries, dict):
        header.fail("a map with 'tensors'", "none", 0)
    base = -(-at.position // BPK_ALIGNMENT) * BPK_ALIGNMENT
    tensors: Tensors = {}
    unread = len(content) - base  # tensors that overlap could take any amount of memory
    for name, entry in entries.items():
        dtype, shape, begin, end = _entry(header, name, entry)
        if not begin <= end <= begin + unread:
            at.fail(f"{name!r:.80} inside {unread:,} bytes", f"{begin:,} to {end:,}", base)
        unread -= end - begin
        at.position = base + begin
        data = at.take(end - begin, f"{name!r:.80}")
        array = _tensor(at, name, dtype, shape, data, base + begin)
        prefix, _, leaf = name.rpartition(".")
        array = array.T if array.ndim == 2 else array
        tensors[f"{prefix}.{_NORM_NAMES.get(leaf, leaf)}" if prefix else name] = array
    return Source(tensors, "Burn, .bpk", BPK_LAYERS, scaling=SCALING)


def _entry(header: Cursor, name: str, entry: Any) -> tuple[str, tuple[int, ...], int, int]:
    """Return dtype, shape and the first and last byte of a tensor."""
    match entry:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [begin, end]}:
            numbers = [begin, end, *shape]
            if dtype in FLOATS and len(shape) <= 4 and all(type(n) is int for n in numbers):
                return dtype, tuple(shape), begin, end
    raise WeightsError(
        f"{header.what}: expected dtype ({', '.join(FLOATS)}), shape (up to 4 axes) and "
        f"data_offsets of tensor {name!r:.80}, found {entry!r:.120}"
    )


def cbor(at: Cursor, depth: int = 0) -> Any:
    """Read what a Burnpack uses of CBOR (RFC 8949): whole numbers, texts, arrays, maps, constants.

    Raises:
        WeightsError: something else, or nested more than 8 deep.
    """
    start = at.position
    kind, size = divmod(at.uint(1, "CBOR"), 32)  # major type, and its argument or where that is
    if depth > 8 or size > 27 or kind in (1, 2, 6):
        at.fail("a CBOR number, text, array or map", f"type {kind}, {size}, {depth} deep", start)
    argument = size if size < 24 else at.uint(1 << (size - 24), "CBOR", "big")
    if kind == 0:
        return argument
    if kind == 3:
        return at.text(argument, "text")
    if kind == 4:
        return [cbor(at, depth + 1) for _ in range(_items(at, argument))]
    if kind == 5:
        entries = {}
        for _ in range(_items(at, argument)):
            key = cbor(at, depth + 1)
            if not isinstance(key, str) or key in entries:
                at.fail("a new text as key", f"{key!r:.60}")
            entries[key] = cbor(at, depth + 1)
        return entries
    if size in (20, 21, 22):
        return (False, True, None)[size - 20]
    at.fail("false, true or null", f"simple value {size}", start)


def _items(at: Cursor, count: int) -> int:
    if count > at.left:  # each takes a byte at least
        at.fail(f"{count:,} items", f"{at.left:,} bytes to the end: truncated")
    return count
