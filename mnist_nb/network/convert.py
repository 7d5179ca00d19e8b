"""Other people's weights: files of Burn and PyTorch become weights files of ours.

`convert` recognises a file by its content, never by its name. A state dict does not say how its
tensors are used; `infer_layers` reads it off their names and shapes where that is possible.
`to_onnx` goes the other way.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import WeightsError
from mnist_nb.network import import_burn, import_pytorch
from mnist_nb.network.architecture import MAX_TEXT, Architecture
from mnist_nb.network.export_onnx import to_onnx
from mnist_nb.network.file_format import MAX_BYTES, file_bytes, write_weights
from mnist_nb.network.ops import NORM, Shape, tensor_names

__all__ = ["MAX_SOURCE", "Activation", "convert", "infer_layers", "to_onnx"]

MAX_SOURCE = 8 * MAX_BYTES  # bytes of a file: float64 and an optimizer's state take more than ours
INPUT = {"shape": [1, 28, 28], "scale": 255, "mean": 0.1307, "std": 0.3081}  # MNIST's own

Activation = Literal["gelu", "relu"]
Layers = list[dict[str, Any]]


def convert(
    source: "Path | bytes",
    *,
    name: str | None = None,
    layers: str | None = None,
    activation: Activation = "gelu",
) -> bytes:
    """Return the weights file `mnist-nb.network/1` of a network that another program saved.

    Known are Burn 0.14's `mnist.bin`, Burn's `model.bpk` and a PyTorch state dict. Pixels enter as
    (p / 255 - 0.1307) / 0.3081 unless `layers` says otherwise.

    Args:
        source: a path, or the bytes of a file.
        name: of the network; the file's name without its ending when None.
        layers: JSON that overrides what the file says or lets infer: the list of layers as in
            `docs/weights-format.md`, or an object with `layers` and maybe `input` and `labels`.
        activation: what stands between the layers of a state dict, where it is inferred.

    Raises:
        WeightsError: missing, truncated, hostile, of an unknown format, or not a network that the
            weights format can hold.
    """
    where = "these bytes" if isinstance(source, bytes) else str(source)
    try:
        content = source if isinstance(source, bytes) else file_bytes(source, MAX_SOURCE)
        tensors, found, origin = _read(content)
        description = _description(tensors, found, layers, activation)
        stem = "imported" if isinstance(source, bytes) else source.stem[:MAX_TEXT]
        default = {"name": stem, "training": {"imported_from": origin}}
        description = default | description | ({"name": name} if name else {})
        architecture = Architecture.from_json(json.dumps(description))
        return write_weights(architecture, _used(architecture, tensors))
    except OSError as error:
        raise WeightsError(f"cannot read {where}: {error.strerror or error}") from None
    except WeightsError as error:
        raise WeightsError(f"{where} cannot be imported: {error}") from None


def _read(content: bytes) -> tuple[dict[str, NDArray[np.float32]], Layers | None, str]:
    """Return the tensors, the layers where the format tells them, and what the file is."""
    if len(content) > MAX_SOURCE:
        raise WeightsError(f"{len(content):,} bytes, at most {MAX_SOURCE:,} are allowed")
    if content.startswith(import_burn.BPK_MAGIC):
        return *import_burn.read_bpk(content), "Burn, .bpk"
    if import_burn.BIN_MARK in content[:256]:
        return *import_burn.read_bin(content), "Burn 0.14, .bin"
    if content.startswith(import_pytorch.ZIP_MAGIC):
        return import_pytorch.read_state_dict(content), None, "PyTorch state dict"
    if content.startswith(import_pytorch.OLD_MAGIC):
        raise WeightsError("it is of PyTorch before 1.6: load it and torch.save it again")
    raise WeightsError(
        "expected Burn's .bin or .bpk or a PyTorch state dict, found a file that begins with "
        f"{content[:8].hex(' ') or 'nothing'} at byte 0"
    )


def _description(
    tensors: Mapping[str, NDArray[np.float32]],
    found: Layers | None,
    given: str | None,
    activation: Activation,
) -> dict[str, Any]:
    """Return the `network` entry of the file to be: input, layers, labels, and what was given."""
    entry: Any = {}
    if given is not None:
        try:
            entry = json.loads(given)
        except (ValueError, RecursionError) as error:
            raise WeightsError(f"the layers given are not JSON: {error}") from None
        entry = {"layers": entry} if isinstance(entry, list) else entry
        if not isinstance(entry, dict) or "layers" not in entry:
            raise WeightsError("the layers given are a list, or an object with 'layers'")
        known = {"name", "input", "layers", "labels", "metrics", "training"}
        if unknown := set(entry) - known:
            raise WeightsError(f"the layers given have an unknown entry {min(unknown)!r:.40}")
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    layers = entry["layers"] if entry else found or infer_layers(shapes, activation)
    default = {"input": INPUT, "layers": layers, "labels": _labels(layers, shapes)}
    return {**default, **entry}


def _labels(layers: Any, shapes: Mapping[str, Shape]) -> list[str]:
    """Number the outputs of the last layer with weights; ten where that cannot be seen."""
    entries = [x for x in layers if isinstance(x, dict)] if isinstance(layers, list) else []
    ends = [entry["weight"] for entry in entries if "weight" in entry]
    shape = shapes.get(str(ends[-1]), ()) if ends else ()
    return [str(label) for label in range(min(shape[0], 1001) if shape else 10)]


def _used(
    architecture: Architecture, tensors: Mapping[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    """Return the tensors that the layers name; one that is missing is left to the writer."""
    names = [name for layer in architecture.layers for name in tensor_names(layer)]
    used = {name: tensors[name] for name in names if name in tensors}
    size = sum(tensor.nbytes for tensor in used.values())
    if size > MAX_BYTES:
        raise WeightsError(f"its tensors take {size:,} bytes, at most {MAX_BYTES:,} are allowed")
    return used


_HELP = (
    "give the layers with --layers layers.json, a list as in docs/weights-format.md with the state "
    "dict's tensor names"
)


def infer_layers(shapes: Mapping[str, Shape], activation: Activation = "gelu") -> Layers:
    """Read the layers off a state dict's names and shapes.

    It has to be a plain sequence of Conv2d, BatchNorm2d and Linear in the order they run, with
    stride 1, all convolutions padded alike and no pooling; an activation stands after each of them
    but the last, or before the batch norm where the numbers of a Sequential have a place there.

    Args:
        shapes: the shape of each tensor by name, in the state dict's order.
        activation: which one.

    Raises:
        WeightsError: it is not such a sequence, with the reason and how to give the layers.
    """
    modules: dict[str, list[str]] = {}  # "conv1" -> ["weight", "bias"]
    for name in shapes:
        prefix, _, leaf = name.rpartition(".")
        modules.setdefault(prefix, []).append(leaf)
    layers: Layers = []
    last = None
    for prefix, leaves in modules.items():
        layer = _module(prefix, leaves, shapes)
        if last is not None and _is_active(last[0], last[1], prefix, layer["op"]):
            layers.append({"op": activation})
        if layer["op"] == "linear" and {"op": "flatten"} not in layers:
            layers.append({"op": "flatten"})
        layers.append(layer)
        last = prefix, layer["op"]
    reasons = []
    for padding in ("valid", "same"):
        padded = [x | {"padding": padding} if x["op"] == "conv2d" else x for x in layers]
        entry = {"name": "", "input": INPUT, "layers": padded, "labels": _labels(layers, shapes)}
        try:
            Architecture.from_json(json.dumps(entry)).shapes(shapes)
            return padded
        except WeightsError as error:
            reasons.append(f"with {padding} padding {error}")
    raise WeightsError(
        "the layers cannot be read off its names and shapes, which show no pooling, stride or "
        f"order ({'; '.join(dict.fromkeys(reasons))}): {_HELP}"
    )


def _module(prefix: str, leaves: list[str], shapes: Mapping[str, Shape]) -> dict[str, Any]:
    names = {leaf: f"{prefix}.{leaf}" if prefix else leaf for leaf in leaves}
    if "weight" in names and names.keys() <= {"weight", "bias"}:
        op = {4: "conv2d", 2: "linear"}.get(len(shapes[names["weight"]]))
        if op:
            return {"op": op} | names
    if prefix and names.keys() == set(NORM):
        return {"op": "batchnorm2d", "prefix": prefix}
    found = ", ".join(f"{name} {shapes[name]}" for name in names.values())
    raise WeightsError(
        f"the layers cannot be inferred, {found!r:.200} is no Conv2d, BatchNorm2d or Linear: "
        f"{_HELP}"
    )


def _is_active(before: str, op: str, after: str, next_op: str) -> bool:
    """Say whether an activation stands between two modules with tensors."""
    parent, number = _numbered(before)
    next_parent, next_number = _numbered(after)
    if number is not None and next_number is not None and parent == next_parent:
        # A Sequential numbers all its modules: those without tensors leave gaps.
        between = next_number - number - 1
        return between > (1 if next_op == "linear" and op != "linear" else 0)  # 1: the Flatten
    if op == next_op == "batchnorm2d":
        raise WeightsError(
            f"{before} and {after} follow each other: the state dict is not in the order in which "
            f"its layers run: {_HELP}"
        )
    return next_op != "batchnorm2d"


def _numbered(prefix: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"(.*\.)?([0-9]{1,4})", prefix)
    return (match[1] or "", int(match[2])) if match else (prefix, None)
