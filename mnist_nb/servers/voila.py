"""Notebook 01 as an app: `mnist-nb app` serves it by Voila, without its code.

For a class: each student who opens the page gets a kernel of their own on the teacher's machine,
and all of them one edge. Voila runs in this very process, as JupyterLab does in `jupyterlab`.
"""

import json
import os
import re
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mnist_nb.errors import SetupError
from mnist_nb.local_edge import is_secret
from mnist_nb.servers.jupyterlab import CONNECTION, require_port
from mnist_nb.servers.notebooks import NOTEBOOK, shipped_notebook
from mnist_nb.servers.signals import on_stop, until_stopped

MISSING = "Voila is not installed: run `pip install 'mnist-nb[app]'`, or in a checkout `make app`"
HERE = "127.0.0.1"
LAST_CELL = "read"  # of notebook 01: what follows is code and exercises, not for an app
# Voila's page asks a public server for a font of icons, which the lab does not need: the class
# stays among itself, and a network without internet makes nobody wait.
POLICY = "default-src 'self' data: blob: ws: wss: 'unsafe-inline' 'unsafe-eval'"
PORT = 8866  # Voila's own default


def require_voila() -> None:
    """Raise SetupError where Voila is not installed."""
    if find_spec("voila") is None:
        raise SetupError(MISSING)


def run_voila(
    port: int, ip: str, edge: str | None, open_browser: bool, say: Callable[[str], object]
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, then end the kernels and return.

    Visitors are strangers, and a kernel does what they tell it: tokens do not reach it.

    Args:
        port: port to listen on.
        ip: address to listen on.
        edge: URL of the edge that the app asks; None for none.
        open_browser: open the app in the browser of this machine.
        say: prints the URL.

    Raises:
        SetupError: Voila or the notebooks are missing, or the port is taken.
    """
    require_voila()
    from voila.app import Voila  # type: ignore[import-not-found,import-untyped,unused-ignore]

    notebook = shipped_notebook()
    require_port(port)
    for name in filter(is_secret, [*os.environ]):
        del os.environ[name]  # the kernels inherit the rest
    if edge:
        os.environ["MNIST_NB_EDGE_URL"] = edge
    with tempfile.TemporaryDirectory() as folder, until_stopped():
        copy = Path(folder, NOTEBOOK.name)
        copy.write_text(app_notebook(notebook.read_text("utf-8")), "utf-8")
        server = Voila()
        server.initialize(_arguments(copy, port, ip, open_browser))
        on_stop()  # Voila has taken one of them
        server.tornado_settings = {
            # Else a page elsewhere whose name leads here could have a kernel do what it likes.
            "allow_remote_access": ip not in (HERE, "localhost", "::1"),
            "headers": {"Content-Security-Policy": POLICY},
            "ws_ping_interval": 30_000,
            "ws_ping_timeout": 30_000,
        }
        shown = HERE if ip in ("0.0.0.0", "::") else ip
        say(f"app    http://{shown}:{port}/\nCtrl+C ends it.")
        server.start()


def app_notebook(text: str) -> str:
    """Return the JSON of notebook 01 with what an app shows of it: the lab and how to read it."""
    notebook: dict[str, Any] = json.loads(text)
    ids = [cell.get("id") for cell in notebook["cells"]]
    if LAST_CELL in ids:
        del notebook["cells"][ids.index(LAST_CELL) + 1 :]
    for cell in notebook["cells"]:
        source = "".join(cell["source"])  # there are no cells to run
        cell["source"] = re.sub(r" \([^()]*\*\*Shift \+ Enter\*\*[^()]*\)", "", source)
    return json.dumps(notebook)


def _arguments(notebook: Path, port: int, ip: str, open_browser: bool) -> list[str]:
    import zmq

    settings: dict[str, Any] = {
        "Voila.ip": ip,
        "Voila.port": port,
        "Voila.port_retries": 0,
        "Voila.open_browser": open_browser,
        "Voila.log_level": "ERROR",
        "Voila.kernel_websocket_connection_class": CONNECTION,
        "VoilaConfiguration.theme": "light",
        "VoilaConfiguration.show_tracebacks": True,
        # Else ipykernel warns, in the terminal, about sockets that all on this machine can read.
        "KernelManager.transport_encryption": "auto" if zmq.has("curve") else "disabled",
        # A student who closes the page needs no kernel any more; one who only looks away does.
        "MappingKernelManager.cull_idle_timeout": 900,
        "MappingKernelManager.cull_interval": 60,
    }
    return [str(notebook), *(f"--{name}={value}" for name, value in settings.items())]
