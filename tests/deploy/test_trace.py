"""`POST /trace` against the real runtime."""

from dataclasses import replace

import httpx
import numpy as np
import pytest
import safetensors.numpy

from mnist_nb import LocalEdge
from mnist_nb.network import Network, plain_outputs, read_weights, write_weights
from mnist_nb.network.ops import Conv2d, Flatten, Linear
from tests.support.bucket import Bucket
from tests.support.files import SMALL

from .test_protocol import IMAGES, assert_problem

pytestmark = [pytest.mark.edge, pytest.mark.usefixtures("small")]
OCTETS = {"Content-Type": "application/octet-stream"}


def post(http: httpx.Client, content: bytes) -> httpx.Response:
    return http.post("/trace", content=content, headers=OCTETS)


def test_it_tells_what_each_layer_gives(http: httpx.Client, small: str):
    answer = post(http, IMAGES[0].tobytes())
    assert answer.status_code == 200
    assert answer.headers["X-Model-Sha256"] == small
    found = safetensors.numpy.load(answer.content)
    weights = read_weights(SMALL)
    values = plain_outputs(weights, IMAGES[0])
    np.testing.assert_allclose(found.pop("input"), values[0], atol=1e-6)
    expected = Network(weights).predict(IMAGES[0])[0]
    np.testing.assert_allclose(found.pop("probabilities"), expected, atol=1e-6)
    assert str(len(values) - 2) in found  # the logits
    for name, numbers in found.items():
        np.testing.assert_allclose(numbers, values[int(name) + 1], atol=1e-5)


def test_json_is_traced_too(http: httpx.Client):
    answer = http.post("/trace", json=IMAGES[0].ravel().tolist())
    assert answer.content == post(http, IMAGES[0].tobytes()).content


def test_a_trace_changes_no_later_answer(http: httpx.Client):
    ask = lambda: http.post("/classify", content=IMAGES.tobytes(), headers=OCTETS).content  # noqa: E731
    before = ask()
    post(http, IMAGES[2].tobytes())
    assert ask() == before


def test_it_is_of_one_image(http: httpx.Client):
    assert_problem(post(http, IMAGES.tobytes()), 400, "wrong-shape", "3 images", "of one")
    assert_problem(post(http, b"1"), 400, "wrong-shape", "1 bytes")


def test_what_is_too_much_is_refused(http: httpx.Client, bucket: Bucket):
    layers = [Conv2d("c", padding="same"), Flatten(), Linear("l")]
    tensors = {
        "c": np.zeros((700, 1, 1, 1), np.float32),
        "l": np.zeros((2, 700 * 784), np.float32),
    }
    architecture = replace(
        read_weights(SMALL).architecture, layers=tuple(layers), labels=("a", "b"), metrics={}
    )
    bucket.serve(write_weights(architecture, tensors))
    answer = post(http, IMAGES[0].tobytes())
    assert_problem(answer, 413, "too-much", "1000000")


def test_it_is_off_where_nobody_switched_it_on():
    with LocalEdge(vars={"TRACE": ""}) as edge, httpx.Client(base_url=edge.url) as http:
        assert_problem(post(http, IMAGES[0].tobytes()), 404, "trace-off", "set TRACE to on")


def test_it_wants_the_token():
    with LocalEdge(vars={"EDGE_TOKEN": "t"}) as edge, httpx.Client(base_url=edge.url) as http:
        assert_problem(post(http, IMAGES[0].tobytes()), 401, "unauthorized", "missing")
