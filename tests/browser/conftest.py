"""A real Chromium, a real JupyterLab and a real edge, each started once for all browser tests."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from mnist_nb import LocalEdge

from .notebook import LabNotebook

ROOT = Path(__file__).parents[2]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots", action="store_true", help="write the pictures of the README to docs/"
    )


# By module: while Playwright runs in this thread, pytest-asyncio cannot start its loop here.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as found on PATH."""
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        reason = "no Chromium on PATH: `make test` gets one, or install the package chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def edge() -> Iterator[LocalEdge]:
    """The real Workers runtime with the shipped weights."""
    with LocalEdge(port=_free_port()) as running:  # the same port again when a test restarts it
        yield running


@pytest.fixture(scope="session")
def jupyter(
    edge: LocalEdge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """JupyterLab with a home of its own: its URL, and the folder it serves."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("notebooks")
    settings = home / "settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'  # neither dialogs nor the network
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    env |= {"HOME": str(home), "IPYTHONDIR": str(home), "MNIST_NB_EDGE_URL": edge.url}
    env |= {
        f"JUPYTER{name}": str(home / name.strip("_").lower())
        for name in ("_CONFIG_DIR", "_DATA_DIR", "_RUNTIME_DIR", "LAB_WORKSPACES_DIR")
    }
    env["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
    port = _free_port()
    jupyter_lab = str(Path(sys.executable).with_name("jupyter-lab"))
    command = [jupyter_lab, "--no-browser", "--expose-app-in-browser"]
    command += ["--allow-root", "--IdentityProvider.token=", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += [f"--ServerApp.root_dir={folder}"]
    log = home / "jupyter.log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(f"{url}/api", server, log)
        yield url, folder
    finally:
        server.terminate()  # it ends its kernels
        server.wait(20)


@pytest.fixture(scope="module")
def open_notebook(
    browser: Browser, jupyter: tuple[str, Path]
) -> Iterator[Callable[..., LabNotebook]]:
    """Open a copy of a notebook of this repository in JupyterLab, in a browser of its own."""
    url, folder = jupyter
    pages: list[Page] = []

    def open_copy(name: str, **context: object) -> LabNotebook:
        copy = f"{Path(name).stem}-{len(list(folder.iterdir()))}.ipynb"
        shutil.copy(ROOT / "notebooks" / name, folder / copy)
        page = browser.new_context(**context).new_page()
        page.set_default_timeout(30_000)
        pages.append(page)
        notebook = LabNotebook(page, url, copy)
        notebook.open()
        return notebook

    yield open_copy
    for page in pages:
        LabNotebook.shut_down(page)
        page.context.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            httpx.get(url, timeout=5).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError("JupyterLab did not start:\n" + re.sub(r"\x1b\[\d+m", "", log.read_text()))
