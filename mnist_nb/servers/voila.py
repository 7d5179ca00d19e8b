"""Notebook 01 as an app: `python -m mnist_nb.servers.voila` serves it by Voila, without its code.

For a class: each student who opens the page gets a kernel of their own on the teacher's machine,
and all of them one edge. Voila runs in this very process, as JupyterLab does in `lab_server`.
"""

import json
import os
import re
import signal
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import click

from mnist_nb.edge import EdgeClient
from mnist_nb.errors import MnistNbError, SetupError
from mnist_nb.local_edge import LocalEdge
from mnist_nb.servers.jupyterlab import (
    CONNECTION,
    NOTEBOOK,
    find_checkout,
    has_display,
    require_port,
)

MISSING = (
    "Voila is not installed: run `pip install 'mnist-nb[app]'` (in a checkout: "
    "`pip install -e '.[app]'`), or `make app`"
)
HERE = "127.0.0.1"
LAST_CELL = "read"  # of notebook 01: what follows is code and exercises, not for an app
# Voila's page asks a public server for a font of icons, which the lab does not need: the class
# stays among itself, and a network without internet makes nobody wait.
POLICY = "default-src 'self' data: blob: ws: wss: 'unsafe-inline' 'unsafe-eval'"
PORT = 8866  # Voila's own default


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=PORT,
    show_default=True,
    help="Port of the app.",
)
@click.option(
    "--ip",
    default=HERE,
    show_default=True,
    help="Address to listen on; 0.0.0.0 lets the class in. Whoever reaches it can use the app.",
)
@click.option("--no-browser", is_flag=True, help="Print the URL and open nothing.")
@click.option(
    "--edge",
    metavar="URL",
    envvar="MNIST_NB_EDGE_URL",
    show_envvar=True,
    help="Edge to compare with, instead of starting one on this machine.",
)
def app(port: int, ip: str, no_browser: bool, edge: str | None) -> None:
    """Serve the first notebook as an app, without its code. Ctrl+C ends it."""
    try:
        serve(port, ip, edge, open_browser=has_display() and not no_browser)
    except MnistNbError as error:
        raise click.ClickException(str(error)) from error


def serve(port: int, ip: str, edge: str | None, open_browser: bool) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, then end the kernels and the edge, and return.

    Args:
        port: port to listen on.
        ip: address to listen on.
        edge: URL of an edge; None starts one on this machine, and without one the app opens too.
        open_browser: open the app in the browser of this machine.

    Raises:
        SetupError: Voila or the notebooks are missing, or the port is taken.
    """
    try:
        from voila.app import Voila  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("voila"):
            raise
        raise SetupError(MISSING) from None
    folder = find_checkout()
    require_port(port)
    with ExitStack() as stack, suppress(KeyboardInterrupt):
        _raise_on_signals()
        if edge is None:
            edge = _started(stack)
        if edge:
            os.environ["MNIST_NB_EDGE_URL"] = edge  # the kernels inherit it
        copy = Path(stack.enter_context(tempfile.TemporaryDirectory()), NOTEBOOK.name)
        copy.write_text(app_notebook((folder / NOTEBOOK).read_text("utf-8")), "utf-8")
        server = Voila()
        server.initialize(_arguments(copy, port, ip, open_browser))
        _raise_on_signals()  # Voila has taken one of them
        server.tornado_settings = {
            "headers": {"Content-Security-Policy": POLICY},
            "ws_ping_interval": 30_000,
            "ws_ping_timeout": 30_000,
        }
        shown = HERE if ip in ("0.0.0.0", "::") else ip
        click.echo(f"edge   {edge or 'none'}\napp    http://{shown}:{port}/\nCtrl+C ends it.")
        server.start()


def _started(stack: ExitStack) -> str | None:
    """The URL of an edge of our own; None, and a warning, where it cannot start."""
    try:
        edge = stack.enter_context(LocalEdge())
        with EdgeClient(edge.url) as client:
            client.model()
        return edge.url
    except MnistNbError as error:
        click.echo(f"The app opens without its edge. {error}", err=True)
        return None


def app_notebook(text: str) -> str:
    """Return the JSON of notebook 01 with what an app shows of it: the lab and how to read it."""
    notebook: dict[str, Any] = json.loads(text)
    ids = [cell.get("id") for cell in notebook["cells"]]
    if LAST_CELL in ids:
        del notebook["cells"][ids.index(LAST_CELL) + 1 :]
    for cell in notebook["cells"]:
        source = "".join(cell["source"])  # there are no cells to run
        cell["source"] = re.sub(r"Press \*\*Shift \+ Enter\*\*[^.]*?, then draw", "Draw", source)
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


def _raise_on_signals() -> None:
    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)


if __name__ == "__main__":
    app()
