"""Weights files put together by hand, so that any part of them can be wrong."""

import json
import struct
from typing import Any

import numpy as np

_RNG = np.random.default_rng(7)


def tensor(*shape: int, scale: float = 0.3) -> np.ndarray[Any, np.dtype[np.float32]]:
    return (_RNG.normal(size=shape) * scale).astype(np.float32)


def network(layers: list[dict[str, Any]], labels: int = 10, **changes: Any) -> dict[str, Any]:
    """The JSON that describes a network."""
    entry = {"shape": [1, 28, 28], "scale": 255, "mean": 0.13, "std": 0.31}
    names = [str(i) for i in range(labels)]
    return {"name": "small", "input": entry, "layers": layers, "labels": names, **changes}


def pack(tensors: dict[str, Any], described: Any, format: Any = "mnist-nb.network/1") -> bytes:
    """The bytes of a weights file."""
    text = described if isinstance(described, str) else json.dumps(described)
    header: dict[str, Any] = {"__metadata__": {"format": format, "network": text}}
    body = b""
    for name, array in tensors.items():
        dtype = {"float32": "F32", "float16": "F16", "float64": "F64", "int64": "I64"}
        end = len(body) + array.nbytes
        header[name] = {
            "dtype": dtype[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [len(body), end],
        }
        body += array.tobytes()
    return join(header, body)


def join(header: Any, body: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def split(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the numbers of a file, to change and `join` again."""
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


TENSORS = {
    "conv.w": tensor(3, 1, 5, 5),
    "conv.b": tensor(3),
    "norm.weight": np.ones(3, np.float32),
    "norm.bias": tensor(3),
    "norm.running_mean": tensor(3),
    "norm.running_var": np.full(3, 0.5, np.float32),
    "fc.w": tensor(10, 3 * 3 * 3),
}
LAYERS = [
    {"op": "conv2d", "weight": "conv.w", "bias": "conv.b", "stride": 4, "padding": "same"},
    {"op": "batchnorm2d", "prefix": "norm", "eps": 1e-5},
    {"op": "gelu"},
    {"op": "maxpool2d", "size": 2},
    {"op": "flatten"},
    {"op": "linear", "weight": "fc.w"},
]
SMALL = pack(TENSORS, network(LAYERS))
