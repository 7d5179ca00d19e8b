"""Where two sides part, and why: faults planted in the weights that a real edge serves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_nb import EdgeClient, LocalEdge, Network, Releases, rasterize, trace
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import EdgeProblem, InputError
from mnist_nb.network import (
    Architecture,
    BatchNorm2d,
    Gelu,
    plain_outputs,
    read_weights,
    write_weights,
)
from mnist_nb.network.ops import AvgPool2d, Conv2d, Flatten, Linear, MaxPool2d
from tests.support.files import SMALL
from tests.support.variant import variant

NETWORK = Network.load()
LAYERS = NETWORK.architecture.layers
IMAGE = rasterize(samples()[3])
# By kind: the indices of the convolutions, of their batch norms and of the linear layers.
C, B, L = (
    [i for i, layer in enumerate(LAYERS) if isinstance(layer, kind)]
    for kind in (Conv2d, BatchNorm2d, Linear)
)
Tensors = dict[str, np.ndarray[Any, Any]]


def weight(index: int, tensors: Tensors) -> np.ndarray[Any, Any]:
    layer = LAYERS[index]
    assert isinstance(layer, Conv2d | Linear)
    return tensors[layer.weight]


def norm(index: int, part: str, tensors: Tensors) -> np.ndarray[Any, Any]:
    layer = LAYERS[index]
    assert isinstance(layer, BatchNorm2d)
    return tensors[f"{layer.prefix}.{part}"]


def add(index: int, place: tuple[int, ...], by: float) -> Callable[[Tensors], object]:
    def change(tensors: Tensors) -> None:
        weight(index, tensors)[place] += by

    return change


def turn(index: int, how: Callable[[Any], Any]) -> Callable[[Tensors], object]:
    def change(tensors: Tensors) -> None:
        w = weight(index, tensors)
        w[:] = np.array(how(w.copy())).reshape(w.shape)

    return change


def scale(index: int, part: str, channel: int, by: float) -> Callable[[Tensors], object]:
    def change(tensors: Tensors) -> None:
        norm(index, part, tensors)[channel] *= by

    return change


def halve(tensors: Tensors) -> None:
    for tensor in tensors.values():
        tensor[:] = tensor.astype(np.float16)


def norms(eps: float, index: int) -> Architecture:
    layers = list(LAYERS)
    layers[index] = replace(layers[index], eps=eps)
    return replace(NETWORK.architecture, layers=tuple(layers))


def entry(**fields: float) -> Architecture:
    return replace(NETWORK.architecture, **fields)


def used_weight(index: int) -> tuple[int, int]:
    """Of a linear layer, the one that a number meets that is far from 0."""
    values = plain_outputs(NETWORK.weights, IMAGE)[index]
    return 3, int(np.abs(values).argmax())


@dataclass
class Fault:
    change: Callable[[Tensors], object] | Architecture
    layer: int  # whose output differs first; -1 for what enters
    said: str


FAULTS = {
    "a weight of the first convolution": Fault(
        add(C[0], (6, 0, 1, 1), 0.2), B[0], "weight [6, 0, 1, 1] is 0.5458 over there, 0.3458 here"
    ),
    "a weight of the second": Fault(add(C[1], (4, 2, 0, 0), 0.2), B[1], "weight [4, 2, 0, 0]"),
    "a weight of the third": Fault(add(C[2], (0, 2, 2, 1), -0.1), B[2], "weight [0, 2, 2, 1]"),
    "a weight of the first linear layer": Fault(
        add(L[0], used_weight(L[0]), 0.2), L[0], "other weights for output 3"
    ),
    "a weight of the last layer": Fault(
        add(L[1], used_weight(L[1]), 0.1), L[1], "other weights for output 3"
    ),
    "swapped filters": Fault(
        turn(C[1], lambda w: w[[0, 3, 2, 1, *range(4, 16)]]),
        B[1],
        "the weights of channels 1, 3 are swapped",
    ),
    "swapped outputs": Fault(
        turn(L[0], lambda w: w[[0, 3, 2, 1, *range(4, 32)]]), L[0], "outputs 1, 3 are swapped"
    ),
    "eps of the first batch norm": Fault(norms(1e-3, B[0]), B[0], "eps is about 0.001 over there"),
    "eps of the last batch norm": Fault(norms(1e-4, B[2]), B[2], "eps is about 0.0001 over there"),
    "a mean of a batch norm": Fault(
        scale(B[1], "running_mean", 2, 1.5), B[1], "another bias for channel 2"
    ),
    "a weight of a batch norm": Fault(
        scale(B[0], "weight", 1, 1.05), B[0], "another scale of the batch norm for channel 1"
    ),
    "half precision": Fault(halve, B[0], "weights of half precision over there"),
    "transposed linear": Fault(
        turn(L[1], lambda w: w.T), L[1], "the weights are transposed over there"
    ),
    "channels last": Fault(
        turn(L[0], lambda w: w.reshape(32, 24, 22, 22).transpose(0, 2, 3, 1)),
        L[0],
        "the weights are for a flatten that counts channels first",
    ),
    "convolution, not correlation": Fault(
        turn(C[1], lambda w: w[..., ::-1, ::-1]), B[1], "turned by 180 degrees over there"
    ),
    "rows for columns": Fault(
        turn(C[2], lambda w: w.swapaxes(2, 3)), B[2], "windows of this convolution are transposed"
    ),
    "mean": Fault(
        entry(mean=NETWORK.architecture.mean + 0.01),
        -1,
        "a mean of 0.1407 and a deviation of 0.3081 are taken over there, 0.1307 and 0.3081 here",
    ),
    "bytes divided by 256": Fault(entry(scale=256.0), -1, "other preprocessing"),
    "pixels as they are": Fault(
        entry(mean=0.0, std=1.0), -1, "a mean of 0 and a deviation of 1 are taken"
    ),
    "another training": Fault(
        turn(C[2], lambda w: w + 0.01 * np.random.default_rng(2).normal(size=w.shape)),
        B[2],
        "other weights in this layer",
    ),
}


@pytest.fixture(scope="module")
def edge() -> Iterator[LocalEdge]:
    with LocalEdge(ttl=0) as edge:
        yield edge


@pytest.fixture(scope="module")
def client(edge: LocalEdge) -> Iterator[EdgeClient]:
    with EdgeClient(edge.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def releases(edge: LocalEdge) -> Releases:
    return edge.releases()


@pytest.mark.edge
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_and_named(
    name: str, client: EdgeClient, releases: Releases, tmp_path: Path
):
    fault = FAULTS[name]
    tensors = {key: tensor.copy() for key, tensor in NETWORK.weights.tensors.items()}
    architecture = NETWORK.architecture
    if isinstance(fault.change, Architecture):
        architecture = fault.change
    else:
        fault.change(tensors)
    path = tmp_path / "faulty.safetensors"
    path.write_bytes(write_weights(architecture, tensors))
    releases.push(path, force="planted")
    found = trace(NETWORK, client, IMAGE)
    assert found.first is not None
    last = found.first.name.split()[-2:]  # such as "4 batchnorm2d"
    assert last[0] == ("input" if fault.layer < 0 else str(fault.layer))
    assert found.cause is not None
    assert fault.said in found.cause
    assert "another file" in found.verdict
    here = trace(NETWORK, Network.load(path), IMAGE)  # and without an edge
    assert here.cause is not None
    assert fault.said in here.cause


@pytest.mark.edge
def test_the_same_file_is_the_same_to_rounding(
    edge: LocalEdge, client: EdgeClient, releases: Releases
):
    releases.push(NETWORK.path)
    for drawing in samples():
        found = trace(NETWORK, client, rasterize(drawing))
        assert found.first is None
        assert found.cause is None
        assert found.local_sha256 == found.other_sha256 == NETWORK.sha256
        assert found.verdict.startswith("The same to rounding, from the same file: at most")
        assert 0 < max(layer.ulps for layer in found.layers) < 60
    assert "Winograd" in found.verdict
    assert len(str(found).splitlines()) == len(found.layers) + 2
    assert found._repr_html_().count("<tr") == len(found.layers) + 1


@pytest.mark.edge
def test_an_edge_that_turns_images_is_found_out(tmp_path: Path):
    source = """
import worker, { Classifier } from "./worker";
export { Classifier };
export default {
  async fetch(request, env) {
    if (request.method !== "POST") return worker.fetch(request, env);
    const image = new Uint8Array(await request.arrayBuffer()).reverse();
    return worker.fetch(new Request(request, { body: image }), env);
  },
};
"""
    with variant(tmp_path, source), LocalEdge() as edge, EdgeClient(edge.url, timeout=30) as client:
        found = trace(NETWORK, client, IMAGE)
    assert found.cause == "the image is turned by 180 degrees over there"
    assert "the same file" in found.verdict


class Runtime:
    """Another runtime, in plain loops: the weights are ours, an operation is not."""

    sha256 = NETWORK.sha256

    def __init__(self, network: Network, kind: type, other: Callable[[Any], Any]) -> None:
        self.network, self.kind, self.other = network, kind, other

    def trace(self, image: np.ndarray[Any, Any]) -> "Runtime":
        values = plain_outputs(self.network.weights, image)
        for index, layer in enumerate(self.network.architecture.layers):
            if isinstance(layer, self.kind):
                values[index + 1] = self.other(values[index])
                break
        self.outputs = {i: value.astype(np.float32) for i, value in enumerate(values, -1)}
        return self


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (
            lambda x: x / 2 * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3))),
            "another activation: the tanh approximation of gelu over there",
        ),
        (lambda x: np.maximum(x, 0), "another activation: relu over there"),
        (lambda x: x / (1 + np.exp(-x)), "another activation: silu over there"),
        (lambda x: np.cos(x), "another activation or pooling in this layer"),
    ],
)
def test_another_activation_is_named(other: Callable[[Any], Any], said: str):
    runtime: Any = Runtime(NETWORK, Gelu, other)
    found = trace(NETWORK, runtime, IMAGE)
    assert found.cause == said
    assert found.first is not None
    assert found.first.name == "2 gelu"


def test_another_pooling_is_named():
    layers = (MaxPool2d(2, 2), Flatten(), Linear("w"))
    tensors = {"w": np.random.default_rng(0).normal(size=(10, 196)).astype(np.float32)}
    architecture = replace(NETWORK.architecture, layers=layers, metrics={}, training={})
    ours, theirs = (
        Network(read_weights(write_weights(replace(architecture, layers=some), tensors)))
        for some in (layers, (AvgPool2d(2, 2), *layers[1:]))
    )
    found = trace(ours, theirs, IMAGE)
    assert found.cause == "another pooling: avgpool2d over there"


def test_numpy_is_the_plain_loops_to_rounding():
    found = trace(NETWORK, NETWORK.weights, IMAGE)
    assert found.first is None
    assert "the same file" in found.verdict
    assert 0 < max(layer.ulps for layer in found.layers) < 60


def test_another_architecture_cannot_be_compared():
    other = Network(read_weights(SMALL))
    with pytest.raises(InputError, match="two architectures"):
        trace(NETWORK, other, IMAGE)


def test_a_trace_is_of_one_image():
    with pytest.raises(InputError, match="of one image, got 2"):
        trace(NETWORK, NETWORK, np.zeros((2, 28, 28), np.uint8))


@pytest.mark.edge
def test_an_edge_may_keep_its_layers_to_itself():
    with (
        LocalEdge(vars={"TRACE": ""}) as edge,
        EdgeClient(edge.url, timeout=30) as client,
        pytest.raises(EdgeProblem, match="set TRACE to on"),
    ):
        client.trace(IMAGE)


@pytest.mark.edge
def test_channels_that_fill_no_register(client: EdgeClient, releases: Releases, tmp_path: Path):
    """Then the kernel flattens in a step of its own, and moves no weights."""
    layers = (Conv2d("c", stride=3), Flatten(), Linear("w"))
    rng = np.random.default_rng(3)
    shapes = {"c": (3, 1, 3, 3), "w": (10, 3 * 9 * 9)}
    tensors = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    architecture = replace(NETWORK.architecture, layers=layers, metrics={}, training={})
    path = tmp_path / "three.safetensors"
    path.write_bytes(write_weights(architecture, tensors))
    releases.push(path, force="untrained")
    found = trace(Network.load(path), client, IMAGE)
    assert [layer.name for layer in found.layers] == ["input", "0 conv2d", "1 flatten and 2 linear"]
    assert found.first is None
