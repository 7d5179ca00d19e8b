"""Weights files that must be refused, each with a part of the reason."""

import json
from typing import Any

import numpy as np

from tests.support.files import LAYERS, SMALL, TENSORS, join, network, pack, split, tensor


def with_tensor(name: str, array: Any) -> bytes:
    return pack({**TENSORS, name: array}, network(LAYERS))


def with_layer(index: int, **changes: Any) -> bytes:
    layers = [dict(layer) for layer in LAYERS]
    layers[index] |= changes
    return pack(TENSORS, network(layers))


def without_layer(index: int) -> bytes:
    return pack(TENSORS, network(LAYERS[:index] + LAYERS[index + 1 :]))


def with_entry(name: str, **changes: Any) -> bytes:
    header, body = split(SMALL)
    header[name] |= changes
    return join(header, body)


def with_input(**changes: Any) -> bytes:
    described = network(LAYERS)
    described["input"] |= changes
    return pack(TENSORS, described)


def with_value(name: str, value: float) -> bytes:
    array = TENSORS[name].copy()
    array.flat[1] = value
    return with_tensor(name, array)


def with_hole() -> bytes:
    header, body = split(SMALL)
    begin, end = header["fc.w"]["data_offsets"]  # the last tensor
    header["fc.w"]["data_offsets"] = [begin + 4, end + 4]
    return join(header, body[:begin] + bytes(4) + body[begin:])


def with_a_name_twice() -> bytes:
    header, body = split(SMALL)
    again = ', "fc.w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'
    return join((json.dumps(header)[:-1] + again).encode(), body)


NO_METADATA = split(SMALL)[0]
del NO_METADATA["__metadata__"]
FC_ENTRY = split(SMALL)[0]["fc.w"]

# What is wrong: the file, and a part of the reason.
HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "0 bytes"),
    "seven bytes": (b"1234567", "7 bytes"),
    "no safetensors file": (b"\x89PNG\r\n\x1a\n" + bytes(100), "header"),
    "header longer than the file": (b"\xff\xff\0\0\0\0\0\0{}", "header should have 65535"),
    "header of 2^63 bytes": (bytes(7) + b"\x80{}", "header should have 9223372036854775808"),
    "header not UTF-8": (join(b'{"\xff": 1}', b""), "not JSON"),
    "header not JSON": (join(b"{'a': 1}", b""), "not JSON"),
    "header nested deeply": (join(b"[" * 100_000, b""), "not JSON"),
    "header of deep objects": (join(b'{"a":' * 100_000, b""), "not JSON"),
    "header of 2 MB": (join({"a": "x" * (2 << 20)}, b""), "at most 1048576 are allowed"),
    "header a list": (join([1], b""), "not a JSON object"),
    "no metadata": (join(NO_METADATA, split(SMALL)[1]), "__metadata__"),
    "truncated": (SMALL[:-1], "outside"),
    "bytes at the end": (SMALL + b"\0", "belong to no tensor"),
    "offset beyond the end": (with_entry("fc.w", data_offsets=[0, 1 << 40]), "outside"),
    "offsets negative": (with_entry("fc.w", data_offsets=[-4, 4]), "data_offsets"),
    "offsets backwards": (with_entry("fc.w", data_offsets=[8, 4]), "outside"),
    "offsets no numbers": (with_entry("fc.w", data_offsets=["0", "4"]), "data_offsets"),
    "tensors overlap": (
        with_entry("conv.b", data_offsets=split(SMALL)[0]["norm.bias"]["data_offsets"]),
        "overlap or leave a gap",
    ),
    "tensors leave a hole": (with_hole(), "overlap or leave a gap"),
    "a name twice": (with_a_name_twice(), "twice in one object"),
    "shape larger than the bytes": (with_entry("fc.w", shape=[10, 28]), "needs 1120 bytes"),
    "shape overflows": (with_entry("fc.w", shape=[1 << 52, 1 << 52]), "needs"),
    "shape negative": (with_entry("fc.w", shape=[-10, -27]), "shape"),
    "entry no object": (join({**split(SMALL)[0], "fc.w": 3}, split(SMALL)[1]), "described by 3"),
    "dtype double": (with_tensor("fc.w", tensor(10, 27).astype(np.float64)), 'dtype "F64"'),
    "dtype integer": (with_tensor("n", np.zeros(1, np.int64)), 'dtype "I64"'),
    "NaN": (with_value("fc.w", np.nan), "holds NaN at index 1"),
    "infinity": (with_value("conv.b", np.inf), "holds Infinity at index 1"),
    "infinity in half precision": (
        with_tensor("fc.w", np.full((10, 27), np.inf, np.float16)),
        "holds Infinity",
    ),
    "variance negative": (with_value("norm.running_var", -1.0), "variance is -1, below 0"),
    "another format": (pack(TENSORS, network(LAYERS), "mnist-nb.network/2"), "mnist-nb.network/2"),
    "no format": (pack(TENSORS, network(LAYERS), None), '"format" is null'),
    "network not JSON": (pack(TENSORS, "{"), "not JSON"),
    "network a list": (pack(TENSORS, []), "not an object"),
    "metrics a number": (pack(TENSORS, network(LAYERS, metrics=7)), "metrics is 7, not an object"),
    "metrics null": (pack(TENSORS, network(LAYERS, metrics=None)), "metrics is null"),
    "training a list": (pack(TENSORS, network(LAYERS, training=[])), "training is []"),
    "input of another shape": (with_input(shape=[3, 32, 32]), r"[3,32,32], not [1,28,28]"),
    "std 0": (with_input(std=0), "std is 0, not above 0"),
    "scale missing": (with_input(scale=None), "scale"),
    "mean infinite": (
        pack(TENSORS, json.dumps(network(LAYERS)).replace("0.13", "1e999")),
        "1e999 cannot be there",
    ),
    "no layers": (pack(TENSORS, network([])), "layers are []"),
    "too many layers": (pack(TENSORS, network([{"op": "relu"}] * 65 + LAYERS)), "1 to 64"),
    "a layer that is none": (pack(TENSORS, network(["conv2d"])), "layer 0 is"),
    "unknown op": (with_layer(2, op="softplus"), 'op "softplus" is unknown'),
    "op of the prototype": (with_layer(2, op="__proto__"), "is unknown"),
    "tensor missing": (with_layer(5, weight="fc.x"), 'tensor "fc.x" is not in the file'),
    "tensor of the prototype": (with_layer(5, weight="constructor"), "not in the file"),
    "padding unknown": (with_layer(0, padding="full"), 'padding is "full"'),
    "padding a fraction": (with_layer(0, padding=1.5), "padding is 1.5"),
    "padding of three": (with_layer(0, padding=[1, 2, 3]), "padding is [1,2,3]"),
    "padding a word in a pool": (with_layer(3, padding="same"), 'padding is "same"'),
    "padding as wide as its pool": (with_layer(3, padding=2), "not less than size 2"),
    "groups that do not divide": (with_layer(0, groups=3), "not [3,0,5,5]"),
    "dilation 0": (with_layer(0, dilation=0), "dilation is 0"),
    "dilation beyond the image": (with_layer(0, dilation=28, padding=0), "window of 113 is larger"),
    "slope above 1": (with_layer(2, op="leakyrelu", slope=2), "slope is 2, not 0 to 1"),
    "batchnorm1d on maps": (with_layer(1, op="batchnorm1d"), "needs a flatten before it"),
    "stride 0": (with_layer(0, stride=0), "stride is 0"),
    "stride a fraction": (with_layer(0, stride=1.5), "stride is 1.5"),
    "pool without size": (with_layer(3, size=None), "size"),
    "pool larger than its input": (with_layer(3, size=9), "window of 9 is larger than the input"),
    "eps negative": (with_layer(1, eps=-1), "eps is -1"),
    "linear without flatten": (without_layer(4), "linear needs a flatten"),
    "conv2d after a flatten": (
        pack(TENSORS, network([{"op": "flatten"}, *LAYERS])),
        "conv2d cannot follow a flatten",
    ),
    "bias too short": (with_tensor("conv.b", tensor(2)), "bias has shape [2], not [3]"),
    "norm too long": (with_tensor("norm.bias", tensor(4)), "bias has shape [4], not [3]"),
    "window not square": (with_tensor("conv.w", tensor(3, 1, 5, 4)), "not [3,1,5,5]"),
    "tensor empty": (with_tensor("conv.w", tensor(0, 1, 5, 5)), "not [1,1,5,5]"),
    "linear does not chain": (with_tensor("fc.w", tensor(10, 26)), "not [10,27]"),
    "outputs are not the labels": (pack(TENSORS, network(LAYERS, 9)), "for 9 labels"),
    "labels no texts": (pack(TENSORS, {**network(LAYERS), "labels": [1] * 10}), "labels"),
    "ends before a flatten": (pack(TENSORS, network(LAYERS[:4])), "gives 3x3x3 for 10 labels"),
    "activation too large": (
        pack({"w": tensor(2000, 1, 1, 1)}, network([{"op": "conv2d", "weight": "w"}])),
        "1568000 numbers an image",
    ),
    "too large": (with_tensor("huge", np.zeros(4 << 20, np.float32)), "at most 16777216"),
}

# Refused by the edge alone, which has other limits than a notebook.
EDGE_ONLY: dict[str, tuple[bytes, str]] = {
    "field unknown": (with_layer(0, group=3), 'field "group" is unknown'),
    "overflows float32": (
        pack(
            {"w": np.full((10, 784), 3e38, np.float32)},
            network([{"op": "flatten"}, {"op": "linear", "weight": "w"}]),
        ),
        "overflow float32",
    ),
    "too much work": (
        pack(
            {"w": tensor(64, 1, 5, 5), "v": tensor(256, 64, 5, 5)},
            network(
                [
                    {"op": "conv2d", "weight": "w", "padding": "same"},
                    {"op": "conv2d", "weight": "v", "padding": "same"},
                ]
            ),
        ),
        "multiply-adds an image",
    ),
}
