"""The local edge answers under this machine's own names, and believes no place it is told."""

import json
import os
import socket

import httpx
import psutil
import pytest

from mnist_nb import LocalEdge

pytestmark = pytest.mark.edge


def status(edge: LocalEdge, head: str) -> int:
    """Send the head of a request as it is, and read the status of the answer."""
    url = httpx.URL(edge.url)
    assert url.port
    with socket.create_connection((url.host, url.port), timeout=20) as raw:
        raw.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        with raw.makefile("rb") as answer:
            return int(answer.readline().split()[1])


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:1", "a.localhost", "[::1]:80", "10.0.0.7"]
)
def test_names_and_addresses_of_this_machine_are_answered(edge: LocalEdge, host: str) -> None:
    assert status(edge, f"GET /healthz HTTP/1.1\nHost: {host}") == 200


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("GET /healthz HTTP/1.1\nHost: attacker.example", 403),
        ("GET /healthz HTTP/1.1\nHost: localhost.attacker.example", 403),
        ("GET /healthz HTTP/1.1\nHost: localhost@attacker.example", 403),
        ("GET /cdn-cgi/local/r2/s3/models HTTP/1.1\nHost: attacker.example", 403),
        ("GET /healthz HTTP/1.1\nHost: a b<", 400),
        ("GET /healthz HTTP/1.1\nHost: localhost:99999", 400),
        ("GET /healthz HTTP/1.1\nHost: localhost\nHost: attacker.example", 400),
        ("GET /healthz HTTP/1.1\nHost:", 400),
        ("GET /healthz HTTP/1.1", 400),
        ("OPTIONS * HTTP/1.1\nHost: localhost", 403),
    ],
)
def test_foreign_and_broken_hosts_are_refused(edge: LocalEdge, head: str, expected: int) -> None:
    assert status(edge, head) == expected


@pytest.mark.skipif(os.name != "posix", reason="Miniflare has no socket of its own")
def test_the_socket_of_miniflare_is_no_way_round(edge: LocalEdge) -> None:
    """It believes where a request says that it went first."""
    listening = psutil.Process(edge.pid).net_connections("tcp4")
    (inner,) = {c.laddr.port for c in listening} - {httpx.URL(edge.url).port}
    answers = []
    for path in ("/model", "/cdn-cgi/local/r2/s3/models/mnist/current.json"):
        said = {"Host": "attacker.example", "MF-Original-URL": f"http://localhost{path}"}
        url = f"http://127.0.0.1:{inner}{path}"
        answers.append(httpx.get(url, headers=said, trust_env=False, timeout=20).status_code)
    assert answers == [404, 403]


def test_a_place_that_a_client_makes_up_is_ignored(edge: LocalEdge) -> None:
    """By an address of another network, as the Worker itself ignores it under 127.0.0.1."""
    headers = {
        "Content-Type": "application/octet-stream",
        "Host": "203.0.113.7",
        "MF-CF-Blob": json.dumps({"continent": "AF", "colo": "JNB"}),
    }
    with httpx.Client(base_url=edge.url, trust_env=False, timeout=20) as http:
        answer = http.post("/classify", content=bytes(784), headers=headers)
    assert answer.status_code == 200
    assert json.loads(answer.headers["X-Place"])["continent"] is None
