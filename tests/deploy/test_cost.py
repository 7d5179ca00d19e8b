"""What an image costs is bounded, and a costly one leaves others their turn."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest

from mnist_nb.local_edge import LocalEdge
from mnist_nb.network import read_weights
from mnist_nb.network.cost import MAX_COST
from tests.deploy.test_one_truth import chain, counted
from tests.support.bucket import Bucket
from tests.support.files import network, pack, tensor

pytestmark = pytest.mark.edge
OCTETS = {"Content-Type": "application/octet-stream"}


def wide() -> bytes:
    conv = {"op": "conv2d", "weight": "v", "padding": "same"}
    tensors = {"w": tensor(64, 1, 1, 1), "v": tensor(64, 64, 3, 3, scale=0.04)}
    tensors["f"] = tensor(10, 64)
    end = [{"op": "maxpool2d", "size": 28}, {"op": "flatten"}, {"op": "linear", "weight": "f"}]
    return pack(tensors, network([{"op": "conv2d", "weight": "w"}, *[conv] * 8, *end]))


COSTLY = {
    "gelus": chain({"op": "gelu"}, 32, 400),
    "pools": chain({"op": "maxpool2d", "size": 1}, 17, 400),
    "convolutions": wide(),
}


@pytest.fixture(scope="module", params=COSTLY)
def busy(request: pytest.FixtureRequest) -> Iterator[LocalEdge]:
    content = COSTLY[request.param]
    assert 0.8 * MAX_COST < counted(read_weights(content))["cost"] <= MAX_COST
    with LocalEdge(ttl=3600, seed=False, as_cloudflare=True) as edge:
        Bucket(edge).serve(content)
        yield edge


def test_a_request_is_limited_and_others_have_their_turn(busy: LocalEdge) -> None:
    images = np.random.default_rng(1).integers(0, 256, (1024, 784), np.uint8)

    def post(count: int) -> httpx.Response:
        content = images[:count].tobytes()
        url = f"{busy.url}/classify"
        return httpx.post(url, content=content, headers=OCTETS, timeout=60, trust_env=False)

    answer = post(1024)
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:mnist-nb:problem:too-much"
    most = int(answer.json()["detail"].split("at most ")[1].split()[0])
    assert 60 <= most < 1024
    assert post(most + 1).status_code == 413
    with ThreadPoolExecutor(1) as thread:
        began = time.perf_counter()
        batch = thread.submit(post, most)
        waits = []
        while not batch.done():
            asked = time.perf_counter()
            answer = httpx.get(f"{busy.url}/healthz", timeout=60, trust_env=False)
            assert answer.status_code == 200
            waits.append(time.perf_counter() - asked)
    ms = 1000 * (batch.result().elapsed.total_seconds()) / most
    print(f"{ms:.1f} ms an image of {most}; /healthz at most {1000 * max(waits):.0f} ms")
    assert batch.result().status_code == 200
    assert max(waits) < 1
    assert time.perf_counter() - began < 30
