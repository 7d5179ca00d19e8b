"""ONNX graphs whose layers run one after the other, as PyTorch's and Keras' exporters write them.

One image is followed through the graph. What a node only moves, as Reshape and Transpose do, is
followed by the places of the numbers: so the axes of Keras, channels last, need no care, and the
next linear layer gets its weights in our order.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import WeightsError
from mnist_nb.network.architecture import MAX_LAYERS, TINY
from mnist_nb.network.importing.by_digits import RAW
from mnist_nb.network.importing.onnx_curves import CURVES, SEQUENTIAL, follow
from mnist_nb.network.importing.onnx_graph import Array, Graph, Node, axes_of, reshaped, window
from mnist_nb.network.importing.source import Scaling, Source
from mnist_nb.network.ops import MAX_ACTIVATION, NORM

_MOVES = {"Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze"}
_NOTHING = {"Identity", "Dropout", "Cast"}


def read_onnx(content: bytes, folder: Path | None = None) -> Source:
    """Return the layers and tensors of an ONNX file.

    Args:
        content: of the file.
        folder: where it is; its numbers may be in a file beside it.

    Raises:
        WeightsError: damaged, or not a sequence of layers that the format has, with the node.
        SetupError: the package onnx is not installed.
    """
    try:
        graph = Graph(content, folder)
        walk = _Walk(graph)
        for node in graph.nodes:
            walk.take(node)
        walk.end()
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        # Attributes are of the wrong kind, or too few.
        raise WeightsError(f"its ONNX graph is damaged ({type(error).__name__})") from None
    scaling = Scaling(0, RAW) if graph.is_bytes else None
    return Source(walk.tensors, "ONNX", walk.layers, scaling=scaling, before=(walk.a, walk.b))


@dataclass
class _Walk:
    """Where the image is in the graph, and the layers up to there.

    Attributes:
        name: of the image's tensor there.
        places: for each of its numbers, as the graph has them, the place where we have it.
        shape: as we have it, (channels, rows, columns), or (n,) after a flatten.
        a, b: what the graph does to pixels before the first layer, a * x + b.
        border: rows and columns that a Pad has put around, before and after.
    """

    graph: Graph
    layers: list[dict[str, Any]] = field(default_factory=list)
    tensors: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    shape: tuple[int, ...] = (1, 28, 28)
    a: float = 1.0
    b: float = 0.0
    border: tuple[int, int] = (0, 0)
    ended: bool = False

    def __post_init__(self) -> None:
        sides = [side or 1 for side in self.graph.shape]
        if sides and math.prod(sides[1:]) == 784:
            sides[0] = 1
        if math.prod(sides) != 784 or not {28, 784} & set(sides):
            raise WeightsError(
                f"its input has shape {self.graph.shape}, expected images of 28 x 28 pixels"
            )
        self.name = self.graph.image
        self.places: Array = np.arange(784).reshape(sides)
        self.shapes = {self.name: self.places.shape}
        self.done: set[str] = set()

    def take(self, node: Node) -> None:
        """Follow the image through a node, or compute a constant."""
        if node.output in self.done or self.graph.fold(node):
            return
        if node.op == "Shape" and node.inputs[0] in self.shapes:
            self.graph.constants[node.output] = np.array(self.shapes[node.inputs[0]], np.int64)
            return
        if self.name not in node.inputs:
            raise WeightsError(f"{node.where} is beside the sequence of layers: {SEQUENTIAL}")
        if self.ended and node.op not in _NOTHING | _MOVES:
            raise WeightsError(f"{node.where} comes after the softmax")
        if len(self.layers) > MAX_LAYERS:
            raise WeightsError(f"more than {MAX_LAYERS} layers")
        users = [other for other in self.graph.nodes if self.name in other.inputs]
        if len([other for other in users if other.op != "Shape"]) > 1:
            return self._curve(node)
        if self.border != (0, 0) and node.op not in ("Conv", "Pad"):
            raise WeightsError(f"{node.where} takes padding that only a convolution may")
        self._apply(node)

    def _apply(self, node: Node) -> None:
        inputs = [self.graph.constants.get(name) for name in node.inputs]
        if node.inputs[0] != self.name and node.op in ("Conv", "Gemm", "MatMul", "Sub", "Div"):
            raise WeightsError(f"{node.where} has the image on its right side: {SEQUENTIAL}")
        match node.op:
            case op if op in _NOTHING:
                self._go(node, self.places)
            case op if op in _MOVES:
                try:
                    places = reshaped(node, self.places, *self._batch_of_one(inputs[1:]))
                except (ValueError, TypeError) as error:
                    raise WeightsError(f"{node.where}: {error!s:.80}") from None
                self._go(node, places)
            case "Softmax" | "LogSoftmax":
                self.ended = True
                self._go(node, self.places)
            case "Conv":
                self._conv(node, *inputs[1:])
            case "Gemm" | "MatMul":
                self._linear(node, *inputs[1:])
            case "MaxPool" | "AveragePool":
                self._pool(node)
            case "GlobalAveragePool" | "GlobalMaxPool" | "ReduceMean":
                self._global(node, inputs)
            case "BatchNormalization":
                self._batchnorm(node, inputs[1:])
            case "Add" | "Sub" | "Mul" | "Div":
                self._affine(node, inputs)
            case "Pad":
                self._pad(node, inputs)
            case op if op in CURVES:
                self._curve(node)
            case _:
                raise WeightsError(f"{node.where} is no layer that the format has")

    def _go(self, node: Node, places: Array, shape: tuple[int, ...] = ()) -> None:
        self.name, self.places = node.output, places
        self.shapes[self.name] = places.shape
        self.shape = shape or self.shape

    def _batch_of_one(self, inputs: list[Array | None]) -> list[Array | None]:
        """Put 1 in the place of a batch that is fixed at another number."""
        batch = self.graph.shape[0]
        if batch in (None, 1) or not inputs or inputs[0] is None or inputs[0].size < 2:
            return inputs
        sides = inputs[0].copy()
        sides[0] = 1 if sides[0] == batch else sides[0]
        return [sides, *inputs[1:]]

    # --- layers with windows ----------------------------------------------------------------------

    def _maps(self, node: Node) -> tuple[int, int]:
        """Return channels and side, where the graph has maps as we do."""
        if len(self.shape) != 3 or self.places.shape != (1, *self.shape):
            raise WeightsError(f"{node.where} takes {self.places.shape}, where maps are expected")
        if not np.array_equal(self.places.ravel(), np.arange(self.places.size)):
            raise WeightsError(f"{node.where} takes maps whose axes were exchanged")
        return self.shape[0], self.shape[1]

    def _conv(self, node: Node, weight: Array | None, bias: Array | None = None) -> None:
        channels, side = self._maps(node)
        if weight is None or weight.ndim != 4 or weight.shape[2] != weight.shape[3]:
            raise WeightsError(f"{node.where} has no square windows that are known")
        out, groups, k = weight.shape[0], node.get("group", 1), weight.shape[2]
        how = window(node, k, side, self.border)
        self.border = (0, 0)
        entry = {"op": "conv2d", "weight": self._put(weight, "weight"), "groups": groups} | how
        entry |= {"bias": self._put(np.zeros(out) if bias is None else bias, "bias")}
        self.layers.append(entry)
        if weight.shape[1] * groups != channels:
            raise WeightsError(f"{node.where}: weights of {weight.shape} for {channels} channels")
        self._windows(node, out, how["dilation"] * (k - 1) + 1, how)

    def _windows(self, node: Node, out: int, reach: int, how: dict[str, Any]) -> None:
        side = (self.shape[1] + sum(how["padding"]) - reach) // how["stride"] + 1
        if side < 1 or out * side * side > MAX_ACTIVATION:
            raise WeightsError(f"{node.where} gives {out} maps of {side} x {side}")
        shape = (out, side, side)
        self._go(node, np.arange(math.prod(shape)).reshape(1, *shape), shape)

    def _pool(self, node: Node) -> None:
        channels, side = self._maps(node)
        sizes = node.get("kernel_shape")
        largest = node.op == "MaxPool"
        if len(sizes) != 2 or sizes[0] != sizes[1] or node.get("dilations", [1, 1]) != [1, 1]:
            raise WeightsError(f"{node.where} has no square windows without gaps")
        if len(node.outputs) > 1:
            raise WeightsError(f"{node.where} gives places too: {SEQUENTIAL}")
        how = window(node, sizes[0], side, ceil=largest)
        if not largest and sum(how["padding"]) and not node.get("count_include_pad", 0):
            raise WeightsError(f"{node.where} leaves padding out of its means")
        if not largest and node.get("ceil_mode", 0) and (side - sizes[0]) % how["stride"]:
            raise WeightsError(f"{node.where} has windows that reach over the end (ceil_mode)")
        how.pop("dilation")
        op = "maxpool2d" if largest else "avgpool2d"
        self.layers.append({"op": op, "size": sizes[0], **how})
        self._windows(node, channels, sizes[0], how)

    def _global(self, node: Node, inputs: list[Array | None]) -> None:
        keeps = node.get("keepdims", 1) if node.op == "ReduceMean" else 1
        axes = (
            axes_of(node, inputs) if node.op == "ReduceMean" else tuple(range(2, self.places.ndim))
        )
        if len(self.shape) != 3 or axes is None:
            raise WeightsError(f"{node.where} is no mean over rows and columns of maps")
        moved = np.moveaxis(self.places, axes, range(-len(axes), 0))
        rows = moved.reshape(-1, math.prod(moved.shape[moved.ndim - len(axes) :]))
        channels, side = self.shape[0], self.shape[1]
        of = rows // (side * side)  # the channel of each number
        if rows.shape != (channels, side * side) or (of != np.arange(channels)[:, None]).any():
            raise WeightsError(f"{node.where} is no mean over rows and columns of maps")
        largest = {"op": "maxpool2d", "size": side}
        self.layers.append(largest if node.op == "GlobalMaxPool" else {"op": "globalavgpool2d"})
        shape = [
            1 if i in [a % self.places.ndim for a in axes] else n
            for i, n in enumerate(self.places.shape)
        ]
        kept = shape if keeps else list(moved.shape[: moved.ndim - len(axes)])
        self._go(node, np.arange(channels).reshape(kept), (channels, 1, 1))

    def _pad(self, node: Node, inputs: list[Array | None]) -> None:
        self._maps(node)
        inputs += [None] * (4 - len(inputs))
        pads = node.get("pads") if inputs[1] is None else inputs[1].tolist()
        value = node.get("value", 0.0) if inputs[2] is None else inputs[2]
        constant = node.get("mode", b"constant") == b"constant" and not np.any(value)
        if not constant or pads is None or len(pads) != 8 or inputs[3] is not None:
            raise WeightsError(f"{node.where} pads with other than zeros, or along other axes")
        low, high = (pads[2], pads[3]), (pads[6], pads[7])
        if (
            any((*pads[:2], *pads[4:6]))
            or low[0] != low[1]
            or high[0] != high[1]
            or min(*low, *high) < 0
        ):
            raise WeightsError(f"{node.where} pads unlike along rows and columns")
        before = self.border
        self.name = node.output  # the places stay: the next convolution takes the border
        self.shapes[self.name] = self.places.shape
        self.border = (before[0] + low[0], before[1] + high[0])

    # --- layers with a weight for each number -----------------------------------------------------

    def _flatten(self, node: Node) -> Array:
        """Return the places as one row, and flatten what we have."""
        places = self.places.ravel()
        if self.places.shape[-1] != len(places) or self.places.ndim < 2:
            raise WeightsError(f"{node.where} takes {self.places.shape}, where a row is expected")
        if len(self.shape) == 3:
            self.layers.append({"op": "flatten"})
            self.shape = (len(places),)
        return places

    def _linear(self, node: Node, weight: Array | None, bias: Array | None = None) -> None:
        if weight is None or weight.ndim != 2 or node.get("transA", 0):
            raise WeightsError(f"{node.where} has no weights that are known")
        rows = weight if node.get("transB", 0) else weight.T  # (out, in)
        places = self._flatten(node)
        if rows.shape[1] != len(places):
            raise WeightsError(f"{node.where}: weights of {weight.shape} for {len(places)} numbers")
        ours = np.empty_like(rows)
        ours[:, places] = rows * node.get("alpha", 1.0)
        out = len(rows)
        shift = np.zeros(out) if bias is None else np.broadcast_to(bias.ravel(), out)
        names = self._put(ours, "weight"), self._put(shift * node.get("beta", 1.0), "bias")
        self.layers.append({"op": "linear", "weight": names[0], "bias": names[1]})
        lead = self.places.shape[:-1]
        self._go(node, np.arange(out).reshape(*lead, out), (out,))

    def _batchnorm(self, node: Node, inputs: list[Array | None]) -> None:
        if any(x is None for x in inputs[:4]) or len(node.outputs) > 1:
            raise WeightsError(f"{node.where} has numbers that are not known")
        weight, bias, mean, var = (x.astype(np.float64) for x in inputs[:4] if x is not None)
        scale = weight / np.sqrt(var + node.get("epsilon", 1e-5))
        sides = (1, -1) + (1,) * (self.places.ndim - 2)
        self._scale(node, scale.reshape(sides), (bias - mean * scale).reshape(sides))

    def _affine(self, node: Node, inputs: list[Array | None]) -> None:
        number = next((x for x in inputs if x is not None), None)
        if number is None:
            raise WeightsError(f"{node.where} has no constant: {SEQUENTIAL}")
        one, k = np.ones(1), number.astype(np.float64)
        scale, shift = {
            "Add": (one, k),
            "Sub": (one, -k),
            "Mul": (k, 0 * one),
            "Div": (1 / k, 0 * one),
        }[node.op]
        self._scale(node, scale, shift)

    def _scale(self, node: Node, scale: Array, shift: Array) -> None:
        """Multiply and add: before the first layer, in the last weights, or as a batch norm."""
        if not self.layers and scale.size == shift.size == 1:
            self.a, self.b = self.a * scale.item(), self.b * scale.item() + shift.item()
            return self._go(node, self.places)
        if self.places.ndim == 2:
            self._flatten(node)
        scale, shift = self._by_channel(node, scale), self._by_channel(node, shift)
        last = self.layers[-1] if self.layers else {}
        if last.get("op") in ("conv2d", "linear"):
            weight, bias = self.tensors[last["weight"]], self.tensors[last["bias"]]
            wide = scale.reshape(-1, *[1] * (weight.ndim - 1))
            self.tensors[last["weight"]] = (weight * wide).astype(np.float32)
            self.tensors[last["bias"]] = (bias * scale + shift).astype(np.float32)
        else:
            prefix = f"{len(self.layers)}"
            numbers = scale, shift, 0 * scale, 0 * scale + 1
            for part, values in zip(NORM, numbers, strict=True):
                self.tensors[f"{prefix}.{part}"] = values.astype(np.float32)
            op = "batchnorm2d" if len(self.shape) == 3 else "batchnorm1d"
            self.layers.append({"op": op, "prefix": prefix, "eps": TINY})
        self._go(node, self.places)

    def _by_channel(self, node: Node, values: Array) -> Array:
        """Return the one value of each channel, or of each number, in our order."""
        try:
            full = np.broadcast_to(values, self.places.shape).ravel()
        except ValueError:
            raise WeightsError(f"{node.where} has numbers that do not fit the image") from None
        ours = np.empty(full.shape)
        ours[self.places.ravel()] = full
        rows = ours.reshape(self.shape[0], -1)
        if (rows != rows[:, :1]).any():
            raise WeightsError(f"{node.where} has more than one number a channel")
        return rows[:, 0]

    def _put(self, array: Array, part: str) -> str:
        name = f"{len(self.layers)}.{part}"
        self.tensors[name] = np.ascontiguousarray(array, np.float32)
        return name

    def _curve(self, first: Node) -> None:
        entry, last, names = follow(self.graph, self.name, first)
        self.done |= names
        self.layers.append(entry)
        self._go(last, self.places)

    def end(self) -> None:
        """Check that the image has come to the output, and flatten it if it is not yet."""
        if self.name != self.graph.output:
            raise WeightsError(f"the output {self.graph.output!r:.80} is not the last layer's")
        if not np.array_equal(self.places.ravel(), np.arange(self.places.size)):
            raise WeightsError("the output has its numbers in another order")
        if len(self.shape) == 3:
            self.layers.append({"op": "flatten"})
