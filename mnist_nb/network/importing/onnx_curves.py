"""Activations in an ONNX graph: one node, or several that together compute each number by itself.

GELU before opset 20 is five nodes, in an order that each exporter chooses. Their values on a grid
tell what they are.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mnist_nb.errors import WeightsError
from mnist_nb.network.importing.onnx_graph import BROADCAST, FOLDED, Array, Graph, Node

SEQUENTIAL = "only networks whose layers run one after the other can be imported"

_GRID = np.linspace(-6, 6, 97)
_PIECES = 16  # nodes of one activation at most
_ERF = np.frompyfunc(math.erf, 1, 1)


def follow(graph: Graph, name: str, first: Node) -> tuple[dict[str, Any], Node, set[str]]:
    """Follow nodes that compute each number by itself, until they make an activation.

    Args:
        graph: the graph.
        name: of the tensor that they begin with.
        first: the first of them.

    Returns:
        The layer, the last node, and the names of what all of them give.

    Raises:
        WeightsError: a node is none of those, or they make none that the format has.
    """
    values: dict[str, Array] = {name: _GRID}
    done: set[str] = set()
    start = graph.nodes.index(first)
    for node in graph.nodes[start:]:
        if graph.fold(node) or node.op == "Shape":
            continue
        inputs = []
        for each in filter(None, node.inputs):
            number = graph.constants.get(each)
            one = number.ravel()[0] if number is not None and number.size == 1 else None
            inputs.append(values.get(each, one))
        if node.op not in CURVES or any(x is None for x in inputs) or len(done) == _PIECES:
            raise WeightsError(f"{node.where} is no part of an activation: {SEQUENTIAL}")
        with np.errstate(all="ignore"):
            values[node.output] = np.asarray(CURVES[node.op](node, *inputs), np.float64)
        done.add(node.output)
        left = [n for n in graph.nodes[start:] if n.output not in done and n.op != "Shape"]
        waiting = {each for n in left for each in n.inputs} & (values.keys() - {node.output})
        entry = None if waiting else _activation(values[node.output])
        if entry:
            return entry, node, done
    raise WeightsError(f"{first.where} begins no activation that the format has")


def _activation(y: Array) -> dict[str, Any] | None:
    """Return the activation that has these values on _GRID, or None."""
    slope = float(-np.interp(-1.0, _GRID, y))
    leaky = {"op": "leakyrelu", "slope": round(slope, 7)}
    if not 0 <= slope <= 1:
        leaky["slope"] = slope = 0.0
    for entry, exact in (
        ({"op": "relu"}, np.maximum(_GRID, 0)),
        ({"op": "gelu"}, _gelu(_GRID)),
        ({"op": "tanh"}, np.tanh(_GRID)),
        ({"op": "sigmoid"}, 1 / (1 + np.exp(-_GRID))),
        (leaky, np.maximum(_GRID, slope * _GRID)),
    ):
        if y.shape == exact.shape and np.abs(y - exact).max() < 1e-5:
            return entry
    return None


def _gelu(x: Array) -> Array:
    y: Array = x * (1 + _erf(x / math.sqrt(2))) / 2
    return y


def _erf(x: Array) -> Array:
    return np.array(_ERF(x), np.float64)


def _tanh(x: Array) -> Array:
    """Return the approximation of GELU, which is another function."""
    y: Array = x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
    return y


def _clip(node: Node, x: Array, low: Array | None = None, high: Array | None = None) -> Array:
    least = node.get("min", -np.inf) if low is None else low
    return np.clip(x, least, node.get("max", np.inf) if high is None else high)


# What computes each number by itself; constants among the inputs have one number.
CURVES: dict[str, Callable[..., Any]] = {
    **{op: FOLDED[op] for op in (*BROADCAST, "Sqrt", "Neg", "Reciprocal", "Identity")},
    "Relu": lambda node, x: np.maximum(x, 0),
    "LeakyRelu": lambda node, x: np.where(x < 0, x * node.get("alpha", 0.01), x),
    "PRelu": lambda node, x, slope: np.where(x < 0, x * slope, x),
    "Sigmoid": lambda node, x: 1 / (1 + np.exp(-x)),
    "Tanh": lambda node, x: np.tanh(x),
    "Erf": lambda node, x: _erf(x),
    "Exp": lambda node, x: np.exp(x),
    "Abs": lambda node, x: np.abs(x),
    "Pow": lambda node, x, y: np.power(x, y),
    "Clip": _clip,
    "Max": lambda node, *x: np.maximum.reduce(np.broadcast_arrays(*x)),
    "Min": lambda node, *x: np.minimum.reduce(np.broadcast_arrays(*x)),
    "Gelu": lambda node, x: _gelu(x) if node.get("approximate", b"none") == b"none" else _tanh(x),
}
