"""The notebooks as a website, in Chromium: Python in the browser beside the edge that serves it.

Only in `make soak`, as it fetches some 45 MB: Pyodide and, for this test alone, a numpy for it from
npm's registry, where none is by itself. No registry has a Pillow for it, so an empty one stands in.
"""

import os
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from playwright.sync_api import BrowserType, Request, sync_playwright

from mnist_nb import LocalEdge
from mnist_nb.local_edge.node import find_deploy
from mnist_nb.site import build_site
from tests.support.application import FLAGS, find_chromium
from tests.support.processes import runtime_of

from .scale import SOAK

pytestmark = [
    pytest.mark.browser,
    pytest.mark.edge,
    pytest.mark.skipif(SOAK == 0, reason="minutes long, and fetches 45 MB: `make soak`"),
]

ALONE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
# 03 says where its plots would be: no registry has matplotlib for the browser.
NOTEBOOKS = ("01_draw.ipynb", "02_how_it_works.ipynb", "03_local_vs_edge.ipynb", "05_train.ipynb")
TOKEN = "open-sesame"
FIRST_MS, AGAIN_MS = 20_000, 8_000
WAIT_MS = 120_000

# Runs each cell when the one before is done; returns what went wrong.
RUN = """async (path) => {
  const {commands, shell} = window.jupyterapp;
  const panel = await commands.execute("docmanager:open", {path});
  await panel.context.ready;
  await panel.sessionContext.ready;
  shell.activateById(panel.id);
  await panel.sessionContext.session.kernel.info;
  const errors = [];
  for (const [index, cell] of panel.content.widgets.entries()) {
    if (cell.model.type !== "code") continue;
    panel.content.activeCellIndex = index;
    await commands.execute("notebook:run-cell");
    for (const output of cell.outputArea.model.toJSON())
      if (output.output_type === "error") errors.push(`${index}: ${output.ename} ${output.evalue}`);
  }
  return errors;
}"""


# The cell of 01 that asks the edge by itself has failed.
REFUSED = """() => window.jupyterapp.shell.currentWidget.content.widgets.some(
  (cell) => cell.outputArea?.model.toJSON().some((output) => output.ename?.includes("EdgeProblem"))
)"""
# Returns what a line of code prints in the notebook that is open.
ASK = """async (code) => {
  const {kernel} = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const run = kernel.requestExecute({code});
  let text = "";
  run.onIOPub = ({content}) => { text += content.text ?? content.evalue ?? ""; };
  await run.done;
  return text;
}"""


@pytest.fixture(scope="module")
def wheels(pyodide: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pyodide's files and compiled packages, as `mnist-nb site --offline` wants them."""
    folder = tmp_path_factory.mktemp("wheels")
    shutil.copytree(pyodide, folder, dirs_exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "-q", "-d", folder]
    python = ["--no-deps", "--only-binary=:all:", "--python-version=3.13"]
    subprocess.run([*pip, *python, "micropip==0.11.0"], check=True)
    with zipfile.ZipFile(folder / "pillow-11.3.0-py3-none-any.whl", "w") as pillow:
        pillow.writestr("PIL/__init__.py", "class UnidentifiedImageError(Exception): pass\n")
        pillow.writestr("PIL/Image.py", "")
        metadata = "Metadata-Version: 2.1\nName: pillow\nVersion: 11.3.0\n"
        pillow.writestr("pillow-11.3.0.dist-info/METADATA", metadata)
    return folder


@pytest.fixture(scope="module")
def deploy(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of deploy/ with the website, which edges take."""
    deploy, original = tmp_path_factory.mktemp("with-lab") / "deploy", find_deploy()
    kept = shutil.ignore_patterns("node_modules", ".wrangler", "lab")
    shutil.copytree(original, deploy, ignore=kept)
    (deploy / "node_modules").symlink_to(original / "node_modules")
    built = build_site(deploy / "public" / "lab", wheels)
    print(f"site: {built.files} files, {built.bytes / 1e6:.0f} MB")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_NB_DEPLOY", str(deploy))
        yield deploy


@pytest.fixture(scope="module")
def edge(deploy: Path) -> Iterator[LocalEdge]:
    with LocalEdge(ttl=0) as running:
        yield running


class Relay(socketserver.ThreadingTCPServer):
    """Hands on what goes between a browser and the edge, and counts it.

    Attributes:
        asked: the first lines of requests.
        bytes: of all answers.
    """

    allow_reuse_address, daemon_threads = True, True

    def __init__(self, edge: LocalEdge) -> None:
        super().__init__(("127.0.0.1", 0), Handed)
        self.edge, self.asked, self.bytes = edge, list[str](), 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handed(socketserver.BaseRequestHandler):
    """One connection."""

    server: Relay

    def handle(self) -> None:
        port = int(self.server.edge.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as there:
            back = threading.Thread(target=self.answers, args=[there], daemon=True)
            back.start()
            with suppress(OSError):
                while data := self.request.recv(1 << 16):
                    lines = re.findall(rb"^(?:GET|POST) \S+", data, re.MULTILINE)
                    self.server.asked += [line.decode() for line in lines]
                    there.sendall(data)
                there.shutdown(socket.SHUT_WR)
            back.join()

    def answers(self, there: socket.socket) -> None:
        with suppress(OSError):
            while data := there.recv(1 << 16):
                self.server.bytes += len(data)
                self.request.sendall(data)
            self.request.shutdown(socket.SHUT_WR)


class Visitor:
    """A browser with a profile that stays, and one page at a time; all other hosts are refused.

    Attributes:
        page: of the last visit.
        elsewhere: addresses of other hosts that were asked all the same.
    """

    def __init__(self, chromium: BrowserType, profile: Path, relay: Relay) -> None:
        settings: Any = {"executable_path": find_chromium(), "args": [*FLAGS, ALONE]}
        self.context = chromium.launch_persistent_context(profile, **settings)
        self.relay, self.elsewhere = relay, set[str]()
        self.page = self.context.new_page()

    def visit(self) -> float:
        """Open the lab anew; return ms until its paper is there."""
        self.page.close()
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("request", self._asks)
        self.relay.asked.clear()
        self.relay.bytes = 0
        began = perf_counter()
        self.page.goto(f"{self.relay.url}/lab/")
        self.page.locator(".mnist-nb-answers").wait_for()
        return 1000 * (perf_counter() - began)

    def _asks(self, request: Request) -> None:
        if not request.url.startswith((self.relay.url, "blob:", "data:")):
            self.elsewhere.add(request.url)

    def take(self, digit: int, edge: bool = True) -> dict[str, str]:
        """Draw a sample; return the `data-*` of the answers when they are there."""
        there = f" && d.edgeWinner === '{digit}' && d.edgeStale === 'false'" if edge else ""
        self.page.get_by_title(f"Draw a sample {digit} for me").click()
        return self.answers(f"d.localWinner === '{digit}'{there}")

    def answers(self, condition: str) -> dict[str, str]:
        """Wait for a condition on d, the `data-*` of the answers; return them."""
        facts = "document.querySelector('.mnist-nb-answers').dataset"
        self.page.wait_for_function(f"() => {{ const d = {facts}; return {condition}; }}")
        found: dict[str, str] = self.page.evaluate(f"() => ({{...{facts}}})")
        return found


@contextmanager
def visiting(edge: LocalEdge, profile: Path) -> Iterator[Visitor]:
    with sync_playwright() as playwright, Relay(edge) as relay:
        visitor = Visitor(playwright.chromium, profile, relay)
        yield visitor
        visitor.context.close()
        relay.shutdown()


@pytest.fixture
def visitor(edge: LocalEdge, tmp_path: Path) -> Iterator[Visitor]:
    with visiting(edge, tmp_path) as visitor:
        yield visitor


def test_a_class_draws_in_the_browser_beside_its_edge(edge: LocalEdge, visitor: Visitor) -> None:
    relay = visitor.relay
    visitor.visit()
    began = perf_counter()
    first = visitor.take(7)
    print(f"an empty cache: {len(relay.asked)} requests, {relay.bytes / 1e6:.1f} MB")
    assert float(first["maxDiff"]) < 1e-5
    assert first["sameWeights"] == "true"
    assert edge.pid is not None
    os.kill(edge.pid, signal.SIGUSR2)
    assert float(visitor.take(3)["maxDiff"]) < 1e-5
    runtime_of(edge).kill()
    assert float(visitor.take(4)["maxDiff"]) < 1e-5
    visitor.context.set_offline(True)
    assert visitor.take(5, edge=False)["localWinner"] == "5"
    visitor.answers("d.edgeState === 'offline'")
    visitor.context.set_offline(False)
    visitor.answers("d.edgeState === 'up' && d.edgeWinner === '5'")
    print(f"since then {perf_counter() - began:.0f} s")
    again = visitor.visit()
    assert float(visitor.take(7)["maxDiff"]) < 1e-5
    files = {line for line in relay.asked if "/lab/" in line}
    print(f"a full cache: {relay.bytes / 1e6:.2f} MB, paper after {again / 1000:.1f} s")
    # A browser never takes the script of a service worker from its cache.
    assert not [line for line in files if "/v/" in line and "/service-worker.js?" not in line]
    assert visitor.elsewhere == set()


@pytest.mark.parametrize("turn", range(3))
def test_the_first_answer_comes_soon(visitor: Visitor, turn: int) -> None:
    for what, most in (("empty", FIRST_MS), ("full", AGAIN_MS)):
        began = perf_counter()
        visitor.visit()
        visitor.take(7)
        took = 1000 * (perf_counter() - began)
        print(f"{what} cache: the first answer after {took / 1000:.1f} s of {most / 1000:.0f}")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom(visitor: Visitor, name: str) -> None:
    visitor.visit()
    began = perf_counter()
    assert visitor.page.evaluate(RUN, name) == []
    print(f"{name}: {perf_counter() - began:.0f} s")


def test_an_edge_that_wants_a_token_gets_it_from_the_page(deploy: Path, tmp_path: Path) -> None:
    with (
        LocalEdge(ttl=0, vars={"EDGE_TOKEN": TOKEN}) as guarded,
        visiting(guarded, tmp_path) as visitor,
    ):
        visitor.visit()
        visitor.page.wait_for_function(
            REFUSED
        )  # JupyterLite drops what waits behind a cell that fails
        field = visitor.page.get_by_placeholder("The token of this edge")
        field.press_sequentially(TOKEN)
        field.press("Enter")
        assert visitor.take(7)["edgeWinner"] == "7"
        field.wait_for(state="hidden")
        code = "print(lab.edge_client().classify(lab.pad.image).probabilities.argmax())"
        assert visitor.page.evaluate(ASK, code).strip() == "7"
