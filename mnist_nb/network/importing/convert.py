"""Other people's weights become weights files of ours.

A file is read by what it is (`foreign.py`). What it leaves open, how its pixels were scaled and
what stands between the weights of a state dict, is given, or inferred (`infer.py`), or chosen by
reading digits (`by_digits.py`).
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mnist_nb.errors import WeightsError, WeightsUnclear
from mnist_nb.network.architecture import MAX_TEXT, Architecture
from mnist_nb.network.cost import check_cost, count
from mnist_nb.network.file_format import MAX_BYTES, Weights, file_bytes, write_weights
from mnist_nb.network.importing import import_burn, import_pytorch, import_safetensors
from mnist_nb.network.importing.by_digits import (
    UNUSUAL,
    USUAL,
    Reading,
    Score,
    choose,
    scaled,
    score,
)
from mnist_nb.network.importing.foreign import kind_of
from mnist_nb.network.importing.infer import ACTIVATION, POOL, infer_layers
from mnist_nb.network.importing.source import Layers, Scaling, Source
from mnist_nb.network.ops import Relu, Shape, tensor_names
from mnist_nb.network.our_digits import POOR

__all__ = ["ACTIVATIONS", "MAX_SOURCE", "POOLINGS", "Imported", "convert", "import_file"]

MAX_SOURCE = 8 * MAX_BYTES  # bytes of a file: float64 and an optimizer's state take more than ours
ACTIVATIONS = ("relu", "gelu", "tanh", "sigmoid", "leakyrelu")
POOLINGS = ("max", "avg")


@dataclass(frozen=True)
class Imported:
    """A file that was imported.

    Attributes:
        content: the weights file.
        table: how the file was read, and how well that reads digits that this project makes; then
            those that read them as well, where `take` chose among them.
        note: what is not certain of it, or "".
    """

    content: bytes
    table: list[Score]
    note: str


def convert(source: "Path | bytes", **how: Any) -> bytes:
    """Return the weights file of a network that another program saved; see `import_file`."""
    return import_file(source, **how).content


def import_file(
    source: "Path | bytes",
    *,
    name: str | None = None,
    layers: str | None = None,
    activation: str | None = None,
    pooling: str | None = None,
    mean: float | None = None,
    std: float | None = None,
    invert: bool = False,
    take: int | None = None,
) -> Imported:
    """Make a weights file of a network that another program saved.

    Known are state dicts of PyTorch, also as safetensors, ONNX, Burn 0.14's `mnist.bin` and Burn's
    `model.bpk`. What neither the file tells nor the options below, digits that this project makes
    choose.

    Args:
        source: a path, or the bytes of a file.
        name: of the network; the file's name without its ending when None.
        layers: JSON that overrides what the file says or lets infer: the list of layers as in
            `docs/weights-format.md`, or an object with `layers` and maybe `input` and `labels`.
        activation: what stands between the layers of a state dict, one of ACTIVATIONS.
        pooling: which, where pooling is inferred, one of POOLINGS.
        mean: with `std`, a pixel p, 0 to 255, enters as (p / 255 - mean) / std.
        std: see `mean`; 1 where only the mean is given.
        invert: the network learned dark ink on white: 1 - p / 255 takes the place of p / 255.
        take: of the ways that the error of an unclear file numbers, from 1.

    Raises:
        WeightsError: missing, truncated, hostile, of an unknown format, not a network that the
            weights format can hold, or not clear how to read, with what to add.
    """
    where = "these bytes" if isinstance(source, bytes) else str(source)
    try:
        content = source if isinstance(source, bytes) else file_bytes(source, MAX_SOURCE)
        path = None if isinstance(source, bytes) else source
        found = _read(content, path)
        given = _given(layers)
        stem = "imported" if isinstance(source, bytes) else source.stem[:MAX_TEXT]
        description = {"name": stem} | given | ({"name": name} if name else {})
        scaling = None if mean is None and std is None else Scaling(mean or 0.0, std or 1.0, invert)
        options = _Options(description, activation, pooling, scaling, invert)
        best, table, note = _chosen(found, options, take)
        entry = best.weights.architecture
        notes = {"imported_from": found.origin} | ({"read_with": best.words} if best.words else {})
        entry = replace(entry, training=notes | entry.training)
        return Imported(write_weights(entry, best.weights.tensors), table, note)
    except OSError as error:
        raise WeightsError(f"cannot read {where}: {error.strerror or error}") from None
    except WeightsUnclear as error:
        raise WeightsUnclear(f"{where}: {error}", error.table) from None
    except WeightsError as error:
        raise WeightsError(f"{where} cannot be imported: {error}") from None


def _read(content: bytes, path: Path | None) -> Source:
    if len(content) > MAX_SOURCE:
        raise WeightsError(f"{len(content):,} bytes, at most {MAX_SOURCE:,} are allowed")
    folder, name = (path.parent, path.name) if path else (None, "")
    match kind_of(content, name):
        case "bpk":
            return import_burn.read_bpk(content)
        case "bin":
            return import_burn.read_bin(content)
        case "safetensors":
            return import_safetensors.read_tensors(content)
        case "state dict":
            return import_pytorch.read_state_dict(content)
        case "onnx":
            from mnist_nb.network.importing.import_onnx import read_onnx

            return read_onnx(content, folder)


def _given(text: str | None) -> dict[str, Any]:
    """Return what --layers says: `layers`, and maybe name, input, labels and notes."""
    if text is None:
        return {}
    try:
        entry: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"the layers given are not JSON: {error}") from None
    entry = {"layers": entry} if isinstance(entry, list) else entry
    if not isinstance(entry, dict) or "layers" not in entry:
        raise WeightsError("the layers given are a list, or an object with 'layers'")
    known = {"name", "input", "layers", "labels", "metrics", "training"}
    if unknown := set(entry) - known:
        raise WeightsError(f"the layers given have an unknown entry {min(unknown)!r:.40}")
    return entry


@dataclass(frozen=True)
class _Options:
    """What the caller said."""

    description: dict[str, Any]
    activation: str | None
    pooling: str | None
    scaling: Scaling | None
    invert: bool


def _chosen(found: Source, given: _Options, take: int | None) -> tuple[Reading, list[Score], str]:
    """Return the reading that is right, its score, and what is not certain."""
    ways = _ways(found, given)
    if "input" in given.description:
        scalings: list[tuple[Scaling | None, float]] = [(None, 0.0)]
    elif known := given.scaling or found.scaling:
        scalings = [(known, 0.0)]
    else:
        scalings = [entry for entry in UNUSUAL if entry[0].invert] if given.invert else list(USUAL)
    readings = _scaled(found, given, ways, scalings)
    best, table = readings[0], [score(readings[0])]
    try:
        if len(readings) > 1:
            best, table = choose(readings)
        if table[0].accuracy < POOR and scalings == list(USUAL):
            best, table = choose(_scaled(found, given, ways, [*USUAL, *UNUSUAL]))
    except WeightsUnclear as unclear:
        if take is None or not 1 <= take <= len(unclear.table):
            raise
        row = unclear.table[take - 1]
        best = next(
            r for r in _scaled(found, given, ways, [*scalings, *UNUSUAL]) if r.words == row.words
        )
        table = [row, *(other for other in unclear.table if other is not row)]
    return best, table, _note(found, given, best, table[0].accuracy)


def _note(found: Source, given: _Options, best: Reading, accuracy: float) -> str:
    if accuracy < POOR:
        return (
            f"it reads only {accuracy:.0%} of the digits that this project makes: either it is no "
            "good reader of digits, or it was trained in another way than it is read"
        )
    told = "layers" in given.description or found.layers or _hinted(found.names, ACTIVATIONS)
    if told or given.activation or Relu() not in best.weights.architecture.layers:
        return ""
    return (
        "relu was taken as the usual one, which digits do not tell from gelu and leakyrelu: if it "
        "was one of those, add --activation"
    )


def _ways(found: Source, given: _Options) -> list[tuple[float, Any]]:
    """Return the lists of layers that it may be, and how unusual they are in nats."""
    if "layers" in given.description:
        return [(0.0, given.description["layers"])]
    if found.layers:
        return [(0.0, found.layers)]
    shapes = {name: tensor.shape for name, tensor in found.tensors.items()}
    ways = infer_layers(shapes, found.names)
    made = []
    for cost, way in ways:
        ops = {entry["op"] for entry in way}
        active, pools = ["relu"], ["max"]
        if ACTIVATION in ops:
            active = [given.activation] if given.activation else _hinted(found.names, ACTIVATIONS)
            active = active or [*_UNLIKE]
        if POOL in ops:
            pools = [given.pooling] if given.pooling else _hinted(found.names, POOLINGS)
            pools = pools or [*POOLINGS]
        for act, pool in itertools.product(active, pools):
            nats = _UNIT * (cost - ways[0][0]) + _UNLIKE.get(act, 0) + 8.0 * (pool == "avg")
            made.append((nats, _filled(way, act, pool)))
    return made


def _scaled(
    found: Source,
    given: _Options,
    ways: list[tuple[float, Any]],
    scalings: Sequence[tuple[Scaling | None, float]],
) -> list[Reading]:
    """Return the networks of all ways with all scalings that can be; at least one, or raise."""
    readings = []
    refused = WeightsError("it has no layers")
    for unusual, way in ways:
        try:
            weights = _network(found, way, given.description)
        except WeightsError as error:
            refused = error
            continue
        words = [f"({_in_words(way)})"] if len(ways) > 1 else []
        cost = _cost(weights)
        for scaling, nats in scalings:
            try:
                ready = scaled(weights, scaling, found.before) if scaling else weights
            except WeightsError as error:
                refused = error
                continue
            said = [str(scaling)] if scaling and not found.scaling else []
            readings.append(Reading(ready, " ".join(said + words), unusual + nats, cost))
    if not readings:
        raise refused
    return readings


_UNIT = 6.0  # nats for one of what `infer_layers` counts
_UNLIKE = {"relu": 0.0, "tanh": 4.0, "sigmoid": 5.0}  # that digits tell from each other, with nats


def _hinted(names: list[str], all_: Sequence[str]) -> list[str]:
    """Return those of some words that modules without tensors are named after."""
    leaves = [name.rpartition(".")[2].lower().replace("_", "") for name in names]
    found = [one for one in all_ if any(one in leaf for leaf in leaves)]
    for longer in ("leakyrelu", "gelu"):
        if longer in found and not any(leaf.startswith("relu") for leaf in leaves):
            found = [one for one in found if one != "relu"]
    return found


def _filled(way: Layers, activation: str, pooling: str) -> Layers:
    """Put an activation and a pooling where layers leave them open."""
    ops = {ACTIVATION: activation, POOL: f"{pooling}pool2d"}
    return [entry | {"op": ops.get(entry["op"], entry["op"])} for entry in way]


def _in_words(way: Layers) -> str:
    """Name the layers, and what was inferred of them."""
    words = []
    for entry in way:
        fields = {k: entry[k] for k in ("size", "stride", "padding") if k in entry}
        if fields.get("stride") == fields.get("size"):
            fields.pop("stride", None)
        words.append(" ".join([entry["op"], *(f"{k} {v}" for k, v in fields.items())]))
    return ", ".join(words)


def _network(found: Source, layers: Any, description: dict[str, Any]) -> Weights:
    shapes = {name: tensor.shape for name, tensor in found.tensors.items()}
    default = {
        "input": {"shape": [1, 28, 28], "scale": 255, "mean": 0.1307, "std": 0.3081},
        "labels": _labels(layers, shapes),
    }
    entry = Architecture.from_json(json.dumps(default | description | {"layers": layers}))
    names = [name for layer in entry.layers for name in tensor_names(layer)]
    used = {name: found.tensors[name] for name in names if name in found.tensors}
    size = sum(tensor.nbytes for tensor in used.values())
    if size > MAX_BYTES:
        raise WeightsError(f"its tensors take {size:,} bytes, at most {MAX_BYTES:,} are allowed")
    check_cost(entry, entry.shapes(shapes), shapes)
    for name, tensor in used.items():
        if not np.isfinite(tensor).all():
            raise WeightsError(f"tensor {name!r:.80} has values that are not finite")
    return Weights(
        entry, {name: tensor.astype(np.float32) for name, tensor in used.items()}, "", size
    )


def _cost(weights: Weights) -> int:
    shapes = {name: tensor.shape for name, tensor in weights.tensors.items()}
    return count(weights.architecture, weights.architecture.shapes(shapes), shapes)[0]


def _labels(layers: Any, shapes: Mapping[str, Shape]) -> list[str]:
    """Number the outputs of the last layer with weights; ten where that cannot be seen."""
    entries = [x for x in layers if isinstance(x, dict)] if isinstance(layers, list) else []
    ends = [entry["weight"] for entry in entries if "weight" in entry]
    shape = shapes.get(str(ends[-1]), ()) if ends else ()
    return [str(label) for label in range(min(shape[0], 1001) if shape else 10)]
