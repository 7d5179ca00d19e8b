"""What a weights file says of its network: the layers, the input and the labels.

The JSON is described in `docs/weights-format.md`. `Architecture.from_json` reads it and refuses
what it does not know; `Architecture.shapes` follows an image through the layers, so that a network
that cannot run is found before it runs.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from mnist_nb import strict_json
from mnist_nb.errors import WeightsError

MAX_LAYERS = 64
MAX_LABELS = 1000
MAX_ACTIVATION = 1 << 20  # numbers in the largest activation of one image, its padding too
MAX_TEXT = 200  # characters of a name
TINY = 1e-30  # what divides is no less
INPUT_SHAPE = (1, 28, 28)  # channels, rows, columns

Padding = Literal["valid", "same"]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Conv2d:
    """Cross-correlation, weight (out, in, k, k); `same` adds k - 1 zeros, (k - 1) // 2 first."""

    weight: str
    bias: str | None = None
    stride: int = 1
    padding: Padding = "valid"


@dataclass(frozen=True)
class BatchNorm2d:
    """Per channel (x - running_mean) / sqrt(running_var + eps) * weight + bias."""

    prefix: str
    eps: float = 1e-5


@dataclass(frozen=True)
class Relu:
    """max(x, 0)."""


@dataclass(frozen=True)
class Gelu:
    """x * (1 + erf(x / sqrt(2))) / 2: the exact one, not the tanh approximation."""


@dataclass(frozen=True)
class MaxPool2d:
    """The largest of each size x size window; rows and columns that fill no window are dropped."""

    size: int
    stride: int


@dataclass(frozen=True)
class Flatten:
    """(channels, rows, columns) to one axis, in that order."""


@dataclass(frozen=True)
class Linear:
    """Weight (out, in) times x, plus bias."""

    weight: str
    bias: str | None = None


Layer = Conv2d | BatchNorm2d | Relu | Gelu | MaxPool2d | Flatten | Linear


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
            where = f"layer {index} ({_OP[type(layer)]})"
            shapes.append(_shape_after(layer, shapes[-1], tensors, where))
        if shapes[-1] != (len(self.labels),):
            raise WeightsError(f"the last layer gives {shapes[-1]} for {len(self.labels)} labels")
        return shapes[1:]


_OP: dict[type[Any], str] = {
    Conv2d: "conv2d",
    BatchNorm2d: "batchnorm2d",
    Relu: "relu",
    Gelu: "gelu",
    MaxPool2d: "maxpool2d",
    Flatten: "flatten",
    Linear: "linear",
}
_FIELDS = {op: {field.name for field in fields(kind)} for kind, op in _OP.items()}


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
            padding = entry.take("padding", str, "valid")
            if padding not in ("valid", "same"):
                raise WeightsError(f"{where}: padding is valid or same, found {padding!r:.40}")
            stride = entry.count("stride", 1)
            return Conv2d(entry.take("weight", str), entry.take("bias", str, None), stride, padding)
        case "batchnorm2d":
            eps = entry.number("eps", 1e-5)
            if eps < TINY:
                raise WeightsError(f"{where}: eps is above 0, at least {TINY}, found {eps:g}")
            return BatchNorm2d(entry.take("prefix", str), eps)
        case "relu":
            return Relu()
        case "gelu":
            return Gelu()
        case "maxpool2d":
            size = entry.count("size")
            return MaxPool2d(size, entry.count("stride", size))
        case "flatten":
            return Flatten()
        case "linear":
            return Linear(entry.take("weight", str), entry.take("bias", str, None))
        case _:
            known = ", ".join(_OP.values())
            raise WeightsError(f"{where}: unknown op {op!r:.40}; known are {known}")


def _describe(layer: Layer) -> dict[str, Any]:
    return {"op": _OP[type(layer)]} | {k: v for k, v in vars(layer).items() if v is not None}


def _shape_after(layer: Layer, shape: Shape, tensors: Mapping[str, Shape], where: str) -> Shape:
    def tensor(name: str, expected: Shape | None = None) -> Shape:
        if name not in tensors:
            raise WeightsError(f"{where}: tensor {name!r:.80} is not in the file")
        if expected is not None and tensors[name] != expected:
            raise WeightsError(f"{where}: {name} has shape {tensors[name]}, expected {expected}")
        return tensors[name]

    if isinstance(layer, Relu | Gelu):
        return shape
    if isinstance(layer, Flatten):
        return (math.prod(shape),)
    if isinstance(layer, Linear):
        weight = tensor(layer.weight)
        if len(shape) != 1 or len(weight) != 2 or weight[1] != shape[0] or weight[0] == 0:
            raise WeightsError(
                f"{where}: {layer.weight} has shape {weight}, expected (out, in) for an input of "
                f"shape {shape}" + (": flatten it first" if len(shape) != 1 else "")
            )
        if layer.bias is not None:
            tensor(layer.bias, (weight[0],))
        return (weight[0],)
    if len(shape) != 3:
        raise WeightsError(f"{where} takes (channels, rows, columns), but the input is {shape}")
    channels, rows, columns = shape
    if isinstance(layer, BatchNorm2d):
        for name in ("weight", "bias", "running_mean", "running_var"):
            tensor(f"{layer.prefix}.{name}", (channels,))
        return shape
    if isinstance(layer, MaxPool2d):
        size, stride = layer.size, layer.stride
        if size > min(rows, columns):
            raise WeightsError(f"{where}: size {size} is larger than the input {shape}")
        return channels, (rows - size) // stride + 1, (columns - size) // stride + 1
    weight = tensor(layer.weight)
    if len(weight) != 4 or weight[1] != channels or weight[2] != weight[3] or 0 in weight:
        raise WeightsError(
            f"{where}: {layer.weight} has shape {weight}, expected (out, {channels}, k, k)"
        )
    out, _, size, _ = weight
    if layer.bias is not None:
        tensor(layer.bias, (out,))
    pad = size - 1 if layer.padding == "same" else 0
    if size > min(rows, columns) + pad:
        raise WeightsError(f"{where}: kernel {size} is larger than the input {shape}")
    height, width = ((side + pad - size) // layer.stride + 1 for side in (rows, columns))
    needs = max(channels * (rows + pad) * (columns + pad), out * height * width)
    if needs > MAX_ACTIVATION:
        raise WeightsError(
            f"{where} needs {needs:,} numbers an image, at most {MAX_ACTIVATION:,} are allowed"
        )
    return out, height, width


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

    def count(self, name: str, default: Any = _REQUIRED) -> int:
        value = self.number(name, default)
        if value != int(value) or not 1 <= value <= 28:
            raise WeightsError(f"{self.where}: {name} is a whole number 1..28, found {value:g}")
        return int(value)


_WORD: dict[type[Any], str] = {dict: "an object", list: "an array", str: "a text"}


def _kind(value: Any) -> str:
    return _WORD.get(type(value), "null" if value is None else repr(value)[:60])
