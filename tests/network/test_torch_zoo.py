"""Networks as people write them in PyTorch: their state dicts and what its exporters make of them.

Skipped without PyTorch. What is imported is right to 1e-5, or the import says what is not certain
and which option to add.
"""

import contextlib
import io
from typing import Any

import numpy as np
import pytest

from mnist_nb import Network
from mnist_nb.drawing import rasterize, samples
from mnist_nb.errors import WeightsUnclear
from mnist_nb.network import Imported, import_file, read_weights

torch = pytest.importorskip("torch")

from tests.soak.scale import SOAK  # noqa: E402
from tests.support import torch_zoo as zoo  # noqa: E402

RNG = np.random.default_rng(0)
IMAGES = np.concatenate(
    [
        RNG.integers(0, 256, (4, 28, 28), np.uint8),
        np.stack([rasterize(drawing) for drawing in samples()]),
    ]
)


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def answers(imported: Imported) -> Any:
    return Network(read_weights(imported.content)).predict(IMAGES)


def agrees(imported: Imported, expected: Any) -> bool:
    return bool(np.abs(answers(imported) - expected).max() < 1e-5)


def helped(content: bytes, expected: Any, **how: Any) -> bool:
    """Whether it is right, at once or as one of the ways that the error lists."""
    try:
        return agrees(import_file(content, **how), expected)
    except WeightsUnclear as unclear:
        ways = range(1, len(unclear.table) + 1)
        return any(agrees(import_file(content, take=n, **how), expected) for n in ways)


# Each takes seconds; MNIST_NB_SOAK=1 tries all sixty, else every fifth is.
@pytest.mark.parametrize(
    "sample", zoo.samples()[:: 1 if SOAK else 5], ids=lambda sample: sample.name
)
def test_state_dicts(sample: zoo.Sample) -> None:
    module = zoo.trained(sample)
    expected = zoo.probabilities(module, sample, IMAGES)
    content = zoo.saved(module, sample.wrap)
    with contextlib.suppress(WeightsUnclear):
        imported = import_file(content)
        if agrees(imported, expected):
            return
        assert "--activation" in imported.note  # never wrong without a word
    mean, std = zoo.SCALINGS[sample.scaling]
    known = {"activation": sample.act, "mean": mean, "std": std}
    assert helped(content, expected) or helped(content, expected, **known, pooling=sample.pool)


EXPORTED = {
    "perceptron": (lambda: zoo.perceptron("relu", 32, norm=True, drop=True), 9),
    "gelus": (lambda: zoo.perceptron("gelu", 32), 17),
    "gelus, opset 20": (lambda: zoo.perceptron("gelu", 32), 20),
    "lenet": (lambda: zoo.lenet("tanh", "avg"), 11),
    "example": (zoo.Example, 13),
    "older example": (lambda: zoo.Example(old=True), 7),
    "blocks": (lambda: zoo.Blocks("sigmoid", "max"), 14),
    "leaky": (lambda: zoo.Blocks("leakyrelu", "avg"), 15),
    "depthwise": (lambda: zoo.depthwise("relu"), 17),
    "means": (zoo.GlobalMean, 18),
    "strided": (lambda: zoo.strided("gelu"), 16),
}


def exported(module: Any, opset: int, dynamo: bool) -> bytes:
    out = io.BytesIO()
    image = torch.zeros(1, 1, 28, 28)
    names = {"input_names": ["x"], "output_names": ["y"]}
    torch.onnx.export(module, (image,), out, opset_version=opset, dynamo=dynamo, **names)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("what", EXPORTED)
def test_exports(what: str) -> None:
    build, opset = EXPORTED[what]
    torch.manual_seed(1)
    module = build().eval()
    for part in module.modules():  # statistics that are not the first ones
        if hasattr(part, "running_var") and part.running_var is not None:
            part.running_mean.uniform_(-0.3, 0.3)
            part.running_var.uniform_(0.5, 1.5)
    sample = zoo.Sample(what, build, scaling="half")
    expected = zoo.probabilities(module, sample, IMAGES)
    assert agrees(import_file(exported(module, opset, False), mean=0.5, std=0.5), expected)
    pytest.importorskip("onnxscript")
    content = exported(module, max(18, opset), True)
    assert agrees(import_file(content, mean=0.5, std=0.5), expected)
