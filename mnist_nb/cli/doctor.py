"""What `mnist-nb doctor` checks: each part that the lab needs, and what to do when it fails."""

import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mnist_nb.errors import MnistNbError, SetupError

if TYPE_CHECKING:
    from mnist_nb.edge import EdgeClient

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHOWN = ("jupyterlab", "ipykernel", "ipywidgets", "ipycanvas", "numpy")


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        name: what was checked.
        state: "ok"; "note" when the lab works without it; "fail" when it does not.
        detail: what was found.
        remedy: what to do, "" when there is nothing to do.
    """

    name: str
    state: Literal["ok", "note", "fail"]
    detail: str
    remedy: str = ""


def examine(edge_url: str | None = None) -> Iterator[Finding]:
    """Run all checks, one after the other.

    Args:
        edge_url: edge to ask; None starts one on this machine for the check.
    """
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("Python", _python),
        ("Packages", _packages),
        ("Widgets", _widgets),
        ("Kernel", _kernel),
        ("Notebook", _notebook),
        ("Weights", _weights),
        ("Node", _node),
        ("npm", _npm),
        ("Ports", _ports),
        ("Edge", lambda: _edge(edge_url)),
        ("Chromium", _chromium),
    ]
    for name, check in checks:
        # With an edge elsewhere the lab needs no Node here.
        needed = not (edge_url and name in ("Node", "npm"))
        try:
            yield check()
        except MnistNbError as error:
            yield Finding(name, "fail" if needed else "note", str(error))
        except ImportError as error:
            what = error.name or "a package"
            yield Finding(name, "fail", f"cannot import {what}: {error}", _INSTALL)
        except Exception as error:  # a doctor looks at broken machines and goes on
            text = f"{type(error).__name__}: {error}"
            yield Finding(name, "fail", text, f"{_INSTALL} Else report it, with this text.")


_INSTALL = "Run `make setup` in the checkout, or `pip install -e .` in your own environment."


def _python() -> Finding:
    from packaging.specifiers import SpecifierSet

    found = f"{platform.python_version()} in {sys.prefix}"
    needed = metadata("mnist-nb")["Requires-Python"]
    if not SpecifierSet(needed).contains(platform.python_version(), prereleases=True):
        return Finding("Python", "fail", found, f"mnist-nb needs Python {needed}.")
    return Finding("Python", "ok", found)


def _packages() -> Finding:
    from packaging.requirements import Requirement

    wrong = []
    for line in requires("mnist-nb") or []:
        needed = Requirement(line)
        if needed.marker and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(needed.name)
        except PackageNotFoundError:
            wrong.append(f"{needed.name} is missing")
            continue
        if not needed.specifier.contains(found, prereleases=True):
            wrong.append(f"{needed.name} is {found}, needed is {needed.specifier}")
    if wrong:
        return Finding("Packages", "fail", "; ".join(wrong), _INSTALL)
    return Finding("Packages", "ok", ", ".join(f"{name} {version(name)}" for name in SHOWN))


def _widgets() -> Finding:
    """JupyterLab draws the pad only when it finds the front ends of these packages."""
    from jupyter_core.paths import jupyter_path

    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    missing = [
        name
        for name in ("@jupyter-widgets/jupyterlab-manager", "ipycanvas")
        if not any((folder / name / "package.json").is_file() for folder in folders)
    ]
    if missing:
        return Finding("Widgets", "fail", f"JupyterLab does not see {', '.join(missing)}", _INSTALL)
    return Finding("Widgets", "ok", "JupyterLab sees the front ends of ipywidgets and ipycanvas")


def _kernel() -> Finding:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return Finding("Kernel", "fail", "there is no kernel python3", _INSTALL)
    # A bare name means the Python that runs JupyterLab itself.
    if os.path.dirname(command) and not os.path.samefile(command, sys.executable):
        return Finding(
            "Kernel",
            "fail",
            f"the kernel python3 is {command}, not this Python",
            f"Run `{sys.executable} -m ipykernel install --sys-prefix`.",
        )
    return Finding("Kernel", "ok", "the notebooks run in this Python")


def _notebook() -> Finding:
    from mnist_nb.servers import shipped_notebook

    return Finding("Notebook", "ok", str(shipped_notebook()))


def _weights() -> Finding:
    from mnist_nb.network import Network

    network = Network.load()
    return Finding(
        "Weights",
        "ok",
        f"{network.name} {network.sha256[:8]}, {network.parameters:,} parameters, {network.path}",
    )


def _node() -> Finding:
    from mnist_nb.local_edge import find_node

    node = find_node()
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    return Finding("Node", "ok", f"{done.stdout.strip()}, {node}")


def _npm() -> Finding:
    from mnist_nb.local_edge import find_deploy, host_packages

    return Finding("npm", "ok", f"the packages in {host_packages(find_deploy())}")


def _ports() -> Finding:
    from mnist_nb.servers import require_port

    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", 0))
        except OSError as error:
            raise SetupError(
                f"no port of 127.0.0.1 can be used ({error.strerror}): allow this user to listen"
                " on the loopback interface"
            ) from None
    try:
        require_port(8888)
    except SetupError:
        return Finding("Ports", "ok", "8888 is taken, JupyterLab will use the next free one")
    return Finding("Ports", "ok", "8888 is free for JupyterLab")


def _edge(url: str | None) -> Finding:
    from mnist_nb.edge import EdgeClient

    if url:
        with EdgeClient(url, token=os.environ.get("MNIST_NB_EDGE_TOKEN"), timeout=10) as client:
            return _compare(client, f"{url} (MNIST_NB_EDGE_URL)")
    from mnist_nb.local_edge import LocalEdge

    with LocalEdge() as local, EdgeClient(local.url) as client:
        return _compare(client, "started on this machine")


def _compare(client: "EdgeClient", where: str) -> Finding:
    import numpy as np

    from mnist_nb.drawing import rasterize, samples
    from mnist_nb.network import Network

    images = np.stack([rasterize(sample) for sample in samples()])
    network = Network.load()
    result = client.classify(images)
    there, here = result.probabilities, network.predict(images)
    detail = f"{where}: max |dp| {np.abs(here - there).max():.1e} over ten sample digits"
    if result.model.sha256 != network.sha256:
        return Finding(
            "Edge",
            "note",
            f"{where}: it runs other weights ({result.model.sha256[:8] or 'unknown'}) than this"
            f" machine ({network.sha256[:8]})",
            "Its answers may differ from the local ones; the lab says so too.",
        )
    return Finding("Edge", "ok", detail)


def _chromium() -> Finding:
    for name in CHROMIUM:
        if found := shutil.which(name):
            return Finding("Chromium", "ok", found)
    return Finding(
        "Chromium", "note", "none on PATH", "Only `make test` needs it, for the browser tests."
    )
