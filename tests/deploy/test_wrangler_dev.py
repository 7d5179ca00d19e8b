"""`npx wrangler dev`, as people know it from the original: the routes are those of production."""

import json
import time
from collections import deque
from collections.abc import Iterator

import httpx
import pytest

from mnist_nb.local_edge.node import find_deploy
from tests.support.files import SMALL
from tests.support.wrangler_dev import wrangler_dev

pytestmark = pytest.mark.edge

FILES = ["/", "/app.css", "/app.js", "/icon.svg", "/network.js"]


@pytest.fixture(scope="module")
def log() -> deque[str]:
    return deque(maxlen=1000)


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory, log: deque[str]) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("wrangler")
    weights = folder / "small.safetensors"
    weights.write_bytes(SMALL)
    with (
        wrangler_dev(weights, folder / "state", log) as url,
        httpx.Client(base_url=url, timeout=30, trust_env=False) as client,
    ):
        yield client


def requests_in(log: deque[str], last: str) -> list[str | None]:
    """The paths that the Worker was asked for, once `last` is among them."""
    deadline = time.monotonic() + 20
    while True:
        lines = [line for line in log.copy() if '"event":"request"' in line]
        paths = [json.loads(line[line.index("{") :])["path"] for line in lines]
        if last in paths or time.monotonic() > deadline:
            return paths
        time.sleep(0.01)


def test_the_page_s_files_are_no_request_to_the_worker(http: httpx.Client, log: deque[str]) -> None:
    public = find_deploy() / "public"
    assert {f"/{path.name}" for path in public.iterdir() if path.name != "lab"} == {
        *FILES,
        "/index.html",
        "/_headers",
    } - {"/"}
    rules = (public / "_headers").read_text().partition("\n\n")[0].splitlines()  # without /lab
    wanted = dict(line.strip().split(": ", 1) for line in rules if ": " in line)
    assert len(wanted) == 9
    for path in FILES:
        answer = http.get(path)
        assert answer.status_code == 200
        assert {name: answer.headers.get(name) for name in wanted} == wanted
        assert http.head(path).headers["Content-Type"] == answer.headers["Content-Type"]
        again = http.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    assert http.get("/index.html").headers["Location"] == "/"
    assert http.get("/healthz").status_code == 200
    assert requests_in(log, "/healthz") == ["/healthz"]


def test_it_classifies(http: httpx.Client) -> None:
    answer = http.post("/classify", json=[0] * 784)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()) == 10
    assert sum(answer.json()) == pytest.approx(1, abs=1e-5)
    assert http.get("/model").json()["name"] == "small"
    assert http.get("/model/weights").content == SMALL
    assert "<canvas" in http.get("/").text
    large = {"Content-Type": "application/octet-stream"}
    answer = http.post("/classify", content=bytes(10_000_000), headers=large)
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/nothing", "/classify/", "/model/x", "/_headers", "/app.js/x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_no_file_is_the_worker_s_404(http: httpx.Client, method: str, path: str) -> None:
    answer = http.request(method, path)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:mnist-nb:problem:unknown-path"


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
def test_files_are_only_read(http: httpx.Client, method: str, path: str) -> None:
    """By the platform's own answer, without a body."""
    answer = http.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert answer.content == b""


def test_the_patterns_are_the_paths_of_the_protocol(http: httpx.Client) -> None:
    """Only these go to the Worker without a look for a file of that name."""
    config = (find_deploy() / "wrangler.jsonc").read_text()
    patterns = json.loads(config.split('"run_worker_first": ')[1].split("]")[0] + "]")
    paths = http.get("/openapi.json").json()["paths"]
    assert set(patterns) == {path for path in paths if path != "/"}
