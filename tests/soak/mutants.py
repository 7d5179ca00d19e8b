"""Weights files spoiled by chance, from a good one: what a fuzzer, a bad disk or an enemy makes."""

import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.support.files import SMALL, join, split

Rng = np.random.Generator

HOSTILE_VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        "",
        "x" * 300,
        [],
        {},
        [[]],
        {"a": {}},
        "__proto__",
        "constructor",
        "\x00",
    ),
    *(float("nan"), float("inf"), 1.0, 28.0, 10**400, "\N{GRINNING FACE}" * 150, "\ud83d"),
    *(0, -1, 1, 2, 28, 29, 65, 1e-30, 1e30, 1e308, 2**31, 2**53, 2**53 + 1, 2**64, -(2**63), 0.5),
    *([1] * 9, [1 << 31, 1 << 31], [-1, 4], [0, 1 << 62], ["0", "4"], "F64", "BF16", "I8"),
]


def mutant(rng: Rng) -> bytes:
    """A spoiled file; now and then it is still a good one."""
    content = SMALL
    for _ in range(rng.integers(1, 3)):
        content = KINDS[rng.integers(len(KINDS))](content, rng)
    return content


def _header(content: bytes) -> dict[str, Any]:
    """The header of a file that has one still, else an empty one."""
    try:
        header = split(content)[0]
    except (ValueError, struct.error, RecursionError):
        return {}
    return header if isinstance(header, dict) else {}


def _body(content: bytes) -> bytes:
    try:
        return split(content)[1]
    except (ValueError, struct.error, RecursionError):
        return content


def header_length(content: bytes, rng: Rng) -> bytes:
    (length,) = struct.unpack("<Q", content[:8].ljust(8, b"\0"))
    wrong = [
        0,
        1,
        length - 1,
        length + 1,
        len(content),
        1 << 20,
        1 << 31,
        1 << 32,
        1 << 53,
        1 << 63,
    ]
    return struct.pack("<Q", int(wrong[rng.integers(len(wrong))]) % 2**64) + content[8:]


def flipped_bits_of_the_header(content: bytes, rng: Rng) -> bytes:
    spoiled = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        spoiled[rng.integers(min(len(spoiled), 1200))] ^= 1 << rng.integers(8)
    return bytes(spoiled)


def cut(content: bytes, rng: Rng) -> bytes:
    return content[: rng.integers(max(1, len(content)))] or b"\0"


def longer(content: bytes, rng: Rng) -> bytes:
    return content + rng.bytes(int(rng.integers(1, 5000)))


def a_hole_in_the_numbers(content: bytes, rng: Rng) -> bytes:
    body = _body(content)
    at = int(rng.integers(len(body) + 1))
    return join(_header(content), body[:at] + bytes(int(rng.integers(1, 64))) + body[at:])


def a_field_replaced(content: bytes, rng: Rng) -> bytes:
    """Anywhere in the header, or in the JSON of the network inside it."""
    header = _header(content)
    network = _network(header)
    root = network if rng.random() < 0.6 and network else header
    places = list(_places(root))
    if not places:
        return content
    holder, key = places[rng.integers(len(places))]
    value = HOSTILE_VALUES[rng.integers(len(HOSTILE_VALUES))]
    if rng.random() < 0.15:
        del holder[key]
    else:
        holder[key] = value
    if root is network:
        header["__metadata__"]["network"] = json.dumps(network)
    return join(header, _body(content))


def offsets_moved(content: bytes, rng: Rng) -> bytes:
    """Tensors that overlap, lie outside, or swap places."""
    header = _header(content)
    entries = [v for v in header.values() if isinstance(v, dict)]
    named = [v for v in entries if isinstance(v.get("data_offsets"), list)]
    if len(named) < 2:
        return content
    one, two = (named[i] for i in rng.choice(len(named), 2, replace=False))
    if rng.random() < 0.5:
        one["data_offsets"], two["data_offsets"] = two["data_offsets"], one["data_offsets"]
    else:
        step = int(rng.integers(-64, 64))
        one["data_offsets"] = [n + step for n in one["data_offsets"] if isinstance(n, int)]
    return join(header, _body(content))


def layers_shuffled(content: bytes, rng: Rng) -> bytes:
    header = _header(content)
    network = _network(header)
    layers = network.get("layers")
    if not isinstance(layers, list) or not layers:
        return content
    kept = rng.permutation(len(layers))[: rng.integers(1, len(layers) + 1)]
    network["layers"] = [layers[i] for i in (kept if rng.random() < 0.5 else sorted(kept))]
    if rng.random() < 0.3:
        network["layers"] *= int(rng.integers(2, 40))
    header["__metadata__"]["network"] = json.dumps(network)
    return join(header, _body(content))


def a_key_twice(content: bytes, rng: Rng) -> bytes:
    text = json.dumps(_header(content))
    entry = ', "fc.w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'
    return join((text[:-1] + entry).encode(), _body(content))


def deep_json(content: bytes, rng: Rng) -> bytes:
    depth = int(rng.integers(10, 100_000))
    text = b'{"a":' * depth if rng.random() < 0.5 else b"[" * depth + b"]" * depth
    return join(text, _body(content))


def not_utf8(content: bytes, rng: Rng) -> bytes:
    text = bytearray(json.dumps(_header(content)).encode())
    text.insert(int(rng.integers(len(text) + 1)), int(rng.integers(0x80, 0x100)))
    return join(bytes(text), _body(content))


def numbers_that_are_none(content: bytes, rng: Rng) -> bytes:
    body = bytearray(_body(content))
    value = [np.nan, np.inf, -np.inf][rng.integers(3)]
    at = 4 * int(rng.integers(len(body) // 4 + 1))
    body[at : at + 4] = struct.pack("<f", value)
    return join(_header(content), bytes(body))


def another_good_one(content: bytes, rng: Rng) -> bytes:
    """Other words, another order, other spaces: the same weights, unless another kind spoils it."""
    header = _header(content)
    network = _network(header)
    if not network:
        return content
    network["name"] = f"spoiled {rng.integers(1000)}"
    network["metrics"] = {"not_sure_below": float(rng.random())}
    indent = int(rng.integers(3))
    header["__metadata__"]["network"] = json.dumps(network, indent=indent or None)
    entries = list(header.items())
    mixed = {name: value for name, value in (entries[i] for i in rng.permutation(len(entries)))}
    return join(json.dumps(mixed).encode() + b" " * int(rng.integers(8)), _body(content))


def noise(content: bytes, rng: Rng) -> bytes:
    return rng.bytes(int(rng.integers(1, 4000)))


def _network(header: Any) -> dict[str, Any]:
    try:
        network = json.loads(header["__metadata__"]["network"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return network if isinstance(network, dict) else {}


def _places(value: Any) -> Any:
    """Each (holder, key) in nested JSON."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(entries):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


KINDS: list[Callable[[bytes, Rng], bytes]] = [
    header_length,
    flipped_bits_of_the_header,
    flipped_bits_of_the_header,
    cut,
    longer,
    a_hole_in_the_numbers,
    a_field_replaced,
    a_field_replaced,
    a_field_replaced,
    offsets_moved,
    layers_shuffled,
    a_key_twice,
    deep_json,
    not_utf8,
    numbers_that_are_none,
    another_good_one,
    another_good_one,
    noise,
]
