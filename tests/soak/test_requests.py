"""Whatever is sent, the edge answers in its protocol, and goes on."""

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest

from mnist_nb.local_edge.local_edge import LocalEdge
from mnist_nb.network.file_format import read_weights
from mnist_nb.network.numpy_network import Network
from tests.soak.load import connect
from tests.soak.scale import SOAK, scaled
from tests.soak.traffic import IMAGES, OCTETS, Wire, generate
from tests.support.files import SMALL

pytestmark = pytest.mark.edge

THREADS = 8
# Bytes a request. In 128,000 of them workerd grew to 0.9 GB, most of it in the first 30,000, and
# stayed there; with a Worker that does nothing it did the same.
GROWTH = 4096
EXPECTED = Network(read_weights(SMALL)).predict(IMAGES)


def check(wire: Wire, answer: http.client.HTTPResponse, content: bytes) -> None:
    """The answer is one of the protocol, and right."""
    status = answer.status
    assert status < 500, (wire, status, content[:300])
    assert status in wire.statuses or not wire.statuses, (wire, status, content[:300])
    if status >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json", (wire, content[:300])
        if wire.method != "HEAD":
            said = json.loads(content)
            assert said["type"].startswith("urn:mnist-nb:problem:"), said
            assert said["status"] == status
            assert said["title"]
            assert said["detail"]
            assert len(content) < 2000
    if wire.images:
        if answer.headers["Content-Type"] == OCTETS:
            rows = np.frombuffer(content, "<f4").reshape(-1, 10)
        else:
            said = json.loads(content)
            rows = np.array(said["probabilities"] if isinstance(said, dict) else [said])
        np.testing.assert_allclose(rows, EXPECTED[list(wire.images)], atol=1e-5)


def send(edge: LocalEdge, seed: int, count: int) -> None:
    connection = connect(edge.url)
    rng = np.random.default_rng(seed)
    for _ in range(count):
        wire = generate(rng)
        # In pieces, as http.client would refuse what is strange in them.
        connection.putrequest(wire.method, "/", skip_accept_encoding=True)
        buffer = connection._buffer  # type: ignore[attr-defined]
        buffer[0] = f"{wire.method} {wire.path} HTTP/1.1".encode("latin-1")
        for name, value in wire.headers.items():
            buffer.append(f"{name}: {value}".encode("latin-1"))
        if wire.body or wire.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(wire.body)))
        connection.endheaders(wire.body)
        answer = connection.getresponse()
        check(wire, answer, answer.read())
    connection.close()


def test_generated_requests(edge: LocalEdge, small: str, workerd: psutil.Process) -> None:
    count = scaled(800, 100_000)
    warm = count // 10

    def run(first_seed: int, many: int) -> None:
        with ThreadPoolExecutor(THREADS) as threads:
            jobs = [
                threads.submit(send, edge, first_seed + i, many // THREADS) for i in range(THREADS)
            ]
            for job in jobs:
                job.result()

    run(0, warm)
    before = workerd.memory_info().rss
    run(THREADS, count - warm)
    growth = workerd.memory_info().rss - before
    print(
        f"{count} requests; workerd grew by {growth / 2**20:.1f} MB to {before + growth >> 20} MB"
    )
    if SOAK:
        assert growth < GROWTH * (count - warm)


HEAD = b"POST /classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
# What is no HTTP never reaches the Worker; the runtime answers it, or hangs up.
NO_HTTP = {
    "nothing": b"",
    "noise": bytes(range(256)),
    "no version": b"GET /model\r\n\r\n",
    "a path with letters that no URL has": b"GET /<`> HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without end": b"GET /model HTTP/1.1\r\nX: " + b"a" * 300_000,
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "a length of words": HEAD + b"Content-Length: many\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 784\r\nContent-Length: 3\r\n\r\n" + bytes(784),
    "length and chunks": HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk of 2^64": HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    "half a body": HEAD + b"Content-Length: 784\r\n\r\n" + bytes(100),
    "half a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n310\r\n" + bytes(100),
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


def test_what_is_no_http(edge: LocalEdge, small: str, workerd: psutil.Process) -> None:
    address = urlsplit(edge.url)
    rng = np.random.default_rng(1)
    for _ in range(scaled(3, 200)):
        for what, sent in NO_HTTP.items():
            with socket.create_connection((address.hostname, address.port), timeout=20) as raw:
                raw.sendall(sent[: rng.integers(len(sent) + 1)] if rng.random() < 0.5 else sent)
                raw.shutdown(socket.SHUT_WR)
                try:
                    answer = raw.recv(1000)
                except ConnectionResetError:
                    continue
                assert not answer.startswith(b"HTTP/1.1 5"), (what, answer)
    send(edge, 2, 20)
