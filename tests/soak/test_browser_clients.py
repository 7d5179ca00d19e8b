"""The clients in a browser, by `fetch` and by `XMLHttpRequest`, at servers that mean harm.

What they say is what the clients of a machine say there (`tests/edge/test_hostile_servers.py`); in
Chromium, whose rules for pages of other origins are off, as each server is one.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from mnist_nb.site.wheels import write_wheels
from tests.edge.conftest import TOKEN
from tests.edge.test_hostile_servers import FLOODS, HARMLESS, PAUSE, SLOW, answer
from tests.support.application import FLAGS, find_chromium
from tests.support.hostile_server import serving

from .scale import SOAK

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(SOAK == 0, reason="fetches 46 MB: `make soak`"),
]

SECONDS = 0.5
HERE = Path(__file__).parent
ASK = """
import json
from time import monotonic
import numpy as np
from mnist_nb import AsyncEdgeClient, EdgeClient

settings = dict(timeout={seconds}, protocol="binary", token={token!r})
image, began = np.zeros((28, 28), np.uint8), monotonic()
try:
    {ask}
except Exception as error:
    said = [type(error).__name__, str(error), getattr(error, "retry_after", None)]
else:
    said = ["", result.probabilities.tolist(), None]
json.dumps([*said, monotonic() - began])
"""
WAITING = "with EdgeClient({url!r}, **settings) as client: result = client.classify(image)"
ASYNC = """
    async with AsyncEdgeClient({url!r}, **settings) as client:
        result = await client.classify(image)"""
BLIND = "sync, XMLHttpRequest"
WAYS = {"async": (ASYNC, True), "sync": (WAITING, True), BLIND: (WAITING, False)}
POST = """message => new Promise((resolve, reject) => {
  window.python ??= new Worker("/in_worker.mjs", {type: "module"});
  window.python.onmessage = ({data}) => resolve(data);
  window.python.onerror = reject;
  window.python.postMessage(message);
})"""


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@dataclass(frozen=True)
class Asking:
    """Ask a server of one image, in one of WAYS."""

    way: str
    page: Any
    wheels: list[str]

    def __call__(
        self, url: str, seconds: float = SECONDS, token: str | None = None
    ) -> tuple[str, str, float | None]:
        """Return the name of the error, what it says, and when to try again."""
        code, may_wait = WAYS[self.way]
        asked = ASK.format(ask=code.format(url=url), seconds=seconds, token=token)
        message = {"wheels": self.wheels, "code": asked, "mayWait": may_wait}
        kind, said, again, took = json.loads(self.page.evaluate(POST, message))
        assert took < seconds + 2
        return kind, said, again


@pytest.fixture(scope="module")
def site(
    pyodide: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, list[str]]]:
    """A server of Pyodide and of our wheel; its URL, and names of wheels."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(pyodide, folder, dirs_exist_ok=True)
    shutil.copy(HERE / "in_worker.mjs", folder)
    write_wheels(folder)
    wanted = ("numpy-", "httpx-", "idna-", "mnist_nb-")
    wheels = [path.name for path in folder.glob("*.whl") if path.name.startswith(wanted)]
    (folder / "index.html").write_text("<!doctype html>")
    handler = partial(Silent, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", wheels
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def page(site: tuple[str, list[str]]) -> Iterator[Any]:
    with sync_playwright() as playwright:
        settings: Any = {"executable_path": find_chromium()}
        browser = playwright.chromium.launch(**settings, args=[*FLAGS, "--disable-web-security"])
        page = browser.new_page()
        page.goto(site[0])
        yield page
        browser.close()


@pytest.fixture(params=WAYS)
def ask(request: pytest.FixtureRequest, page: Any, site: tuple[str, list[str]]) -> Asking:
    return Asking(request.param, page, site[1])


@pytest.mark.parametrize("name", SLOW)
def test_a_server_that_drips_gets_one_deadline(name: str, ask: Asking) -> None:
    with serving(SLOW[name], PAUSE) as url:
        assert ask(url)[0] == "EdgeOffline"


@pytest.mark.parametrize("name", FLOODS)
def test_a_server_that_floods_or_lies_gets_an_error_of_ours(name: str, ask: Asking) -> None:
    with serving(FLOODS[name]) as url:
        kind, said, _ = ask(url)
    assert kind in ("EdgeOffline", "EdgeProblem", "EdgeProtocolError")
    assert len(said) < 1000
    if name == "a body at full speed" and ask.way != BLIND:
        assert "more than 4 MB" in said


def test_a_problem_keeps_what_it_says_and_hides_the_token(ask: Asking) -> None:
    headers = b"Content-Type: application/problem+json\r\nRetry-After: 7\r\n"
    body = b'{"title": "Go", "detail": "Not with %s."}' % TOKEN.encode()
    pieces = answer(body, headers, b"HTTP/1.1 429 Slow\r\n")
    with serving(pieces) as url:
        kind, said, again = ask(url, token=TOKEN)
    assert (kind, said, again) == ("EdgeProblem", "the edge answered 429 Go: Not with ....", 7)


def test_nothing_is_sent_to_where_a_redirect_leads(ask: Asking) -> None:
    with serving(answer()) as other:
        moved = answer(b"", f"Location: {other}/classify\r\n".encode(), b"HTTP/1.1 307 There\r\n")
        with serving(moved) as url:
            kind, said, _ = ask(url, token=TOKEN)
    assert kind == "EdgeProblem"
    assert "redirects to" in said
    assert (other in said) == (ask.way == BLIND)  # which only then knows that it was led there


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_only_strange_is_read(name: str, ask: Asking) -> None:
    with serving(HARMLESS[name]) as url:
        assert ask(url, 10)[0] == ""
