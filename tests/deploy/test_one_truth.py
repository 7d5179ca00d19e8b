"""Python and the Worker read weights files alike: what one accepts the other does too."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnist_nb.errors import WeightsError
from mnist_nb.network import Weights, read_weights, shipped_weights, write_weights
from mnist_nb.network.cost import count
from tests.soak.mutants import mutant
from tests.soak.scale import scaled
from tests.support.edge_reader import edge_reads
from tests.support.files import LAYERS, SMALL, TENSORS, join, network, pack, split, tensor
from tests.support.hostile import EDGE_ONLY, HOSTILE
from tests.support.networks import random_network


def named(**changes: Any) -> bytes:
    return pack(TENSORS, network(LAYERS, **changes))


def header_with(old: str, new: str) -> bytes:
    header, body = split(SMALL)
    text = json.dumps(header)
    assert old in text
    return join(text.replace(old, new, 1).encode(), body)


def fields(index: int, **changes: Any) -> bytes:
    layers = [dict(layer) for layer in LAYERS]
    layers[index] |= changes
    return pack(TENSORS, network(layers))


def chain(layer: dict[str, Any], times: int, channels: int = 1) -> bytes:
    first = {"op": "conv2d", "weight": "w"}
    last = [{"op": "maxpool2d", "size": 28}, {"op": "flatten"}, {"op": "linear", "weight": "v"}]
    tensors = {"w": tensor(channels, 1, 1, 1), "v": tensor(10, channels)}
    return pack(tensors, network([first, *[layer] * times, *last]))


REFUSED = {
    "NaN in the metrics": named(metrics={"accuracy": float("nan")}),
    "infinity in the training": named(training={"loss": float("inf")}),
    "a number beyond float64": named(metrics={"n": 10**400}),
    "half a surrogate pair": named(name="\ud83d"),
    "half a pair in a note": named(training={"who": ["\udc00"]}),
    "notes without a floor": named(metrics={"deep": json.loads("[" * 40 + "]" * 40)}),
    "a name of 201 emoji": named(name="\N{GRINNING FACE}" * 201),
    "padding null": fields(0, padding=None),
    "eps null": fields(1, eps=None),
    "a shape of fractions": header_with("[10, 27]", "[10.0, 27]"),
    "a field more in a tensor": header_with('"dtype"', '"more": 1, "dtype"'),
    "a key twice in a tensor": header_with('"dtype"', '"dtype": "F16", "dtype"'),
    "a tensor twice": header_with('"fc.w": ', '"fc.w": {}, "fc.w": '),
    "a key twice in the metadata": header_with('"format":', '"format": "x", "format":'),
    "a key twice in a layer": pack(
        TENSORS, json.dumps(network(LAYERS)).replace('"op"', '"op": "gelu", "op"', 1)
    ),
    "a list in the metadata": header_with('"format":', '"more": [], "format":'),
    "gelus": chain({"op": "gelu"}, 58, 1300),
    "pools": chain({"op": "maxpool2d", "size": 1}, 58, 1300),
    "channels of padding": pack(
        {"w": tensor(1, 1, 28, 28), "v": tensor(10, 784)},
        network(
            [{"op": "conv2d", "weight": "w", "padding": "same"}] * 60
            + [{"op": "flatten"}, {"op": "linear", "weight": "v"}]
        ),
    ),
}
ACCEPTED = {
    "small": SMALL,
    "a space before the header": join(b" " + json.dumps(split(SMALL)[0]).encode(), split(SMALL)[1]),
    "colons and quotes in texts": named(name='":" \\\\ \\" {":": 1'),
    "shipped": shipped_weights().read_bytes(),
    "shipped, small": shipped_weights("small").read_bytes(),
    "a name of 150 emoji": named(name="\N{GRINNING FACE}" * 150),
    "a shape with 1.0": pack(TENSORS, json.dumps(network(LAYERS)).replace("[1, 28", "[1.0, 28")),
}


def read(content: bytes) -> "Weights | str":
    try:
        return read_weights(content)
    except WeightsError as error:
        return str(error)


def counted(weights: Weights) -> dict[str, int]:
    shapes = {name: tensor.shape for name, tensor in weights.tensors.items()}
    cost, room = count(weights.architecture, weights.architecture.shapes(shapes), shapes)
    return {"cost": cost, "room": room}


def test_what_one_refuses_the_other_does_too() -> None:
    for (what, content), said in zip(REFUSED.items(), edge_reads(REFUSED.values()), strict=True):
        assert isinstance(read(content), str), what
        assert "reason" in said, what
    for (what, content), said in zip(ACCEPTED.items(), edge_reads(ACCEPTED.values()), strict=True):
        weights = read(content)
        assert isinstance(weights, Weights), (what, weights)
        assert said == counted(weights), what


@pytest.mark.parametrize("note", [{"loss": float("nan")}, {"deep": [[["\ud800"]]]}])
def test_what_the_edge_refuses_is_not_written(note: dict[str, Any]) -> None:
    weights = read_weights(SMALL)
    with pytest.raises(WeightsError):
        write_weights(replace(weights.architecture, training=note), weights.tensors)


def test_files_made_by_chance() -> None:
    rng = np.random.default_rng(18)
    files = [random_network(rng) for _ in range(scaled(60, 2000))]
    files += [mutant(rng) for _ in range(scaled(1500, 100_000))]
    files += [content for content, _ in (HOSTILE | EDGE_ONLY).values()]
    accepted = 0
    for content, said in zip(files, edge_reads(files), strict=True):
        weights = read(content)
        if isinstance(weights, str):
            assert "reason" in said, weights
        else:
            assert said == counted(weights), said
            accepted += 1
    assert accepted > 60
