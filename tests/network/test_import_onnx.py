"""ONNX becomes weights files: what onnxruntime answers, the import answers."""

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from mnist_nb import Network
from mnist_nb.errors import WeightsError
from mnist_nb.network import import_file, read_weights, shipped_weights, to_onnx
from tests.network.conftest import ops
from tests.support.networks import random_network
from tests.support.onnx_graphs import GRAPHS, Build

IMAGES = np.random.default_rng(0).integers(0, 256, (64, 28, 28), np.uint8)
UNIT = {"mean": 0.0, "std": 1.0}


def runtime(content: bytes, images: Any = IMAGES) -> Any:
    """Probabilities by onnxruntime; a softmax of what is one already changes nothing but a sum."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    x = images if entry.type == "tensor(uint8)" else images.astype(np.float32) / 255
    sides = [side if isinstance(side, int) else len(images) for side in entry.shape]
    (y,) = session.run(None, {entry.name: x.reshape(sides)})
    y = y.reshape(len(images), -1).astype(np.float64)
    if np.allclose(y.sum(axis=1), 1, atol=1e-5) and (y >= 0).all():
        return y
    e = np.exp(y - y.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def answers(content: bytes, **how: Any) -> Any:
    return Network(read_weights(import_file(content, **how).content)).predict(IMAGES)


@pytest.mark.parametrize("what", GRAPHS)
def test_graphs_of_exporters(what: str) -> None:
    content = GRAPHS[what]().done()
    onnx.checker.check_model(content)
    how = {} if what == "takes bytes" else UNIT
    np.testing.assert_allclose(answers(content, **how), runtime(content), rtol=0, atol=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_exported_comes_back(seed: int) -> None:
    weights = read_weights(random_network(np.random.default_rng(seed)))
    content = to_onnx(weights)
    np.testing.assert_allclose(
        answers(content), Network(weights).predict(IMAGES), rtol=0, atol=1e-5
    )


def test_the_shipped_network_comes_back() -> None:
    weights = read_weights(shipped_weights())
    imported = import_file(to_onnx(weights))
    assert imported.note == ""
    assert imported.table[0].accuracy > 0.99
    entry = read_weights(imported.content).architecture
    assert (entry.scale, round(entry.mean, 6), round(entry.std, 6)) == (255, 0.1307, 0.3081)
    assert ops(imported.content) == [
        *("conv2d", "gelu") * 3,
        *("flatten", "linear", "gelu", "linear"),
    ]


def _branch() -> Build:
    b = Build().conv(2, 1, 3, pads=[1, 1, 1, 1])
    x = b.x
    return b.add("Relu").add("Add", x).add("Flatten").gemm(10, 2 * 784)


REFUSED: dict[str, tuple[Any, str]] = {
    "a branch": (_branch, r"node '\w+' \(Flatten\) is no part of an activation: only networks"),
    "an activation of others": (
        lambda: Build().conv(2, 1, 3).add("Elu").add("Flatten").gemm(10, 1352),
        r"node 'elu1' \(Elu\) is no layer that the format has",
    ),
    "half of an activation": (
        lambda: Build().conv(2, 1, 3).add("Exp").add("Flatten").gemm(10, 1352),
        r"\(Flatten\) is no part of an activation",
    ),
    "gelu's approximation": (
        lambda: (
            Build(opset=20)
            .conv(2, 1, 3)
            .add("Gelu", approximate="tanh")
            .add("Flatten")
            .gemm(10, 1352)
        ),
        "no part of an activation",
    ),
    "means without padding": (
        lambda: (
            Build()
            .add("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
            .add("Flatten")
            .gemm(10, 784)
        ),
        "leaves padding out of its means",
    ),
    "windows that are not square": (
        lambda: Build().add("Conv", "w", kernel_shape=[1, 3]).add("Flatten"),
        "no square windows",
    ),
    "a softmax in between": (
        lambda: Build().add("Flatten").add("Softmax").gemm(10, 784),
        "comes after the softmax",
    ),
    "colours": (lambda: Build(("N", 3, 32, 32)).add("Flatten").gemm(10, 3072), "28 x 28 pixels"),
    "a recurrent layer": (
        lambda: Build(("N", 28, 28)).add("LSTM", "w", "r"),
        r"\(LSTM\) is no layer",
    ),
    "numbers for each pixel": (
        lambda: (lambda b: b.add("Mul", b.random(28, 28)))(Build()).add("Flatten").gemm(10, 784),
        "more than one number a channel",
    ),
    "weights that do not fit": (lambda: Build().add("Flatten").gemm(10, 700), "for 784 numbers"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_a_sequence_is_refused_by_its_node(what: str) -> None:
    build, says = REFUSED[what]
    with pytest.raises(WeightsError, match=says):
        import_file(build().done(), **UNIT)


def test_damaged_files_are_refused() -> None:
    content = GRAPHS["classic, opset 13"]().done()
    rng = np.random.default_rng(1)
    for cut in rng.integers(1, len(content), 40):
        with pytest.raises(WeightsError):
            import_file(content[:cut], **UNIT)
    for _ in range(150):
        damaged = bytearray(content)
        for place in rng.integers(0, 900, 2):
            damaged[place] = rng.integers(256)
        with contextlib.suppress(WeightsError):  # and nothing else
            import_file(bytes(damaged), **UNIT)


def test_a_constant_that_would_be_huge_is_not_made() -> None:
    b = Build().add("Flatten")
    x = b.x
    b.add("Add", b.random(1, 5000), x=b.random(5000, 1))
    b.add("Gemm", b.x, x=x)
    with pytest.raises(WeightsError, match="makes too large a constant"):
        import_file(b.done(), **UNIT)


def test_numbers_in_a_file_beside_it(tmp_path: Path) -> None:
    content = GRAPHS["classic, opset 13"]().done()
    path = tmp_path / "net.onnx"
    onnx.save(
        onnx.load_from_string(content),
        path,
        save_as_external_data=True,
        location="net.onnx.data",
        size_threshold=0,
    )
    found = Network(read_weights(import_file(path, **UNIT).content)).predict(IMAGES)
    np.testing.assert_allclose(found, runtime(content), rtol=0, atol=1e-5)
    (tmp_path / "net.onnx.data").unlink()
    with pytest.raises(WeightsError, match=r"are in 'net.onnx.data', which is not beside it"):
        import_file(path, **UNIT)
    inside = path.read_bytes().replace(b"net.onnx.data", b"/etc/hostname")
    path.write_bytes(inside)
    with pytest.raises(WeightsError, match="is not beside it"):
        import_file(path, **UNIT)
