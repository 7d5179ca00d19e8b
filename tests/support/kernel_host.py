"""Runs kernel.wasm from Python, in wasmtime: what kernel.ts and pack.ts do, without Node."""

import functools
from typing import Any

import numpy as np
import wasmtime
from numpy.typing import NDArray

from mnist_nb.local_edge.node import find_deploy
from mnist_nb.network.architecture import BatchNorm2d, Conv2d, Flatten, Gelu, Linear, MaxPool2d
from mnist_nb.network.file_format import Weights

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
        for layer in entry.layers:
            if isinstance(layer, Conv2d):
                out, _, size, _ = tensors[layer.weight].shape
                same = int(layer.padding == "same")
                place = put(layer.weight), put(layer.bias)
                self._call("conv2d", *place, out, size, layer.stride, same)
            elif isinstance(layer, BatchNorm2d):
                names = ("weight", "bias", "running_mean", "running_var")
                places = [put(f"{layer.prefix}.{name}") for name in names]
                self._call("batchnorm2d", *places, layer.eps)
            elif isinstance(layer, MaxPool2d):
                self._call("maxpool2d", layer.size, layer.stride)
            elif isinstance(layer, Linear):
                out = len(tensors[layer.weight])
                self._call("linear", put(layer.weight), put(layer.bias), out)
            elif isinstance(layer, Flatten):
                self._call("flatten")
            else:
                self._call("gelu" if isinstance(layer, Gelu) else "relu")
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
