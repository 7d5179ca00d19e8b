"""Chromium and JupyterLab as the browser tests and the benchmarks start them."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from mnist_nb.servers.jupyterlab import CONNECTION

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
# The program `jupyter-lab`, imported in half the time: see there.
LAB = "import mnist_nb.servers.jupyterlab, jupyterlab.labapp as lab; lab.main()"
# Evaluated in a page of JupyterLab with the path of a notebook.
OPEN_NOTEBOOK = """async path => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = await app.commands.execute("docmanager:open", {path, factory: "Notebook"});
  await panel.context.ready;
  await panel.sessionContext.ready;
  app.shell.activateById(panel.id);
  app.shell.collapseLeft();
}"""


def find_chromium() -> str | None:
    """Return the path of the browser, None when there is none on PATH."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def jupyter_lab(
    home: Path, folder: Path, edge_url: str, *options: str, stock: bool = False
) -> Iterator[str]:
    """Yield the URL of a JupyterLab with a home of its own that serves a folder.

    The same server has Notebook 7, at /notebooks/, and Voila, at /voila/render/.

    `stock` leaves out our connection to kernels, as in a server that others started.
    """
    settings = home / "settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'  # neither dialogs nor the network
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    env |= {"HOME": str(home), "IPYTHONDIR": str(home), "MNIST_NB_EDGE_URL": edge_url}
    env |= {
        f"JUPYTER{name}": str(home / name.strip("_").lower())
        for name in ("_CONFIG_DIR", "_DATA_DIR", "_RUNTIME_DIR", "LAB_WORKSPACES_DIR")
    }
    env["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
    port = free_port()
    command = [sys.executable, "-c", LAB, "--no-browser", "--expose-app-in-browser"]
    command += ["--JupyterNotebookApp.expose_app_in_browser=True"]
    command += ["--allow-root", "--IdentityProvider.token=", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += [f"--ServerApp.root_dir={folder}"]
    if not stock:  # as `make lab` has it
        command += [f"--ServerApp.kernel_websocket_connection_class={CONNECTION}"]
    command += options
    log = home / "jupyter.log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_up(f"{url}/api", server, log)
        yield url
    finally:
        server.terminate()  # it ends its kernels
        server.wait(20)


def wait_until_up(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until a server answers; what it wrote is in the error when it does not."""
    deadline = time.monotonic() + 180  # a busy machine with cold caches takes over 60
    with httpx.Client(timeout=5, verify=False) as http:
        while time.monotonic() < deadline and server.poll() is None:
            try:
                http.get(url).raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.1)
    raise RuntimeError("JupyterLab did not start:\n" + re.sub(r"\x1b\[\d+m", "", log.read_text()))
