"""What a client makes of an answer to `POST /trace`."""

import asyncio
from typing import Any

import httpx
import numpy as np
import pytest
import safetensors.numpy

from mnist_nb import AsyncEdgeClient
from mnist_nb.errors import EdgeProblem, EdgeProtocolError, InputError

from .conftest import IMAGE, OCTETS, SHA, TOKEN, problem, sync_client

GOOD = {
    "input": np.zeros((1, 28, 28), np.float32),
    "0": np.ones((2, 3, 3), np.float32),
    "2": np.arange(10, dtype=np.float32),
    "probabilities": np.full(10, 0.1, np.float32),
}


def answer(tensors: dict[str, Any], sha256: str = SHA) -> Any:
    content = safetensors.numpy.save(tensors)
    headers = {"content-type": OCTETS, "x-model-sha256": sha256}
    return lambda request: httpx.Response(200, content=content, headers=headers)


def test_the_layers_come_in_their_order():
    with sync_client(answer(GOOD)) as client:
        trace = client.trace(IMAGE)
    assert list(trace.outputs) == [-1, 0, 2]
    np.testing.assert_array_equal(trace.outputs[2], GOOD["2"])
    assert trace.probabilities.shape == (10,)
    assert trace.sha256 == SHA


def test_it_is_the_same_for_asyncio():
    async def ask() -> Any:
        transport = httpx.MockTransport(answer(GOOD))
        async with AsyncEdgeClient("http://edge.test", transport=transport) as client:
            return await client.trace(IMAGE)

    assert list(asyncio.run(ask()).outputs) == [-1, 0, 2]


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {"input": GOOD["input"]},
        GOOD | {"more": GOOD["2"]},
        GOOD | {"0": np.ones(3)},
        GOOD | {"1": np.zeros((0, 3), np.float32)},
    ],
)
def test_what_is_no_trace_is_told(tensors: dict[str, Any]):
    with sync_client(answer(tensors)) as client, pytest.raises(EdgeProtocolError, match="no trace"):
        client.trace(IMAGE)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff" * 9, b"\0" * 64, b"<html>"])
def test_bytes_that_are_no_safetensors_are_told(content: bytes):
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=content, headers={"x-model-sha256": SHA})

    with sync_client(handler) as client, pytest.raises(EdgeProtocolError, match="no trace"):
        client.trace(IMAGE)


def test_weights_have_to_be_named():
    with (
        sync_client(answer(GOOD, "another")) as client,
        pytest.raises(EdgeProtocolError, match="sha256"),
    ):
        client.trace(IMAGE)


def test_the_token_is_not_told():
    handler = problem(401, title="no", detail=f"not {TOKEN}")
    with sync_client(handler, token=TOKEN) as client, pytest.raises(EdgeProblem) as caught:
        client.trace(IMAGE)
    assert TOKEN not in str(caught.value)


def test_a_trace_is_of_one_image():
    with (
        sync_client(answer(GOOD)) as client,
        pytest.raises(InputError, match="of one image, got 2"),
    ):
        client.trace(np.zeros((2, 784), np.uint8))
