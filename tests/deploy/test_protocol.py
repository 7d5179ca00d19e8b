"""The wire protocol against the real runtime: what is answered, and how what is wrong is told."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from mnist_nb.network.file_format import read_weights
from mnist_nb.network.numpy_network import Network
from tests.support.bucket import Bucket
from tests.support.files import LAYERS, SMALL, TENSORS, network, pack

pytestmark = [pytest.mark.edge, pytest.mark.usefixtures("small")]

OCTETS, JSON = "application/octet-stream", "application/json"
IMAGES = np.random.default_rng(5).integers(0, 256, (3, 28, 28), dtype=np.uint8)
EXPECTED = Network(read_weights(SMALL)).predict(IMAGES)


def post(http: httpx.Client, content: Any, type: str | None = OCTETS, **headers: str) -> Any:
    given = {"Content-Type": type} if type else {}
    return http.post("/classify", content=content, headers=given | headers)


def assert_problem(answer: httpx.Response, status: int, kind: str, *parts: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status
    assert said["type"] == f"urn:mnist-nb:problem:{kind}"
    assert said["title"]
    for part in parts:
        assert part in said["detail"]
    assert ".ts:" not in answer.text  # no stack trace
    assert "    at " not in answer.text


def test_the_original_s_protocol(http: httpx.Client) -> None:
    answer = http.post("/classify", json=IMAGES[0].ravel().tolist())
    assert answer.headers["Content-Type"] == JSON
    assert len(answer.json()) == 10
    np.testing.assert_allclose(answer.json(), EXPECTED[0], atol=1e-5)


def test_a_script_that_names_no_type_sends_json(http: httpx.Client) -> None:
    content = json.dumps(IMAGES[0].ravel().tolist())
    answer = post(http, content, "text/plain;charset=UTF-8")
    np.testing.assert_allclose(answer.json(), EXPECTED[0], atol=1e-5)


def test_fractions_are_rounded_to_bytes(http: httpx.Client) -> None:
    whole = http.post("/classify", json=[200, 13] * 392).json()
    assert http.post("/classify", json=[199.5, 13.49] * 392).json() == whole


def test_bytes_in_bytes_out(http: httpx.Client) -> None:
    answer = post(http, IMAGES.tobytes(), Accept=OCTETS)
    assert answer.headers["Content-Type"] == OCTETS
    values = np.frombuffer(answer.content, "<f4").reshape(3, 10)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-5)


def test_bytes_in_json_out(http: httpx.Client, small: str) -> None:
    answer = post(http, IMAGES.tobytes(), Accept=JSON)
    said = answer.json()
    np.testing.assert_allclose(said["probabilities"], EXPECTED, atol=1e-5)
    assert said["model"] == {"sha256": small, "name": "small"}
    assert said["cold"] is False
    assert said["place"] == json.loads(answer.headers["X-Place"])


@pytest.mark.parametrize(
    ("accept", "type"),
    [
        ("*/*", OCTETS),
        ("application/*", OCTETS),
        ("text/html, application/json;q=0.9, */*;q=0.1", JSON),
        ("application/json;q=0.2, application/octet-stream;q=0.8", OCTETS),
        ("application/octet-stream;q=0, */*", JSON),
    ],
)
def test_accept_is_negotiated(http: httpx.Client, accept: str, type: str) -> None:
    assert post(http, IMAGES.tobytes(), Accept=accept).headers["Content-Type"] == type


def test_headers_say_what_answered(http: httpx.Client, small: str) -> None:
    headers = post(http, IMAGES.tobytes()).headers
    assert headers["X-Model-Sha256"] == small
    assert headers["X-Model-Name"] == "small"
    assert headers["X-Cold"] == "0"
    place = {"object": "default", "continent": None, "colo": None, "local": True}
    assert json.loads(headers["X-Place"]) == place
    assert headers["Server-Timing"].startswith("object;dur=")
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_name_of_any_letters_travels(http: httpx.Client, bucket: Bucket) -> None:
    bucket.serve(pack(TENSORS, network(LAYERS, name="数字 100% \r\nX-Cold: 7")))
    headers = post(http, IMAGES.tobytes()).headers
    assert headers["X-Model-Name"] == "%E6%95%B0%E5%AD%97%20100%25%20%0D%0AX-Cold%3A%207"
    assert headers["X-Cold"] == "0"


def test_model_tells_what_serves(http: httpx.Client, small: str) -> None:
    said = http.get("/model").json()
    assert said["sha256"] == small
    assert said["name"] == "small"
    assert said["parameters"] == 75 + 3 + 6 + 270  # without running statistics
    assert said["layers"] == LAYERS
    assert said["labels"] == list("0123456789")
    assert said["bytes"] == len(SMALL)
    assert said["key"] == f"mnist/{small}.safetensors"
    assert said["pushed_at"] == "2026-11-22T10:00:00Z"
    assert said["loaded_at"] > "2026"
    assert said["not_sure_below"] is None
    assert said["rejected"] is None or said["rejected"]["reason"]
    place = {"object": "default", "continent": None, "colo": None, "local": True}
    assert (said["place"], said["shards"]) == (place, 1)
    assert set(said["version"]) == {"id", "tag", "timestamp"}  # workerd here makes one up


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({"not_sure_below": 0.62}, 0.62),
        ({"not_sure_below": 0}, 0),
        ({"not_sure_below": 1.5}, None),
        ({"not_sure_below": "0.5"}, None),
        ({"not_sure_below": None}, None),
        ({}, None),
    ],
)
def test_model_tells_when_an_answer_is_not_sure(
    http: httpx.Client, bucket: Bucket, metrics: Any, expected: float | None
) -> None:
    sha256 = bucket.serve(pack(TENSORS, network(LAYERS, metrics=metrics)))
    said = http.get("/model").json()
    assert (said["sha256"], said["not_sure_below"]) == (sha256, expected)


def test_weights_are_the_file_that_serves(http: httpx.Client, small: str) -> None:
    answer = http.get("/model/weights")
    assert answer.content == SMALL
    assert answer.headers["Content-Type"] == OCTETS
    assert answer.headers["Content-Length"] == str(len(SMALL))
    assert answer.headers["X-Model-Sha256"] == small
    assert answer.headers["ETag"] == f'"{small}"'
    assert answer.headers["Cache-Control"] == "private, no-cache"
    head = http.head("/model/weights")
    assert head.content == b""
    for name in ("Content-Type", "Content-Length", "ETag", "X-Model-Sha256", "X-Model-Name"):
        assert head.headers[name] == answer.headers[name]


def test_weights_are_those_that_serve_or_none(http: httpx.Client, bucket: Bucket) -> None:
    """Others than the header names would be worse than none."""
    content = pack(TENSORS, network(LAYERS, name="moved"))
    sha256 = bucket.serve(content)
    key = f"mnist/{sha256}.safetensors"
    assert http.get("/model/weights").content == content
    for spoil in (lambda: bucket.put(key, content[:-1] + b"\1"), lambda: bucket.delete(key)):
        spoil()
        assert post(http, IMAGES.tobytes()).headers["X-Model-Sha256"] == sha256
        assert_problem(http.get("/model/weights"), 503, "weights-gone", key)
    bucket.put(key, content)
    assert http.get("/model/weights").content == content


@pytest.mark.parametrize("path", ["/model", "/model/weights", "/openapi.json"])
def test_what_the_client_has_is_not_sent_again(http: httpx.Client, path: str) -> None:
    tag = http.get(path).headers["ETag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        for method in ("GET", "HEAD"):
            answer = http.request(method, path, headers={"If-None-Match": given})
            assert answer.status_code == 304, given
            assert answer.content == b""
            assert answer.headers["ETag"] == tag
    for given in ("", '"other"', tag.strip('"'), "W/"):
        assert http.get(path, headers={"If-None-Match": given}).status_code == 200


def test_the_etag_of_the_model_changes_with_it(http: httpx.Client, bucket: Bucket) -> None:
    before = http.get("/model").headers["ETag"]
    bucket.serve(pack(TENSORS, network(LAYERS, name="etag")))
    answer = http.get("/model", headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert answer.json()["name"] == "etag"
    bucket.serve(b"no weights")  # a refusal is news too
    again = http.get("/model", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 200
    assert again.json()["rejected"]["reason"]


@pytest.mark.parametrize("shard", ["1", "-1", "", "0.0", "a", "0&shard=0", "9" * 30])
def test_a_shard_that_does_not_exist(http: httpx.Client, shard: str) -> None:
    assert http.get("/model?shard=0").status_code == 200
    for path in ("/model", "/model/weights"):
        answer = http.get(f"{path}?shard={shard}")
        assert_problem(answer, 400, "wrong-shard", "give a whole number 0 to 0")


@pytest.mark.parametrize("path", ["/model", "/model/weights", "/healthz", "/openapi.json", "/"])
def test_head_has_the_headers_of_get(http: httpx.Client, path: str) -> None:
    head, get = http.head(path), http.get(path)
    assert head.status_code == get.status_code == 200
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert head.content == b""


def test_healthz(http: httpx.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}


WRONG_BODIES: dict[str, tuple[bytes, str | None, int, str, str]] = {
    "empty bytes": (b"", OCTETS, 400, "wrong-shape", "0 bytes"),
    "783 bytes": (bytes(783), OCTETS, 400, "wrong-shape", "783 bytes"),
    "1025 images": (bytes(1025 * 784), OCTETS, 413, "too-large", "803600 bytes"),
    "10 MB": (bytes(10_000_000), OCTETS, 413, "too-large", "10000000 bytes"),
    "40 MB": (bytes(40_000_000), OCTETS, 413, "too-large", "more than"),
    "10 MB of JSON": (b"[" + b"0," * 5_000_000, JSON, 413, "too-large", "at most 65536"),
    "empty JSON": (b"", JSON, 400, "broken-json", "0 bytes"),
    "broken JSON": (b"[1, 2", JSON, 400, "broken-json", "not JSON"),
    "NaN": (b"[NaN" + b",0" * 783 + b"]", JSON, 400, "broken-json", "not JSON"),
    "not UTF-8": (b'["\xff"]', JSON, 400, "broken-json", "not JSON"),
    "deep JSON": (b"[" * 60_000, JSON, 400, "broken-json", "not JSON"),
    "an object": (b'{"pixels": []}', JSON, 400, "wrong-shape", '{"pixels":[]}'),
    "null": (b"null", JSON, 400, "wrong-shape", "null"),
    "an empty array": (b"[]", JSON, 400, "wrong-shape", "an array of 0"),
    "785 numbers": (json.dumps([0] * 785).encode(), JSON, 400, "wrong-shape", "array of 785"),
    "rows of numbers": (json.dumps([[0] * 28] * 28).encode(), JSON, 400, "wrong-shape", "of 28"),
    "a form": (b"a=1", "application/x-www-form-urlencoded", 415, "unsupported-type", "www-form"),
    "no type": (b"[]", None, 415, "unsupported-type", "Content-Type"),
}


@pytest.mark.parametrize("what", WRONG_BODIES)
def test_wrong_bodies(what: str, http: httpx.Client) -> None:
    content, type, status, kind, part = WRONG_BODIES[what]
    assert_problem(post(http, content, type), status, kind, part)


@pytest.mark.parametrize(
    ("pixel", "shown"),
    [(-1, "-1"), (256, "256"), ("7", '"7"'), (None, "null"), (True, "true"), ([], "[]")],
)
def test_wrong_pixels_are_named(http: httpx.Client, pixel: Any, shown: str) -> None:
    answer = http.post("/classify", json=[0] * 100 + [pixel] + [0] * 683)
    assert_problem(answer, 400, "wrong-range", f"index 100 is {shown};")


def test_a_number_too_large_for_a_double(http: httpx.Client) -> None:
    answer = post(http, b"[1e999" + b",0" * 783 + b"]", JSON)
    assert_problem(answer, 400, "wrong-range", "index 0")


def test_chunked_bodies_are_capped_too(http: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield bytes(100_000)

    assert_problem(post(http, chunks()), 413, "too-large", "10000000 bytes")
    assert post(http, iter([bytes(700), bytes(84)])).status_code == 200


def test_compressed_bodies_are_refused(http: httpx.Client) -> None:
    answer = post(http, b"x", OCTETS, **{"Content-Encoding": "gzip"})
    assert_problem(answer, 415, "unsupported-type", '"gzip"')


def test_nothing_acceptable(http: httpx.Client) -> None:
    answer = post(http, IMAGES.tobytes(), Accept="text/html")
    assert_problem(answer, 406, "not-acceptable")


@pytest.mark.parametrize("path", ["/nothing", "/classify/", "/model/x", "/constructor", "/../x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_paths(http: httpx.Client, method: str, path: str) -> None:
    assert_problem(http.request(method, path), 404, "unknown-path")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/classify", "POST, OPTIONS"),
        ("DELETE", "/classify", "POST, OPTIONS"),
        ("POST", "/model", "GET, HEAD, OPTIONS"),
        ("PUT", "/healthz", "GET, HEAD, OPTIONS"),
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("PATCH", "/model", "GET, HEAD, OPTIONS"),
        ("HEAD", "/classify", "POST, OPTIONS"),
        ("POST", "/model/weights", "GET, HEAD, OPTIONS"),
        ("DELETE", "/openapi.json", "GET, HEAD, OPTIONS"),
    ],
)
def test_wrong_methods(http: httpx.Client, method: str, path: str, allow: str) -> None:
    answer = http.request(method, path)
    assert answer.headers["Allow"] == allow
    if method == "HEAD":
        assert (answer.status_code, answer.content) == (405, b"")
    else:
        assert_problem(answer, 405, "wrong-method", method)


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/classify", "POST, OPTIONS"),
        *((path, "GET, HEAD, OPTIONS") for path in ("/model", "/model/weights", "/healthz")),
        *((path, "GET, HEAD, OPTIONS") for path in ("/openapi.json", "/", "/app.js")),
    ],
)
def test_options_says_what_is_allowed(http: httpx.Client, path: str, allow: str) -> None:
    answer = http.options(path)
    assert answer.status_code == 204
    assert answer.headers["Allow"] == allow
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_client_that_hangs_up_halfway_hurts_nobody(http: httpx.Client) -> None:
    url = urlsplit(str(http.base_url))
    assert url.hostname is not None
    head = f"POST /classify HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: {OCTETS}\r\n"
    with socket.create_connection((url.hostname, url.port or 80), timeout=10) as raw:
        raw.sendall(f"{head}Content-Length: 784\r\n\r\n".encode() + bytes(100))
    assert post(http, IMAGES.tobytes()).status_code == 200


def test_a_body_that_breaks_off_is_told(http: httpx.Client) -> None:
    url = urlsplit(str(http.base_url))
    assert url.hostname is not None
    head = f"POST /classify HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: {OCTETS}\r\n"
    with socket.create_connection((url.hostname, url.port or 80), timeout=10) as raw:
        raw.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\nno length\r\n".encode())
        answer = raw.recv(2000)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"urn:mnist-nb:problem:broken-body" in answer
