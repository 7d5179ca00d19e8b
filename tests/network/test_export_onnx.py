"""ONNX of any network computes what the network computes."""

import json
import os
from pathlib import Path

import numpy as np
import onnx
import onnx.reference
import onnxruntime
import pytest

from mnist_nb import Network
from mnist_nb.network.export_onnx import to_onnx
from mnist_nb.network.file_format import read_weights, shipped_weights
from mnist_nb.network.importing.convert import convert
from tests.support.networks import random_network

SOURCES = [*range(30), None]


def weights_of(seed):
    if seed is None:
        return read_weights(shipped_weights())
    return read_weights(random_network(np.random.default_rng(seed)))


@pytest.mark.parametrize("seed", SOURCES)
def test_onnx_computes_the_same(seed):
    weights = weights_of(seed)
    model = onnx.load_from_string(to_onnx(weights))
    onnx.checker.check_model(model, full_check=True)
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    (found,) = onnx.reference.ReferenceEvaluator(model).run(None, {"image": images[:, None]})
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, Network(weights).predict(images), atol=1e-5)


def run(weights, images):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(to_onnx(weights), options, ["CPUExecutionProvider"])
    return session.run(None, {"image": images[:, None]})[0]


def test_onnxruntime_agrees():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    for seed in SOURCES:
        weights = weights_of(seed)
        expected = Network(weights).predict(images)
        np.testing.assert_allclose(run(weights, images), expected, rtol=0, atol=1e-5)


def test_onnxruntime_agrees_to_2e_6_on_digits(mnist_test):
    folder = Path(os.environ["MNIST_NB_DATA"], "burn")
    files = [folder / "mnist.bin", folder / "model.bpk"]
    imported = [read_weights(convert(file)) for file in files if file.is_file()]
    images = mnist_test[0][:100]
    for weights in (weights_of(None), *imported):
        expected = Network(weights).predict(images)
        np.testing.assert_allclose(run(weights, images), expected, rtol=0, atol=2e-6)


def test_the_description_of_the_model():
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


def test_onnxruntime_fuses_all_that_it_can(tmp_path):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    onnxruntime.InferenceSession(to_onnx(weights_of(None)), options, ["CPUExecutionProvider"])
    ops = [node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node]
    assert ops.count("Gelu") == 4
    assert not {"Erf", "BatchNormalization"} & set(ops)
