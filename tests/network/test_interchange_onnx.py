"""ONNX of any network computes what the network computes; needs the package onnx."""

import json

import numpy as np
import pytest

from mnist_nb import Network
from mnist_nb.network.interchange import to_onnx
from mnist_nb.network.weights import read_weights, shipped_weights
from tests.networks import random_network

SOURCES = [*range(30), None]


def weights_of(seed):
    if seed is None:
        return read_weights(shipped_weights())
    return read_weights(random_network(np.random.default_rng(seed)))


@pytest.mark.parametrize("seed", SOURCES)
def test_onnx_computes_the_same(seed):
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    weights = weights_of(seed)
    model = onnx.load_from_string(to_onnx(weights))
    onnx.checker.check_model(model, full_check=True)
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    (found,) = reference.ReferenceEvaluator(model).run(None, {"image": images[:, None]})
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, Network(weights).predict(images), atol=1e-5)


def test_onnxruntime_agrees_where_it_is_installed():
    runtime = pytest.importorskip("onnxruntime")
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    for seed in SOURCES:
        weights = weights_of(seed)
        session = runtime.InferenceSession(to_onnx(weights), providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {"image": images[:, None]})
        np.testing.assert_allclose(found, Network(weights).predict(images), atol=1e-5)


def test_the_description_of_the_model():
    onnx = pytest.importorskip("onnx")
    weights = weights_of(None)
    model = onnx.load_from_string(to_onnx(weights))
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    assert model.producer_name == "mnist-nb"
    notes = {note.key: note.value for note in model.metadata_props}
    assert json.loads(notes["labels"]) == list("0123456789")
    assert notes["weights_sha256"] == weights.sha256
    (image,), (probabilities,) = model.graph.input, model.graph.output
    assert image.name == "image"
    assert image.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    sides = [side.dim_param or side.dim_value for side in image.type.tensor_type.shape.dim]
    assert sides == ["N", 1, 28, 28]
    sides = [side.dim_param or side.dim_value for side in probabilities.type.tensor_type.shape.dim]
    assert (probabilities.name, sides) == ("probabilities", ["N", 10])


def test_the_same_weights_give_the_same_bytes():
    content = to_onnx(weights_of(None))
    assert content == to_onnx(weights_of(None))
    assert content[:2] == b"\x08\x08"  # field 1, ir_version 8
    assert b"image" in content
    assert b"probabilities" in content
