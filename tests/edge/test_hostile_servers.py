"""Servers that mean harm: whatever they send, the client ends in time, in memory and in words."""

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic, process_time

import pytest

from mnist_nb import AsyncEdgeClient, EdgeClient
from mnist_nb.errors import EdgeError, EdgeOffline, EdgeProblem, EdgeProtocolError
from tests.edge.conftest import IMAGE, OCTETS, probabilities
from tests.support.hostile_server import Endless, serving

SECONDS = 0.5
PAUSE = 0.02  # between two pieces of a server that drips
MEMORY = 50e6

OK = b"HTTP/1.1 200 OK\r\n"
OWN = f"Content-Type: {OCTETS}\r\nX-Model-Sha256: {'ab' * 32}\r\n".encode()
BODY = probabilities(1).tobytes()
BOMB = gzip.compress(gzip.compress(bytes(100 << 20)))
DEEP = b"[" * 900 + b"]" * 900


def answer(body: bytes = BODY, headers: bytes = OWN, status: bytes = OK) -> list[bytes]:
    return [status, headers, b"Content-Length: %d\r\n\r\n" % len(body), body]


def problem(body: bytes, headers: bytes = b"") -> list[bytes]:
    kind = b"Content-Type: application/problem+json\r\n"
    return answer(body, kind + headers, b"HTTP/1.1 503 Nothing\r\n")


SLOW: dict[str, Iterable[bytes]] = {
    "nothing at all": Endless(b""),
    "a status of a byte at a time": Endless(b"H"),
    "a header of a byte at a time": Endless(OK, b"X-A: ", b"a"),
    "headers without end": Endless(OK, b"X-A: a\r\n"),
    "1xx without end": Endless(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a body of a byte at a time": Endless(*answer()[:-2], b"Content-Length: 4000\r\n\r\n", b"a"),
    "chunks of a byte": Endless(OK, OWN, b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
}
FLOODS: dict[str, Iterable[bytes]] = {
    "1xx at full speed": Endless(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000),
    "headers at full speed": Endless(OK, b"X-A: a\r\n" * 1000),
    "one header at full speed": Endless(OK, b"X-A: ", b"a" * 10_000),
    "a body at full speed": Endless(OK, OWN, b"\r\n", bytes(1 << 16)),
    "packed twice": answer(BOMB, OWN + b"Content-Encoding: gzip, gzip\r\n"),
    "packed once": answer(gzip.compress(bytes(100 << 20)), OWN + b"Content-Encoding: gzip\r\n"),
    "another protocol": [b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", bytes(1 << 20)],
    "no HTTP": [bytes(1 << 20)],
    "a status line that is long": [b"HTTP/1.1 2" + b"0" * 50_000 + b"\r\n\r\n"],
    "a length that is none": [OK, b"Content-Length: 1" + b"0" * 5000 + b"\r\n\r\n"],
    "less than it said": [OK, OWN, b"Content-Length: 40\r\n\r\n", b"a"],
    "a title that is deep": problem(b'{"title": %s}' % DEEP),
    "a number that is long": problem(b'{"title": 1%s}' % (b"0" * 100_000)),
    "a date that is none": problem(b"{}", b"Retry-After: Mon, 99 Jan 99999999999 0:0:0 -0000\r\n"),
    "seconds that are many": problem(b"{}", b"Retry-After: " + b"9" * 5000 + b"\r\n"),
    "a redirect without end": answer(b"", b"Location: /\r\n" * 2000, b"HTTP/1.1 302 There\r\n"),
    "a body that is deep": answer(b"[" * (1 << 20), b""),
}
HARMLESS: dict[str, list[bytes]] = {
    "a long Server-Timing": answer(BODY, OWN + b"Server-Timing: " + b"a;" * 40_000 + b"\r\n"),
    "many of them": answer(BODY, OWN + b"Server-Timing: a;dur=1\r\n" * 2000),
    "digits": answer(BODY, OWN + b"Server-Timing: a;dur=" + b"9" * 60_000 + b"\r\n"),
    "a place that is deep": answer(BODY, OWN + b"X-Place: " + DEEP + b"\r\n"),
    "a name without end": answer(BODY, OWN + b"X-Model-Name: " + b"%ff" * 20_000 + b"\r\n"),
}


def ask(url: str, seconds: float = SECONDS) -> None:
    with EdgeClient(url, timeout=seconds, protocol="binary") as client:
        client.classify(IMAGE)


def ask_async(url: str, seconds: float = SECONDS) -> None:
    async def run() -> None:
        async with AsyncEdgeClient(url, timeout=seconds, protocol="binary") as client:
            await client.classify(IMAGE)

    asyncio.run(run())


@contextmanager
def in_time_and_memory(clock: Callable[[], float] = monotonic) -> Iterator[None]:
    tracemalloc.start()
    began = clock()
    try:
        yield
        seconds, memory = clock() - began, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seconds < 4 * SECONDS  # on a machine with other work
    assert memory < MEMORY


both = pytest.mark.parametrize("asking", [ask, ask_async])


@both
@pytest.mark.parametrize("name", SLOW)
def test_a_server_that_drips_gets_one_deadline(name, asking) -> None:
    with serving(SLOW[name], PAUSE) as url, in_time_and_memory(), pytest.raises(EdgeOffline):
        asking(url)


@both
@pytest.mark.parametrize("name", FLOODS)
def test_a_server_that_floods_or_lies_gets_an_error_of_ours(name, asking) -> None:
    with serving(FLOODS[name]) as url, in_time_and_memory(), pytest.raises(EdgeError) as caught:
        asking(url)
    assert len(str(caught.value)) < 1000
    assert isinstance(caught.value, EdgeOffline | EdgeProblem | EdgeProtocolError)


@both
@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_only_strange_is_read_in_time(name, asking) -> None:
    """By the time that this process works: a machine with other work may take longer."""
    with serving(HARMLESS[name]) as url, in_time_and_memory(process_time):
        asking(url, 60 * SECONDS)


def test_a_model_of_any_json_is_an_object_or_an_error() -> None:
    for body in (DEEP, b"[" * (1 << 20), b"1" + b"0" * 10_000, json.dumps([1]).encode()):
        with (
            serving(answer(body, b"")) as url,
            in_time_and_memory(),
            EdgeClient(url, timeout=SECONDS) as client,
            pytest.raises(EdgeProtocolError),
        ):
            client.model()


def test_after_a_server_that_dripped_the_client_still_answers() -> None:
    client = EdgeClient("http://127.0.0.1:1", timeout=SECONDS)
    with client, serving(SLOW["1xx without end"], PAUSE) as slow, serving(answer()) as good:
        client.url = slow
        with pytest.raises(EdgeOffline, match=r"in 0\.5"):
            client.classify(IMAGE)
        client._addresses.clear()
        client.url = good
        assert client.classify(IMAGE).probabilities.tobytes() == BODY
