"""The edge gives what numpy gives, on random networks and on some that are easy to get wrong.

And it gives what kernel.wasm gives in wasmtime, bit for bit: the kernel has no instruction whose
result depends on the machine or the runtime.
"""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from mnist_nb.network.file_format import read_weights
from mnist_nb.network.numpy_network import Network
from tests.support.bucket import Bucket
from tests.support.files import network, pack, tensor
from tests.support.kernel_host import WasmKernel
from tests.support.networks import random_network

pytestmark = pytest.mark.edge


def assert_equal(http: httpx.Client, bucket: Bucket, content: bytes, images: Any) -> None:
    sha256 = bucket.serve(content)
    answer = http.post(
        "/classify",
        content=images.tobytes(),
        headers={"Content-Type": "application/octet-stream"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Model-Sha256"] == sha256
    weights = read_weights(content)
    local = Network(weights).predict(images)
    remote = np.frombuffer(answer.content, "<f4").reshape(local.shape)
    np.testing.assert_allclose(remote.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(remote, local, atol=3e-6, rtol=0)
    assert answer.content == WasmKernel(weights).classify(images).tobytes()


@pytest.mark.parametrize("seed", range(40))
def test_random_networks(seed: int, http: httpx.Client, bucket: Bucket) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (3, 28, 28), dtype=np.uint8)
    images[0] = 0
    assert_equal(http, bucket, random_network(rng), images)


FC = {"op": "linear", "weight": "w"}
CASES: dict[str, tuple[list[dict[str, Any]], dict[str, Any], int]] = {
    "a linear alone": ([{"op": "flatten"}, FC], {"w": tensor(10, 784, scale=0.05)}, 10),
    "outputs straight from a flatten, channels first": (
        [
            {"op": "conv2d", "weight": "w", "stride": 14},
            {"op": "gelu"},
            {"op": "flatten"},
        ],
        {"w": tensor(3, 1, 14, 14)},
        12,
    ),
    "a window as large as the image": (
        [{"op": "conv2d", "weight": "c"}, {"op": "flatten"}, {"op": "relu"}, FC],
        {"c": tensor(5, 1, 28, 28, scale=0.05), "w": tensor(10, 5)},
        10,
    ),
    "an even window, padding same, stride 2": (
        [
            {"op": "conv2d", "weight": "c", "padding": "same", "stride": 2},
            {"op": "conv2d", "weight": "d", "padding": "same", "stride": 2},
            {"op": "flatten"},
            FC,
        ],
        {
            "c": tensor(6, 1, 4, 4),
            "d": tensor(9, 6, 2, 2),
            "w": tensor(10, 9 * 49, scale=0.1),
        },
        10,
    ),
    "a pool that leaves a rest, before any convolution": (
        [{"op": "maxpool2d", "size": 3, "stride": 5}, {"op": "flatten"}, FC],
        {"w": tensor(10, 36)},
        10,
    ),
    "flatten twice, several linears, one label more than a tile": (
        [
            {"op": "flatten"},
            {"op": "linear", "weight": "a", "bias": "b"},
            {"op": "flatten"},
            {"op": "gelu"},
            {"op": "linear", "weight": "c"},
            {"op": "relu"},
            FC,
        ],
        {"a": tensor(5, 784, scale=0.05), "b": tensor(5), "c": tensor(17, 5), "w": tensor(33, 17)},
        33,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_networks_easy_to_get_wrong(case: str, http: httpx.Client, bucket: Bucket) -> None:
    layers, tensors, labels = CASES[case]
    images = np.random.default_rng(1).integers(0, 256, (2, 28, 28), dtype=np.uint8)
    assert_equal(http, bucket, pack(tensors, network(layers, labels)), images)


def test_batch_norms_fold_in_order(http: httpx.Client, bucket: Bucket) -> None:
    norms = {f"{n}.{part}": abs(tensor(5)) for n in "pq" for part in ("weight", "running_var")}
    norms |= {f"{n}.{part}": tensor(5) for n in "pq" for part in ("bias", "running_mean")}
    layers = [
        {"op": "conv2d", "weight": "c", "bias": "b"},
        {"op": "batchnorm2d", "prefix": "p"},
        {"op": "batchnorm2d", "prefix": "q", "eps": 0.1},
        {"op": "gelu"},
        {"op": "batchnorm2d", "prefix": "p", "eps": 0.2},
        {"op": "flatten"},
        FC,
    ]
    tensors = {"c": tensor(5, 1, 9, 9), "b": tensor(5), "w": tensor(10, 2000, scale=0.02), **norms}
    images = np.random.default_rng(2).integers(0, 256, (2, 28, 28), dtype=np.uint8)
    assert_equal(http, bucket, pack(tensors, network(layers)), images)


def test_many_images_in_one_request(http: httpx.Client, bucket: Bucket, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (1024, 28, 28), dtype=np.uint8)
    layers = [{"op": "flatten"}, FC]
    content = pack({"w": tensor(10, 784, scale=0.05)}, network(layers))
    assert_equal(http, bucket, content, images)
