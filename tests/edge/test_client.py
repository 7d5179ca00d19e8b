"""The clients against invented answers: decoding, and every error."""

import json
from collections.abc import AsyncIterator, Iterator
from time import process_time
from typing import Any

import httpx
import numpy as np
import pytest

from mnist_nb import AsyncEdgeClient, EdgeClient
from mnist_nb.edge.client import ModelRef, Place
from mnist_nb.edge.protocol import server_timing
from mnist_nb.errors import (
    EdgeError,
    EdgeOffline,
    EdgeProblem,
    EdgeProtocolError,
    InputError,
)
from tests.edge.conftest import (
    IMAGE,
    OCTETS,
    SHA,
    TOKEN,
    Handler,
    answering,
    probabilities,
    problem,
    sync_client,
)


def test_decodes_a_binary_answer() -> None:
    rows = probabilities(1)
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answering(
            rows,
            **{
                "x-model-name": "m%C3%A9",
                "x-cold": "1",
                "x-place": '{"object":"EU#0","continent":"EU","colo":"AMS","local":false}',
                "server-timing": 'object;dur=1.5;desc="a, b", load;desc=x;dur=2',
            },
        )(request)

    image = np.arange(784).astype(np.uint8)
    with sync_client(handler, token=TOKEN) as client:
        result = client.classify(image)
    assert seen[0].content == image.tobytes()
    assert seen[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert seen[0].headers["content-type"] == seen[0].headers["accept"] == OCTETS
    np.testing.assert_array_equal(result.probabilities, rows)
    assert result.probabilities.dtype == np.float32
    assert result.model == ModelRef(SHA, "mé")
    assert result.cold
    assert result.place == Place("EU#0", "EU", "AMS", False)
    assert result.timing.server == {"object": 1.5, "load": 2.0}
    assert result.timing.total_ms > 0


@pytest.mark.parametrize("place", ["", "{", "[]", "3", '{"continent":null,"colo":null}'])
def test_a_place_that_is_not_told_is_empty(place: str) -> None:
    result = sync_client(answering(probabilities(1), **{"x-place": place})).classify(IMAGE)
    assert result.place == Place("", None, None, False)


def test_server_timing_takes_what_it_can() -> None:
    text = 'a;dur=1, b, c;desc="x";dur=2.5, d;dur=nan, e;dur="3", f;dur=1.2.3'
    assert server_timing(text) == {"a": 1.0, "c": 2.5, "e": 3.0}


@pytest.mark.parametrize("shape", [(784,), (28, 28), (1, 784), (1, 28, 28)])
def test_accepts_each_shape(shape: tuple[int, ...]) -> None:
    result = sync_client(answering(probabilities(1))).classify(np.zeros(shape, np.uint8))
    assert result.probabilities.shape == (1, 10)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (np.zeros((28, 28)), "multiply by 255"),
        (np.full((28, 28), np.nan), "NaN"),
        (np.zeros((28, 28), np.int64), r"astype\(np.uint8\)"),
        (np.zeros((28, 27), np.uint8), r"\(28, 27\)"),
        (np.zeros((0, 28, 28), np.uint8), "no image"),
        (None, "object"),
    ],
)
def test_refuses_other_images_before_sending(images: Any, says: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing must be sent")

    with pytest.raises(InputError, match=says):
        sync_client(handler).classify(images)


def test_splits_and_merges_batches() -> None:
    expected = probabilities(2500)
    sizes: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        first = sum(sizes)
        sizes.append(len(request.content) // 784)
        cold = {"x-cold": "1" if first == 0 else "0", "server-timing": "object;dur=2"}
        return answering(expected[first : sum(sizes)], **cold)(request)

    steps: list[tuple[int, int]] = []
    result = sync_client(handler).classify(
        np.zeros((2500, 784), np.uint8), progress=lambda *step: steps.append(step)
    )
    assert sizes == [1024, 1024, 452]
    assert steps == [(1024, 2500), (2048, 2500), (2500, 2500)]
    np.testing.assert_array_equal(result.probabilities, expected)
    assert result.cold
    assert result.timing.server == {"object": 6.0}


def test_says_when_the_weights_change_between_batches() -> None:
    models = iter([SHA, "cd" * 32])

    def handler(request: httpx.Request) -> httpx.Response:
        count = len(request.content) // 784
        return answering(probabilities(count), **{"x-model-sha256": next(models)})(request)

    with pytest.raises(EdgeError, match="abababababab to cdcdcdcdcdcd"):
        sync_client(handler).classify(np.zeros((1025, 784), np.uint8))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (probabilities(2), "80 bytes, not 40"),
        (probabilities(1)[:, :9], "36 bytes, not 40"),
        (np.full((1, 10), np.nan, "<f4"), "not finite"),
        (np.full((1, 10), 0.2, "<f4"), "sums to 2"),
        (np.array([[-0.5, 1.5, *[0] * 8]], "<f4"), "least is -0.5"),
        (np.array([[1e38] * 10], "<f4"), "not probabilities"),
    ],
)
def test_refuses_what_is_not_probabilities(rows: np.ndarray[Any, Any], says: str) -> None:
    with pytest.raises(EdgeProtocolError, match=says):
        sync_client(answering(rows)).classify(IMAGE)


def test_refuses_another_content_type_and_another_name_of_weights() -> None:
    with pytest.raises(EdgeProtocolError, match="text/html"):
        sync_client(answering(probabilities(1), "text/html")).classify(IMAGE)
    with pytest.raises(EdgeProtocolError, match="not by their sha256"):
        sync_client(answering(probabilities(1), **{"x-model-sha256": "v2"})).classify(IMAGE)


def test_refuses_an_endless_answer() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(1 << 20)

    client = sync_client(lambda request: httpx.Response(200, content=endless()))
    with pytest.raises(EdgeProtocolError, match="more than 4 MB"):
        client.classify(IMAGE)


class Original:
    """An edge that only speaks the JSON of the original, with a sloppy content type."""

    def __init__(self, refusal: Handler) -> None:
        self.refusal = refusal
        self.types: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.types.append(request.headers["content-type"])
        if self.types[-1] == OCTETS:
            return self.refusal(request)
        pixels = json.loads(request.content)
        assert len(pixels) == 784
        row = [0.0] * 10
        row[pixels[0]] = 1
        return httpx.Response(200, text=json.dumps(row))


@pytest.mark.parametrize(
    "refusal",
    [
        lambda request: httpx.Response(500, text="expected value at line 1 column 1"),
        lambda request: httpx.Response(500, html="<h1>Error 1101"),
        lambda request: httpx.Response(200, text=json.dumps([0.1] * 10)),
    ],
)
async def test_falls_back_to_the_json_of_the_original(refusal: Handler) -> None:
    digits = np.zeros((3, 28, 28), np.uint8)
    digits[:, 0, 0] = [4, 7, 1]
    original = Original(refusal)
    client = sync_client(original)
    result = client.classify(digits)
    assert result.probabilities.argmax(axis=1).tolist() == [4, 7, 1]
    assert result.model == ModelRef("", "")
    client.classify(digits[:1])
    assert original.types == [OCTETS] + ["application/json"] * 4  # it is asked once only

    transport = httpx.MockTransport(Original(refusal))
    async with AsyncEdgeClient("http://edge.test", transport=transport) as other:
        result = await other.classify(digits)
    assert result.probabilities.argmax(axis=1).tolist() == [4, 7, 1]


def test_our_own_errors_are_no_reason_to_fall_back() -> None:
    handler = Original(problem(413, title="Too large", detail=""))
    with pytest.raises(EdgeProblem, match="413"):
        sync_client(handler).classify(IMAGE)
    assert handler.types == [OCTETS]


def test_a_protocol_that_was_asked_for_is_kept() -> None:
    original = Original(lambda request: httpx.Response(500, text="no"))
    with pytest.raises(EdgeProblem, match="500"):
        sync_client(original, protocol="binary").classify(IMAGE)
    sync_client(original, protocol="json").classify(IMAGE)
    assert original.types == [OCTETS, "application/json"]
    with pytest.raises(InputError, match="protocol"):
        EdgeClient("http://edge.test", protocol="xml")  # type: ignore[arg-type]


@pytest.mark.parametrize("body", ["[1, 2]", '["a"]', "{}", "", "[" * 100_000, "[" + "1e999," * 9])
def test_refuses_json_that_is_not_ten_numbers(body: str) -> None:
    client = sync_client(lambda request: httpx.Response(200, text=body), protocol="json")
    with pytest.raises(EdgeProtocolError, match="not a JSON array of 10"):
        client.classify(IMAGE)


def test_refuses_ten_numbers_that_no_float32_holds() -> None:
    body = json.dumps([10**400, *[0] * 9])
    client = sync_client(lambda request: httpx.Response(200, text=body), protocol="json")
    with pytest.raises(EdgeProtocolError):
        client.classify(IMAGE)


async def test_model_and_health() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/healthz":
            return httpx.Response(200, json={"status": "ok"})
        return httpx.Response(200, json={"sha256": SHA})

    client = sync_client(handler)
    assert client.model() == {"sha256": SHA}
    assert client.healthy() is True
    unwell = sync_client(problem(503, title="No model", detail="push one"))
    assert unwell.healthy() is False
    with pytest.raises(EdgeProblem, match="push one"):
        unwell.model()
    with pytest.raises(EdgeProtocolError, match="not a JSON object"):
        sync_client(lambda request: httpx.Response(200, text="[]")).model()
    transport = httpx.MockTransport(handler)
    async with AsyncEdgeClient("http://edge.test", transport=transport) as other:
        assert await other.model() == {"sha256": SHA}
        assert await other.healthy() is True


async def test_a_dripping_answer_ends_at_the_deadline() -> None:
    """Each byte comes within the read timeout, all of them never would."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b"x"

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=drip())

    transport = httpx.MockTransport(handler)
    async with AsyncEdgeClient("http://edge.test", timeout=0.05, transport=transport) as client:
        with pytest.raises(EdgeOffline, match=r"not complete after 0\.05"):
            await client.classify(IMAGE)


def test_a_long_server_timing_is_read_in_one_go() -> None:
    began = process_time()
    assert server_timing("a;" + "b;" * 1_000_000 + "dur=3") == {"a": 3.0}
    assert server_timing("a" * 1_000_000) == {}
    assert process_time() - began < 5


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip", "br"])
def test_a_packed_answer_is_not_unpacked(coding: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept-encoding"] == "identity"
        return httpx.Response(
            200, headers={"content-encoding": coding}, stream=httpx.ByteStream(b"x")
        )

    with (
        EdgeClient("http://127.0.0.1:1", transport=httpx.MockTransport(answer)) as edge,
        pytest.raises(EdgeProtocolError, match="packed"),
    ):
        edge.model()


def test_a_batch_that_costs_too_much_goes_in_smaller_ones() -> None:
    """The edge refuses more images at once than its weights leave time for, and says how many."""
    sizes = []

    def handler(request: httpx.Request) -> httpx.Response:
        count = len(request.content) // 784
        sizes.append(count)
        if count > 3:
            return httpx.Response(413, json={"title": "Too much work", "detail": "at most 3"})
        return answering(probabilities(count))(request)

    with sync_client(handler) as client:
        result = client.classify(np.zeros((10, 28, 28), np.uint8))
    assert sizes == [10, 5, 2, 2, 2, 2, 2]
    assert result.probabilities.shape == (10, 10)


def test_one_image_that_costs_too_much_is_an_error() -> None:
    problem = httpx.Response(413, json={"title": "Too much work", "detail": "other weights"})
    with sync_client(lambda request: problem) as client, pytest.raises(EdgeProblem, match="413"):
        client.classify(IMAGE)
