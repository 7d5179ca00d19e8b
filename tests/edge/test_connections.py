"""How many connections a client takes: one, and as many as there are calls at once."""

import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from mnist_nb import EdgeClient
from mnist_nb.edge.conversation import CONNECTIONS

SECONDS = 20


class Edge(ThreadingHTTPServer):
    """Answers only when so many requests are there at once."""

    request_queue_size = CONNECTIONS

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.together = threading.Barrier(1)
        self.connections = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Edge

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.together.wait(SECONDS)
        body = np.full((1, 10), 0.1, "<f4").tobytes()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("X-Model-Sha256", "ab" * 32)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Edge]:
    with Edge() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_calls_one_after_the_other_share_a_connection_and_calls_at_once_do_not_wait(
    server: Edge,
) -> None:
    image = np.zeros((28, 28), np.uint8)
    url = f"http://127.0.0.1:{server.server_port}"
    with EdgeClient(url, timeout=SECONDS) as client, ThreadPoolExecutor(CONNECTIONS) as threads:
        for _ in range(3):
            client.classify(image)
        assert server.connections == 1
        server.together = threading.Barrier(CONNECTIONS)
        answers = list(threads.map(client.classify, [image] * CONNECTIONS))
    assert len(answers) == CONNECTIONS
    assert server.connections == CONNECTIONS


def test_a_client_of_this_machine_has_loaded_no_certificates_and_trusts_none() -> None:
    with EdgeClient("http://127.0.0.1:9") as client:
        context = client._http._transport._pool._ssl_context  # type: ignore[attr-defined]
    assert context.get_ca_certs() == []
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
