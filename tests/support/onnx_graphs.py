"""Small ONNX graphs as exporters write them, built by hand with random weights."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper


class Build:
    """A graph under construction: nodes are added to the end of the sequence."""

    def __init__(self, shape: tuple[Any, ...] = ("N", 1, 28, 28), opset: int = 13, kind: int = 1):
        self.opset, self.shape, self.kind = opset, shape, kind
        self.rng = np.random.default_rng(opset)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.x = "image"

    def put(self, array: Any) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def random(self, *shape: int, scale: float | None = None) -> str:
        size = scale or 1 / math.sqrt(max(1, math.prod(shape[1:])))
        return self.put((self.rng.normal(size=shape) * size).astype(np.float32))

    def add(self, op: str, *inputs: str, x: str | None = None, **attributes: Any) -> "Build":
        """Add a node on the end of the sequence, or on x, with more inputs."""
        output = f"{op.lower()}{len(self.nodes)}"
        start = self.x if x is None else x
        names = [name for name in (start, *inputs) if name is not None]
        self.nodes.append(helper.make_node(op, names, [output], name=output, **attributes))
        self.x = output
        return self

    def conv(self, out: int, inside: int, k: int, bias: bool = True, **attributes: Any) -> "Build":
        more = [self.random(out, scale=0.1)] if bias else []
        weight = self.random(out, inside, k, k)
        return self.add("Conv", weight, *more, kernel_shape=[k, k], **attributes)

    def gemm(self, out: int, width: int) -> "Build":
        return self.add("Gemm", self.random(out, width), self.random(out, scale=0.1), transB=1)

    def dense(self, out: int, width: int) -> "Build":
        weight = self.put(
            (self.rng.normal(size=(width, out)) / math.sqrt(width)).astype(np.float32)
        )
        return self.add("MatMul", weight).add("Add", self.random(out, scale=0.1))

    def norm(self, channels: int) -> "Build":
        numbers = [self.rng.uniform(0.3, 1.5, channels).astype(np.float32) for _ in range(4)]
        return self.add("BatchNormalization", *map(self.put, numbers), epsilon=1e-3)

    def reshape(self, *sides: int) -> "Build":
        return self.add("Reshape", self.put(np.array(sides, np.int64)))

    def done(self) -> bytes:
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("image", self.kind, self.shape)],
            [helper.make_tensor_value_info(self.x, TensorProto.FLOAT, [self.shape[0], 10])],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8 if self.opset < 20 else 10
        return bytes(model.SerializeToString())


def _gelu(b: Build, form: str) -> Build:
    x = b.x
    if form == "op":
        return b.add("Gelu")
    if form == "div":  # PyTorch
        b.add("Div", b.put(np.float32(math.sqrt(2)))).add("Erf").add("Add", b.put(np.float32(1)))
        return b.add("Mul", b.x, x=x).add("Mul", b.put(np.float32(0.5)))
    b.add("Mul", b.put(np.float32(math.sqrt(0.5)))).add("Erf").add("Add", b.put(np.float32(1)))
    half = b.x  # Keras: (1 + erf) times half of x
    b.add("Mul", b.put(np.float32(0.5)), x=x)
    return b.add("Mul", half)


def _classic(opset: int) -> Build:
    b = (
        Build(opset=opset)
        .conv(4, 1, 3)
        .add("Relu")
        .add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    )
    return b.add("Flatten").gemm(10, 4 * 169)


def _keras(opset: int, mean: bool = False) -> Build:
    b = Build(("N", 28, 28, 1), opset).add("Transpose", perm=[0, 3, 1, 2])
    b.conv(3, 1, 3).add("Relu").add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    b.conv(5, 3, 3).add("Relu").add("Transpose", perm=[0, 2, 3, 1])
    if mean:
        axes = {"axes": [1, 2]} if opset < 18 else {}
        more = [] if opset < 18 else [b.put(np.array([1, 2], np.int64))]
        return b.add("ReduceMean", *more, keepdims=0, **axes).dense(10, 5).add("Softmax")
    return b.reshape(-1, 5 * 121).dense(16, 605).add("Relu").dense(10, 16).add("Softmax")


def _by_shape() -> Build:
    b = Build(opset=13).conv(2, 1, 5)
    x = b.x
    b.add("Shape").add("Gather", b.put(np.array(0, np.int64)), axis=0)
    b.add("Unsqueeze", b.put(np.array([0], np.int64)))
    size = b.x
    b.add("Concat", b.put(np.array([-1], np.int64)), x=size, axis=0)
    shape = b.x
    return b.add("Reshape", shape, x=x).gemm(10, 2 * 576)


def _normalised(kind: int) -> Build:
    b = Build(kind=kind)
    if kind == TensorProto.UINT8:
        b.add("Cast", to=1).add("Div", b.put(np.float32(255)))
    b.add("Sub", b.put(np.float32(0.1307))).add("Mul", b.put(np.float32(-1 / 0.3081)))
    return b.conv(3, 1, 5, strides=[2, 2]).add("Tanh").add("Flatten").gemm(10, 3 * 144)


GRAPHS: dict[str, Callable[[], Build]] = {
    **{f"classic, opset {n}": (lambda n=n: _classic(n)) for n in (7, 9, 11, 13, 17, 21, 23)},  # type: ignore[misc]
    "keras, channels last": lambda: _keras(13),
    "keras, mean over rows and columns": lambda: _keras(13, mean=True),
    "keras, mean, opset 18": lambda: _keras(18, mean=True),
    "rows of 784": lambda: Build(("N", 784)).dense(20, 784).add("Sigmoid").dense(10, 20),
    "images without channel": lambda: (
        Build(("N", 28, 28), 11)
        .add("Unsqueeze", axes=[1])
        .conv(3, 1, 3, strides=[2, 2])
        .add("Relu")
        .add("Flatten")
        .gemm(10, 507)
    ),
    "a fixed batch": lambda: (
        Build((64, 1, 28, 28)).conv(2, 1, 5, strides=[2, 2]).reshape(64, -1).gemm(10, 288)
    ),
    "padding by words": lambda: (
        Build(opset=11)
        .conv(4, 1, 3, strides=[2, 2], auto_pad="SAME_UPPER")
        .add("LeakyRelu", alpha=0.2)
        .conv(4, 4, 4, strides=[2, 2], auto_pad="SAME_LOWER")
        .add("Flatten")
        .gemm(10, 196)
    ),
    "norms of maps and rows": lambda: (
        Build()
        .conv(4, 1, 3, bias=False)
        .norm(4)
        .add("Relu")
        .norm(4)
        .add("Flatten")
        .gemm(12, 4 * 676)
        .add("Relu")
        .norm(12)
        .gemm(10, 12)
    ),
    **{  # type: ignore[misc]
        f"gelu as {form}": (
            lambda form=form: (
                _gelu(Build(opset=20 if form == "op" else 13).conv(3, 1, 5), form)
                .add("Flatten")
                .gemm(10, 3 * 576)
            )
        )
        for form in ("op", "div", "mul")
    },
    "one slope for all": lambda: (
        (lambda b: b.add("PRelu", b.put(np.array([0.25], np.float32))))(Build().conv(3, 1, 5))
        .add("Flatten")
        .gemm(10, 3 * 576)
    ),
    "relu by clip": lambda: (
        (lambda b: b.add("Clip", b.put(np.float32(0))))(Build().conv(3, 1, 5))
        .add("Flatten")
        .gemm(10, 3 * 576)
    ),
    "mean pools": lambda: (
        Build()
        .conv(4, 1, 5, pads=[2, 2, 2, 2])
        .add("Tanh")
        .add("AveragePool", kernel_shape=[2, 2], strides=[2, 2])
        .conv(6, 4, 5)
        .add("Tanh")
        .add(
            "AveragePool",
            kernel_shape=[3, 3],
            strides=[2, 2],
            pads=[1, 1, 1, 1],
            count_include_pad=1,
        )
        .add("Flatten")
        .gemm(10, 150)
    ),
    "one mean a channel": lambda: Build().conv(10, 1, 7).add("GlobalAveragePool").add("Flatten"),
    "pool with a rest": lambda: (
        Build()
        .conv(3, 1, 4)
        .add("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1)
        .add("Flatten")
        .gemm(10, 3 * 169)
    ),
    "pad before a convolution": lambda: (
        (lambda b: b.add("Pad", b.put(np.array([0, 0, 1, 1, 0, 0, 2, 2], np.int64))))(Build())
        .conv(3, 1, 4, strides=[3, 3])
        .add("Relu")
        .add("Flatten")
        .gemm(10, 300)
    ),
    "depthwise": lambda: (
        Build()
        .conv(6, 1, 3)
        .add("Relu")
        .conv(6, 1, 3, group=6, pads=[1, 1, 1, 1])
        .norm(6)
        .add("Relu")
        .conv(8, 6, 1, strides=[2, 2])
        .add("Relu")
        .conv(8, 4, 3, group=2, dilations=[2, 2])
        .add("GlobalAveragePool")
        .add("Flatten")
        .gemm(10, 8)
    ),
    "reshape by shape": _by_shape,
    "scale and shift by hand": lambda: (
        (lambda b: b.add("Mul", b.random(3, 1, 1, scale=1)).add("Add", b.random(3, 1, 1, scale=1)))(
            Build().conv(3, 1, 5).add("Relu")
        )
        .add("Flatten")
        .gemm(10, 3 * 576)
        .add("LogSoftmax", axis=1)
    ),
    "gemm the other way": lambda: (
        lambda b: b.add("Gemm", b.random(784, 10, scale=0.05), b.random(10), alpha=0.5, beta=2.0)
    )(Build().add("Flatten")),
    "norm before all": lambda: (
        Build().norm(1).conv(3, 1, 5).add("Relu").add("Flatten").gemm(10, 3 * 576)
    ),
    "nothing but places": lambda: (
        Build()
        .add("Identity")
        .add("Dropout")
        .add("Cast", to=1)
        .conv(2, 1, 5)
        .add("Transpose", perm=[0, 2, 1, 3])
        .add("Transpose", perm=[0, 2, 1, 3])
        .add("Flatten")
        .gemm(10, 2 * 576)
        .add("Identity")
    ),
    "normalises by itself, and turns": lambda: _normalised(TensorProto.FLOAT),
    "takes bytes": lambda: _normalised(TensorProto.UINT8),
    "columns first": lambda: (
        Build()
        .conv(3, 1, 5)
        .add("Relu")
        .add("Transpose", perm=[0, 3, 1, 2])
        .add("Flatten")
        .gemm(10, 3 * 576)
    ),
}
