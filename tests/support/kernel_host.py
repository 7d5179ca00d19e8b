"""Runs kernel.wasm from Python, in wasmtime: what kernel.ts and pack.ts do, without Node."""

import functools
from typing import Any

import numpy as np
import wasmtime
from numpy.typing import NDArray

from mnist_nb.local_edge.node import find_deploy
from mnist_nb.network.architecture import INPUT_SHAPE
from mnist_nb.network.file_format import Weights
from mnist_nb.network.ops import (
    OP,
    BatchNorm,
    Conv2d,
    GlobalAvgPool2d,
    LeakyRelu,
    Linear,
    Pool,
    border,
    reach,
    tensor_names,
)

RESULTS = {0: "OK", 1: "NO_MEMORY", 2: "NOT_FINITE"}  # enum result of network.c


class Refused(Exception):
    pass


@functools.cache
def _module() -> tuple[wasmtime.Engine, wasmtime.Module]:
    engine = wasmtime.Engine()
    return engine, wasmtime.Module.from_file(engine, str(find_deploy() / "kernel" / "kernel.wasm"))


class WasmKernel:
    """One network in a WebAssembly memory of its own."""

    def __init__(self, weights: Weights) -> None:
        engine, module = _module()
        self.store = wasmtime.Store(engine)
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)
        self.labels = len(weights.architecture.labels)
        self._pack(weights)

    def classify(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 (N, 28, 28) -> float32 (N, labels)."""
        there = self._put(np.frombuffer(images.tobytes(), np.float32))
        answer = self._room(len(images) * self.labels)
        self._call("classify", there, len(images), answer)
        end = answer + 4 * len(images) * self.labels
        content = self.exports["memory"].read(self.store, answer, end)  # type: ignore[union-attr]
        return np.frombuffer(content, np.float32).reshape(len(images), self.labels)

    def _pack(self, weights: Weights) -> None:
        entry, tensors = weights.architecture, weights.tensors

        def put(name: str | None) -> int:
            return 0 if name is None else self._put(tensors[name].astype(np.float32))

        self._call("begin", entry.scale, entry.mean, entry.std)
        shapes = entry.shapes({name: tensor.shape for name, tensor in tensors.items()})
        for layer, before in zip(entry.layers, [INPUT_SHAPE, *shapes], strict=False):
            if isinstance(layer, Conv2d):
                out, _, size, _ = tensors[layer.weight].shape
                place = put(layer.weight), put(layer.bias)
                sides = border(layer, reach(layer, size))
                how = layer.stride, *sides, layer.dilation, layer.groups
                self._call("conv2d", *place, out, size, *how)
            elif isinstance(layer, BatchNorm):
                places = [put(name) for name in tensor_names(layer)]
                self._call("batchnorm2d", *places, layer.eps)
            elif isinstance(layer, Pool):
                self._call(OP[type(layer)], layer.size, layer.stride, *border(layer, layer.size))
            elif isinstance(layer, GlobalAvgPool2d):
                self._call("avgpool2d", before[1], 1, 0, 0)
            elif isinstance(layer, LeakyRelu):
                self._call("leakyrelu", layer.slope)
            elif isinstance(layer, Linear):
                out = len(tensors[layer.weight])
                self._call("linear", put(layer.weight), put(layer.bias), out)
            else:
                self._call(OP[type(layer)])
        self._call("finish")

    def _put(self, values: NDArray[np.float32]) -> int:
        address = self._room(values.size)
        memory: Any = self.exports["memory"]
        memory.write(self.store, values.tobytes(), address)
        return address

    def _room(self, floats: int) -> int:
        room: Any = self.exports["room"]
        address = int(room(self.store, floats))
        if address == 0:
            raise Refused("NO_MEMORY")
        return address

    def _call(self, name: str, *arguments: float) -> None:
        function: Any = self.exports[name]
        result = function(self.store, *arguments)
        if result:
            raise Refused(RESULTS[result])
