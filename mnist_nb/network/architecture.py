"""What a weights file says of its network: the layers, the input and the labels.

The JSON is described in `docs/weights-format.md`. `Architecture.from_json` reads it and refuses
what it does not know; `Architecture.shapes` follows an image through the layers, so that a network
that cannot run is found before it runs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from mnist_nb import strict_json
from mnist_nb.errors import WeightsError
from mnist_nb.network.ops import (
    OP,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Gelu,
    GlobalAvgPool2d,
    Layer,
    LeakyRelu,
    Linear,
    MaxPool2d,
    Relu,
    Shape,
    Sigmoid,
    Tanh,
    border,
    shape_after,
)

MAX_LAYERS = 64
MAX_LABELS = 1000
MAX_TEXT = 200  # characters of a name
TINY = 1e-30  # what divides is no less
INPUT_SHAPE = (1, 28, 28)  # channels, rows, columns


@dataclass(frozen=True)
class Architecture:
    """The network of a weights file.

    Attributes:
        name: what people call it.
        layers: in the order they run; softmax is implied after the last.
        labels: one for each output.
        scale, mean, std: a pixel p 0..255 enters as (p / scale - mean) / std.
        metrics, training: what the author noted. The lab and the page say "not sure" when the
            largest probability is below `metrics["not_sure_below"]`; nothing depends on the rest.
    """

    name: str
    layers: tuple[Layer, ...]
    labels: tuple[str, ...]
    scale: float = 255.0
    mean: float = 0.1307
    std: float = 0.3081
    metrics: dict[str, Any] = field(default_factory=dict, hash=False)
    training: dict[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def from_json(cls, text: str) -> "Architecture":
        """Read the `network` entry of a weights file.

        Raises:
            WeightsError: not JSON, a field missing or of a wrong type, an unknown op.
        """
        try:
            data = strict_json.loads(text)
        except ValueError as error:
            raise WeightsError(f"the network's description is not JSON: {error}") from None
        if not isinstance(data, dict):
            raise WeightsError(f"the network's description is an object, found {_kind(data)}")
        top = _Fields(data, "network")
        entry = _Fields(top.take("input", dict), "input")
        shape = entry.take("shape", list)
        if tuple(shape) != INPUT_SHAPE or True in [type(side) is bool for side in shape]:
            raise WeightsError(f"input shape is {list(INPUT_SHAPE)}, found {shape!r:.80}")
        layers = top.take("layers", list)
        if not 1 <= len(layers) <= MAX_LAYERS:
            raise WeightsError(f"a network has 1 to {MAX_LAYERS} layers, found {len(layers)}")
        labels = top.take("labels", list)
        if not 2 <= len(labels) <= MAX_LABELS or not all(isinstance(x, str) for x in labels):
            raise WeightsError(f"labels are 2 to {MAX_LABELS} texts, found {labels!r:.80}")
        scale, std = entry.number("scale"), entry.number("std")
        if min(scale, std) < TINY:
            raise WeightsError(
                f"input scale and std are above 0, at least {TINY}, found {scale:g}, {std:g}"
            )
        return cls(
            name=top.take("name", str),
            layers=tuple(_layer(index, layer) for index, layer in enumerate(layers)),
            labels=tuple(labels),
            scale=scale,
            mean=entry.number("mean"),
            std=std,
            metrics=top.take("metrics", dict, {}),
            training=top.take("training", dict, {}),
        )

    def to_json(self) -> str:
        """Return the `network` entry of a weights file; `from_json` reads it back."""
        return json.dumps(
            {
                "name": self.name,
                "input": {
                    "shape": list(INPUT_SHAPE),
                    "scale": self.scale,
                    "mean": self.mean,
                    "std": self.std,
                },
                "layers": [_describe(layer) for layer in self.layers],
                "labels": list(self.labels),
                "metrics": self.metrics,
                "training": self.training,
            }
        )

    def shapes(self, tensors: Mapping[str, Shape]) -> list[Shape]:
        """Return the shape of one image's activation after each layer.

        Args:
            tensors: the shape of each tensor of the file by name.

        Raises:
            WeightsError: a tensor is missing or does not fit, or the outputs are not the labels.
        """
        shapes: list[Shape] = [INPUT_SHAPE]
        for index, layer in enumerate(self.layers):
            where = f"layer {index} ({OP[type(layer)]})"
            shapes.append(shape_after(layer, shapes[-1], tensors, where))
        if shapes[-1] != (len(self.labels),):
            raise WeightsError(f"the last layer gives {shapes[-1]} for {len(self.labels)} labels")
        return shapes[1:]


_FIELDS = {op: {field.name for field in fields(kind)} for kind, op in OP.items()}
_NEWER = (("dilation", 1), ("groups", 1), ("padding", 0))  # left out, so that old readers read on


def _layer(index: int, data: Any) -> Layer:
    where = f"layer {index}"
    if not isinstance(data, dict):
        raise WeightsError(f"{where} is an object with an op, found {_kind(data)}")
    entry = _Fields(data, where)
    op = entry.take("op", str)
    unknown = set(data) - {"op"} - _FIELDS.get(op, set(data))
    if unknown:  # a field that one reader ignores is a network that differs from side to side
        raise WeightsError(f"{where}: {op} has no field {sorted(unknown)[0]!r:.40}")
    match op:
        case "conv2d":
            return Conv2d(
                entry.take("weight", str),
                entry.take("bias", str, None),
                entry.count("stride", 1),
                entry.padding("valid", "valid", "same"),
                entry.count("dilation", 1),
                entry.count("groups", 1, most=1 << 20),
            )
        case "batchnorm2d" | "batchnorm1d":
            eps = entry.number("eps", 1e-5)
            if eps < TINY:
                raise WeightsError(f"{where}: eps is above 0, at least {TINY}, found {eps:g}")
            prefix = entry.take("prefix", str)
            return BatchNorm2d(prefix, eps) if op == "batchnorm2d" else BatchNorm1d(prefix, eps)
        case "leakyrelu":
            slope = entry.number("slope", 0.01)
            if not 0 <= slope <= 1:
                raise WeightsError(f"{where}: slope is 0 to 1, found {slope:g}")
            return LeakyRelu(slope)
        case "maxpool2d" | "avgpool2d":
            size = entry.count("size")
            padding = entry.padding(0)
            if max(border(AvgPool2d(size, 1, padding), size)) >= size:
                raise WeightsError(f"{where}: padding {padding} is not less than size {size}")
            pool = MaxPool2d if op == "maxpool2d" else AvgPool2d
            return pool(size, entry.count("stride", size), padding)
        case "linear":
            return Linear(entry.take("weight", str), entry.take("bias", str, None))
        case "relu" | "gelu" | "tanh" | "sigmoid" | "globalavgpool2d" | "flatten":
            return _BARE[op]
        case _:
            known = ", ".join(OP.values())
            raise WeightsError(f"{where}: unknown op {op!r:.40}; known are {known}")


_BARE: dict[str, Layer] = {
    OP[type(layer)]: layer
    for layer in (Relu(), Gelu(), Tanh(), Sigmoid(), GlobalAvgPool2d(), Flatten())
}


def _describe(layer: Layer) -> dict[str, Any]:
    values = {k: v for k, v in vars(layer).items() if v is not None and (k, v) not in _NEWER}
    return {"op": OP[type(layer)]} | values


_REQUIRED = object()


class _Fields:
    """Typed look-ups in a JSON object that say where they failed."""

    def __init__(self, data: dict[str, Any], where: str) -> None:
        self.data, self.where = data, where

    def take(self, name: str, kind: type[Any], default: Any = _REQUIRED) -> Any:
        value = self.data.get(name, default)
        if value is _REQUIRED:
            raise WeightsError(f"{self.where}: {name!r} is missing")
        if not isinstance(value, kind) and not (value is None and default is None):
            raise WeightsError(f"{self.where}: {name} is {_WORD[kind]}, found {value!r:.60}")
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise WeightsError(f"{self.where}: {name} is a text of at most {MAX_TEXT} characters")
        return value

    def number(self, name: str, default: Any = _REQUIRED) -> float:
        value = self.data.get(name, default)
        if value is _REQUIRED:
            raise WeightsError(f"{self.where}: {name!r} is missing")
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e30:
            raise WeightsError(f"{self.where}: {name} is a finite number, found {value!r:.60}")
        return float(value)

    def count(self, name: str, default: Any = _REQUIRED, most: int = 28) -> int:
        value = self.number(name, default)
        if value != int(value) or not 1 <= value <= most:
            raise WeightsError(f"{self.where}: {name} is a whole number 1..{most}, found {value:g}")
        return int(value)

    def padding(self, default: Any, *words: str) -> Any:
        value = self.data.get("padding", default)
        if value in words:
            return value
        sides = value if isinstance(value, list) and len(value) == 2 else [value]
        if not all(type(n) in (int, float) and n in range(29) for n in sides):
            raise WeightsError(
                f"{self.where}: padding is {' or '.join((*words, '0..28'))} or two such numbers, "
                f"found {value!r:.40}"
            )
        return int(value) if sides == [value] else (int(sides[0]), int(sides[1]))


_WORD: dict[type[Any], str] = {dict: "an object", list: "an array", str: "a text"}


def _kind(value: Any) -> str:
    return _WORD.get(type(value), "null" if value is None else repr(value)[:60])
