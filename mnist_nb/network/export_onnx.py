"""Any network of the weights format as ONNX, for whatever runs ONNX.

ONNX is a protobuf message. Of protobuf it takes two things to write one: fields with a number and
fields with bytes, a nested message being bytes. Field numbers are those of `onnx.proto`.
"""

import json
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb._version import __version__
from mnist_nb.network.file_format import Weights
from mnist_nb.network.maps import folded
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
    border,
    reach,
    tensor_names,
)

OPSET, IR_VERSION = 17, 8
FLOAT, UINT8 = 1, 2  # TensorProto.DataType

Attribute = int | float | list[int]


def to_onnx(weights: Weights) -> bytes:
    """Return the bytes of an ONNX model, opset 17, that computes what `Network.predict` does.

    Its input is `image`, uint8 (N, 1, 28, 28), 0 = background, 255 = ink; the normalisation is in
    the model. Its output is `probabilities`, float32 (N, labels). The same weights give the same
    bytes.
    """
    architecture = weights.architecture
    graph = _Graph(weights)
    x = graph.add("Cast", "image", to=FLOAT)
    x = graph.add("Div", x, graph.constant(architecture.scale))
    x = graph.add("Sub", x, graph.constant(architecture.mean))
    x = graph.add("Div", x, graph.constant(architecture.std))
    layers = architecture.layers
    for before, layer, after in zip((None, *layers), layers, (*layers[1:], None), strict=False):
        if isinstance(layer, Conv2d):
            x = _conv2d(graph, layer, after, x)
        elif not (isinstance(layer, BatchNorm2d) and isinstance(before, Conv2d)):
            x = _layer(graph, layer, x)
    graph.add("Softmax", x, output="probabilities", axis=1)
    body = b"".join(graph.nodes) + _bytes(2, architecture.name)
    body += b"".join(_bytes(5, tensor) for tensor in graph.initializers.values())
    body += _bytes(11, _value("image", UINT8, "N", 1, 28, 28))
    body += _bytes(12, _value("probabilities", FLOAT, "N", len(architecture.labels)))
    notes = {"labels": json.dumps(architecture.labels), "weights_sha256": weights.sha256}
    return b"".join(
        (
            _number(1, IR_VERSION),
            _bytes(2, "mnist-nb") + _bytes(3, __version__),
            _bytes(7, body),
            _bytes(8, _number(2, OPSET)),
            *(_bytes(14, _bytes(1, key) + _bytes(2, text)) for key, text in notes.items()),
        )
    )


class _Graph:
    """Nodes and constant tensors as they are added; results are called value0, value1 ..."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[bytes] = []
        self.initializers: dict[str, bytes] = {}

    def add(self, op: str, *inputs: str, output: str = "", **attributes: Attribute) -> str:
        """Add a node and return the name of its result."""
        output = output or f"value{len(self.nodes)}"
        node = b"".join(_bytes(1, name) for name in inputs) + _bytes(2, output) + _bytes(4, op)
        for name, value in attributes.items():
            node += _bytes(5, _attribute(name, value))
        self.nodes.append(_bytes(1, node))
        return output

    def tensor(self, *names: str) -> list[str]:
        """Return the names in the graph of tensors of the file."""
        return [self.put(f"weights/{n}", self.weights.tensors[n]) for n in names]

    def constant(self, value: float) -> str:
        return self.put(f"constant/{value!r}", np.array(value, np.float32))

    def put(self, name: str, array: NDArray[np.float32]) -> str:
        """Add a constant tensor, once for each name; return the name."""
        dims = b"".join(_number(1, side) for side in array.shape)
        data = array.astype("<f4").tobytes()
        self.initializers[name] = dims + _number(2, FLOAT) + _bytes(8, name) + _bytes(9, data)
        return name


def _conv2d(graph: _Graph, layer: Conv2d, after: Layer | None, x: str) -> str:
    """Add a convolution with the batch norm after it in its weights, as numpy here has them."""
    weight, bias = folded(layer, after, graph.weights.tensors)
    name = f"{layer.weight} and {after.prefix}" if isinstance(after, BatchNorm2d) else layer.weight
    inputs = graph.put(f"weights/{name}", weight), graph.put(f"bias/{name}", bias)
    pads = _pads(*border(layer, reach(layer, weight.shape[2])))
    gaps: dict[str, Any] = {"dilations": [layer.dilation] * 2, "group": layer.groups}
    return graph.add("Conv", x, *inputs, pads=pads, strides=[layer.stride] * 2, **gaps)


def _pads(low: int, high: int) -> list[int]:
    return [low, low, high, high]  # before rows, columns; after rows, columns


def _layer(graph: _Graph, layer: Layer, x: str) -> str:
    """Add the nodes of a layer after x; return their result."""
    match layer:
        case BatchNorm2d() | BatchNorm1d():
            inputs = graph.tensor(*tensor_names(layer))
            return graph.add("BatchNormalization", x, *inputs, epsilon=layer.eps)
        case Gelu():  # x (1 + erf(x / sqrt 2)) / 2, as PyTorch writes and runtimes fuse it
            y = graph.add("Erf", graph.add("Div", x, graph.constant(math.sqrt(2))))
            y = graph.add("Mul", x, graph.add("Add", y, graph.constant(1.0)))
            return graph.add("Mul", y, graph.constant(0.5))
        case MaxPool2d() | AvgPool2d():
            shape: dict[str, Any] = {
                "kernel_shape": [layer.size] * 2,
                "strides": [layer.stride] * 2,
                "pads": _pads(*border(layer, layer.size)),
            }
            if isinstance(layer, MaxPool2d):
                return graph.add("MaxPool", x, **shape)
            return graph.add("AveragePool", x, **shape, count_include_pad=1)
        case GlobalAvgPool2d():
            return graph.add("GlobalAveragePool", x)
        case Flatten():
            return graph.add("Flatten", x, axis=1)
        case Linear():
            return graph.add("Gemm", x, *graph.tensor(*tensor_names(layer)), transB=1)
        case LeakyRelu():
            return graph.add("LeakyRelu", x, alpha=layer.slope)
    return graph.add(OP[type(layer)].title(), x)  # Relu, Tanh, Sigmoid


def _attribute(name: str, value: Attribute) -> bytes:
    head = _bytes(1, name)
    if isinstance(value, float):
        return head + b"\x15" + np.array(value, "<f4").tobytes() + _number(20, 1)  # field 2
    if isinstance(value, int):
        return head + _number(3, value) + _number(20, 2)
    return head + b"".join(_number(8, item) for item in value) + _number(20, 7)


def _value(name: str, dtype: int, *shape: int | str) -> bytes:
    """Describe an input or output; a text in the shape is a size that is free."""
    sides: Iterable[bytes] = (
        _bytes(2, side) if isinstance(side, str) else _number(1, side) for side in shape
    )
    tensor = _number(1, dtype) + _bytes(2, b"".join(_bytes(1, side) for side in sides))
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor))


def _number(field: int, value: int) -> bytes:
    """Write a field with a whole number, 0 or more."""
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    """Write a field with bytes, a text or a message."""
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    """Write seven bits a byte, the lowest first; all but the last byte have the top bit set."""
    data = b""
    while value > 127:
        data += bytes([value & 127 | 128])
        value >>= 7
    return data + bytes([value])
