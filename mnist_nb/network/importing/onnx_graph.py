"""What there is to know of an ONNX graph before any layer is read: its constants and attributes.

Nodes that depend on constants alone, such as the shape for a Reshape, are computed here; an image
is traced as a batch of one, so that shapes are constants too.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import SetupError, WeightsError
from mnist_nb.network.file_format import MAX_BYTES, file_bytes

Array = NDArray[Any]

MAX_NODES = 5000
MAX_NUMBERS = 1 << 24  # of a constant


class Node:
    """A node of the graph, with its attributes as Python has them."""

    def __init__(self, proto: Any, helper: Any) -> None:
        domain, op = _text(proto.domain), _text(proto.op_type)
        self.op = op if domain in ("", "ai.onnx") else f"{domain}.{op}"
        self.inputs = [_text(name) for name in proto.input]
        self.outputs = [_text(name) for name in proto.output if name]
        self.output = self.outputs[0] if self.outputs else ""
        self.attributes = {a.name: helper.get_attribute_value(a) for a in proto.attribute}
        self.where = f"node {_text(proto.name) or self.output!r:.80} ({self.op:.40})"

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute."""
        return self.attributes.get(name, default)


def _text(value: str | bytes) -> str:
    """Return a name, which in a damaged file is no UTF-8."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


class Graph:
    """The nodes of a model in the order they run, and its constants by name.

    Attributes:
        nodes: in the order they run.
        constants: all tensors that do not depend on the image, as far as they are known.
        image, output: the names of the one input and the one output.
        shape: of the input, None for sides that are free.
        is_bytes: the input is uint8.
    """

    def __init__(self, content: bytes, folder: Path | None = None) -> None:
        try:
            import onnx
            import onnx.inliner
        except ImportError:
            raise SetupError(
                "to read ONNX the package onnx is needed: pip install 'mnist-nb[onnx]'"
            ) from None
        try:
            model = onnx.load_model_from_string(content)
            if model.functions:
                model = onnx.inliner.inline_local_functions(model)
        except Exception as error:  # protobuf and the inliner raise errors of their own
            raise WeightsError(f"it is no whole ONNX file: {error!s:.120}") from None
        graph = model.graph
        if not 1 <= len(graph.node) <= MAX_NODES:
            raise WeightsError(
                f"an ONNX graph of 1 to {MAX_NODES:,} nodes, found {len(graph.node)}"
            )
        self.constants = {e.name: _array(e, onnx, folder) for e in graph.initializer}
        inputs = [entry for entry in graph.input if entry.name not in self.constants]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise WeightsError(
                f"one input and one output, found {len(inputs)} and {len(graph.output)}"
            )
        self.image, self.output = inputs[0].name, graph.output[0].name
        kind = inputs[0].type.tensor_type
        self.shape = [side.dim_value or None for side in kind.shape.dim]
        self.is_bytes = kind.elem_type == onnx.TensorProto.UINT8
        self._tensor = onnx.TensorProto
        self._onnx = onnx
        self.nodes = [Node(proto, onnx.helper) for proto in graph.node]

    def fold(self, node: Node) -> bool:
        """Compute a node of which all inputs are constants; False where that is not known."""
        if not all(name in self.constants for name in node.inputs if name):
            return False
        inputs = [self.constants[name] if name else None for name in node.inputs]
        if node.op == "Constant":
            self.constants[node.output] = self._constant(node)
            return True
        function = FOLDED.get(node.op)
        if function is None:
            return False
        try:
            if sum(x.size for x in inputs if x is not None) > 4 * MAX_NUMBERS or (
                node.op in BROADCAST
                and math.prod(np.broadcast_shapes(*(x.shape for x in inputs if x is not None)))
                > MAX_NUMBERS
            ):
                raise WeightsError(f"{node.where} makes too large a constant")
            with np.errstate(all="ignore"):
                self.constants[node.output] = np.asarray(function(node, *inputs))
        except (ValueError, TypeError, IndexError, KeyError) as error:
            raise WeightsError(f"{node.where} does not fit its inputs: {error!s:.80}") from None
        return True

    def _constant(self, node: Node) -> Array:
        for name, value in node.attributes.items():
            if name == "value":
                return _array(value, self._onnx)
            if name in ("value_float", "value_floats"):
                return np.array(value, np.float32)
            if name in ("value_int", "value_ints"):
                return np.array(value, np.int64)
        raise WeightsError(f"{node.where} holds no numbers")


def _array(tensor: Any, onnx: Any, folder: Path | None = None) -> Array:
    if math.prod(tensor.dims) > MAX_NUMBERS:
        raise WeightsError(f"{tensor.name!r:.80} has {math.prod(tensor.dims):,} numbers")
    try:
        array: Array
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
            data = _beside(tensor, folder)[: math.prod(tensor.dims) * dtype.itemsize]
            array = np.frombuffer(data, dtype).reshape(tuple(tensor.dims))
        else:
            array = onnx.numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError) as error:
        raise WeightsError(f"{tensor.name!r:.80} is damaged: {error!s:.80}") from None
    if array.dtype.kind == "f" and array.dtype != np.float32:
        return array.astype(np.float32)
    return array


def _beside(tensor: Any, folder: Path | None) -> bytes:
    """Return a tensor's bytes from the file beside the model that PyTorch's exporter writes."""
    entry = {item.key: item.value for item in tensor.external_data}
    name = entry.get("location", "")
    path = None if folder is None or name != Path(name).name else folder / name
    if path is None or not path.is_file():
        raise WeightsError(
            f"the numbers of {tensor.name!r:.80} are in {name!r:.80}, which is not beside it: "
            "put it there, or save all in one file, torch.onnx.export(..., external_data=False)"
        )
    offset, length = int(entry.get("offset") or 0), int(entry.get("length") or 0)
    content = file_bytes(path, 8 * MAX_BYTES)[offset:]
    return content[:length] if length else content


def axes_of(node: Node, inputs: Sequence[Array | None]) -> tuple[int, ...] | None:
    """Return axes, which newer opsets have as an input and older ones as an attribute."""
    if len(inputs) > 1 and inputs[1] is not None:
        return tuple(int(n) for n in inputs[1].ravel())
    given = node.get("axes")
    return None if given is None else tuple(given)


def reshaped(node: Node, x: Array, *rest: Array | None) -> Array:
    """Return x as Reshape, Flatten, Transpose, Squeeze or Unsqueeze make it."""
    inputs = (x, *rest)
    match node.op:
        case "Flatten":
            axis = node.get("axis", 1)
            return x.reshape(math.prod(x.shape[:axis]), -1)
        case "Transpose":
            return x.transpose(node.get("perm"))
        case "Squeeze":
            return np.squeeze(x, axes_of(node, inputs))
        case "Unsqueeze":
            return np.expand_dims(x, axes_of(node, inputs) or ())
    if not rest or rest[0] is None:
        raise WeightsError(f"{node.where} has no shape that is known")
    sides = [int(n) for n in rest[0].ravel()]
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(sides)])


def window(
    node: Node, size: int, side: int, border: tuple[int, int] = (0, 0), ceil: bool = False
) -> dict[str, Any]:
    """Return stride, padding and dilation of a node with windows, alike along both axes.

    Args:
        node: a convolution or a pool.
        size: of a window.
        side: of its input.
        border: what a Pad has put around that.
        ceil: whether windows may reach over the end where the node says so.
    """
    strides, gaps = node.get("strides", [1, 1]), node.get("dilations", [1, 1])
    top, left, bottom, right = node.get("pads") or [0, 0, 0, 0]
    if len(strides) != 2 or strides[0] != strides[1] or gaps[0] != gaps[1]:
        raise WeightsError(f"{node.where} steps unlike along rows and columns")
    stride, reach = strides[0], gaps[0] * (size - 1) + 1
    auto = node.get("auto_pad", b"NOTSET")
    if auto in (b"SAME_UPPER", b"SAME_LOWER"):
        pad = max(0, (-(-side // stride) - 1) * stride + reach - side)
        top = left = pad // 2 if auto == b"SAME_UPPER" else pad - pad // 2
        bottom = right = pad - top
    if top != left or bottom != right:
        raise WeightsError(f"{node.where} is padded unlike along rows and columns")
    low, high = top + border[0], bottom + border[1]
    if ceil and node.get("ceil_mode", 0):
        most = -(-(side + low + high - reach) // stride)
        most -= most * stride >= side + low  # a window begins inside
        high += max(0, most * stride + reach - (side + low + high))
    return {"stride": stride, "padding": [low, high], "dilation": gaps[0]}


def _slice(node: Node, x: Array, *rest: Array | None) -> Array:
    if not rest:
        starts, ends = node.get("starts"), node.get("ends")
        axes: Any
        steps: Any
        axes, steps = node.get("axes") or range(len(starts)), [1] * len(starts)
    else:
        starts, ends, axes, steps = (
            None if a is None else a.ravel().tolist() for a in (*rest, None, None)[:4]
        )
    cut = [slice(None)] * x.ndim
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        axis = axes[i] if axes else i
        cut[axis] = slice(start, end, steps[i] if steps else 1)
    return x[tuple(cut)]


def _cast(node: Node, x: Array) -> Array:
    return x.astype(
        {1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_}.get(node.get("to"), x.dtype)
    )


def _same(node: Node, x: Array, *rest: Array | None) -> Array:
    return reshaped(node, x, *rest)


def _divide(_: Node, a: Array, b: Array) -> Array:
    return a // b if a.dtype.kind == "i" else a / b


FOLDED: dict[str, Callable[..., Any]] = {
    "Identity": lambda node, x: x,
    "Dropout": lambda node, x, *rest: x,
    "Cast": _cast,
    "Shape": lambda node, x: np.array(x.shape, np.int64),
    **dict.fromkeys(("Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze"), _same),
    "Concat": lambda node, *x: np.concatenate(x, node.get("axis")),
    "Gather": lambda node, x, i: np.take(x, i.astype(np.int64), node.get("axis", 0)),
    "Slice": _slice,
    "Add": lambda node, a, b: a + b,
    "Sub": lambda node, a, b: a - b,
    "Mul": lambda node, a, b: a * b,
    "Div": _divide,
    "Sqrt": lambda node, x: np.sqrt(x),
    "Neg": lambda node, x: -x,
    "Reciprocal": lambda node, x: 1 / x,
    "ReduceProd": lambda node, x, *rest: np.prod(x, axis=axes_of(node, (x, *rest))),
}
BROADCAST = {"Add", "Sub", "Mul", "Div"}
