"""JupyterLab, opened on the first notebook, in this very process.

In this process, not in a child, so that nothing can outlive the command: a kernel notices when
its parent is gone, even after SIGKILL. JupyterLab's own Ctrl+C asks back; here one is enough.
"""

import json
import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from mnist_nb.errors import SetupError
from mnist_nb.servers.notebooks import NOTEBOOK, shipped_notebook
from mnist_nb.servers.signals import on_stop

CONNECTION = "mnist_nb.servers.connection.PromptConnection"
EXTENSIONS = Path(__file__).with_name("labextensions")

# JupyterLab's check of JSON builds 38 parsers of addresses in all alphabets as it is imported. That
# takes longer than the rest of the import, and no schema of Jupyter has such an address; without
# this package the check goes on without them.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def has_display() -> bool:
    """Whether a browser opened from here would be seen by the person who asked for it."""
    if sys.platform in ("darwin", "win32"):
        return "SSH_CONNECTION" not in os.environ
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def require_port(port: int) -> None:
    """Raise SetupError when something else listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SetupError(
                f"port {port} cannot be used ({error.strerror}): give another with --port, or"
                " none to take a free one"
            ) from None


def load_jupyterlab() -> None:
    """Begin to import it, which takes a second or two, while an edge starts beside it."""
    name = "jupyterlab.labapp"
    threading.Thread(target=import_module, args=(name,), name=name, daemon=True).start()


def run_jupyterlab(
    folder: Path, port: int | None, open_browser: bool, say: Callable[[str], None]
) -> None:
    """Serve JupyterLab until SIGINT, SIGTERM or SIGHUP, then end its kernels and return.

    Args:
        folder: what JupyterLab shows in its file browser; holds the notebook.
        port: port to listen on; None takes 8888 or the next free one.
        open_browser: open the notebook in the browser of this machine.
        say: prints the URL once JupyterLab answers.
    """
    import zmq
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    token = secrets.token_hex(16)
    page = f"lab/tree/{NOTEBOOK.as_posix()}"
    settings = {
        "IdentityProvider.token": token,
        # Else ipykernel warns, in the terminal, about sockets that anyone on this machine can read.
        "KernelManager.transport_encryption": "auto" if zmq.has("curve") else "disabled",
        "ServerApp.allow_root": True,  # reached from this machine only, and with the token
        "ServerApp.answer_yes": True,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.log_level": "ERROR",
        "LabApp.log_level": "ERROR",
        "ServerApp.open_browser": open_browser,
        "ServerApp.port": port or 8888,
        "ServerApp.port_retries": 0 if port else 50,
        "ServerApp.root_dir": folder,
        "ServerApp.kernel_websocket_connection_class": CONNECTION,
        # The first looks for language servers with npm, which takes a second, and finds none. The
        # other is for what Notebook 6 was, and makes the server warn of its own old settings.
        "ServerApp.jpserver_extensions": {"jupyter_lsp": False, "notebook_shim": False},
        "LabApp.default_url": f"/{page}",
        "LabApp.extra_labextensions_path": EXTENSIONS,
    }
    server = LabApp.initialize_server([f"--{name}={value}" for name, value in settings.items()])
    server.web_app.settings["page_config_hook"] = _page_config

    on_stop(lambda: server.stop(from_signal=True))
    server.io_loop.add_callback(
        say, f"lab    {server.connection_url}{page}?token={token}\nCtrl+C ends both."
    )
    server.start()


def _page_config(handler: object, page_config: dict[str, Any]) -> dict[str, Any]:
    """Tell the page which cells may run as it opens, and not to ask about news of Jupyter."""
    # Else it asks on the first start, and looks for them on the network.
    page_config["disabledExtensions"].append("@jupyterlab/apputils-extension:announcements")
    page_config["mnistNb"] = page_facts(NOTEBOOK)
    return page_config


def page_facts(path: Path) -> dict[str, Any]:
    """What the extension is told: the path of the first notebook, and its cells as shipped."""
    cells = json.loads(shipped_notebook().read_text("utf-8"))["cells"]
    code = {c["id"]: "".join(c["source"]) for c in cells if c["cell_type"] == "code"}
    return {"path": path.as_posix(), "cells": code}
