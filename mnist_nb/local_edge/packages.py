"""What npm has to bring for the local edge: beside the Worker of a checkout, else in a cache.

An installed mnist-nb has the Worker built, with a lock file of the few packages that run it. They
are installed once for each version of that lock, into a folder that is there only when it is whole.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_nb.errors import SetupError
from mnist_nb.local_edge.node import find_npm, node_env

try:
    import fcntl
except ImportError:  # Windows, where two that install at once each do it for themselves
    fcntl = None  # type: ignore[assignment]

Report = Callable[[float], object]  # told how much is done, 0 to 1
_FLAGS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
# Offline it would try again for a minute.
_PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")
_BYTES = {"host": 200e6, "wrangler": 280e6}  # installed, about
_FILES = ("package.json", "package-lock.json")


def host_packages(deploy: Path, report: Report | None = None) -> Path:
    """The folder whose `node_modules` has Miniflare, installed if that was not done before.

    Args:
        deploy: see `find_deploy`.
        report: called some times a second while it installs.

    Raises:
        SetupError: the packages of a checkout are missing; or there is no npm, it failed, as
            without a network, or the cache cannot be written.
    """
    if is_checkout(deploy):
        check_packages(deploy)
        return deploy
    return _installed("host", deploy / "built", report)


def find_wrangler(deploy: Path, report: Report | None = None) -> Path:
    """The script of wrangler, installed like the host's packages; raises as `host_packages`."""
    if is_checkout(deploy):
        check_packages(deploy)
        folder = deploy
    else:
        folder = _installed("wrangler", deploy, report)
    return folder / "node_modules/wrangler/bin/wrangler.js"


def is_checkout(deploy: Path) -> bool:
    """Whether the Worker is there as its sources, to be bundled at each start."""
    return (deploy / "src").is_dir()


def check_packages(deploy: Path) -> None:
    """Check that the npm packages of a checkout are there, with the wrangler of its lock.

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


def cached(name: str, source: Path) -> Path:
    """Where the packages of the lock file in `source` are, or will be."""
    content = b"".join((source / file).read_bytes() for file in _FILES)
    key = hashlib.sha256(content).hexdigest()[:12]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "mnist-nb")
    return base / f"{name}-{sys.platform}-{platform.machine()}-{key}"


def _installed(name: str, source: Path, report: Report | None) -> Path:
    folder = cached(name, source)
    if folder.is_dir():
        return folder
    npm, env = find_npm(), node_env()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _lock(folder.with_name(f"{folder.name}.lock")):
            if folder.is_dir():  # another process has done it meanwhile
                return folder
            part = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)  # of one that was killed
            part.mkdir()
            for file in _FILES:
                shutil.copy(source / file, part)
            _npm_ci(npm, env, part, _BYTES[name], report or (lambda done: None))
            part.rename(folder)
    except OSError as error:
        raise SetupError(
            f"the edge's packages cannot be kept in {folder.parent}: {error.strerror or error};"
            " make room there, or name another folder with XDG_CACHE_HOME"
        ) from None
    return folder


def _npm_ci(npm: list[str], env: dict[str, str], folder: Path, size: float, report: Report) -> None:
    with (folder / "npm.log").open("w+") as log:
        process = subprocess.Popen(
            [*npm, "ci", *_FLAGS, *_PATIENCE],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            while process.poll() is None:
                report(min(_size(folder) / size, 0.99))
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.3)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        log.seek(0)
        said = log.read()
    if process.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        lines = [line.removeprefix("npm error ").strip() for line in said.splitlines()]
        # Its first lines are codes of one or two words.
        reason = next((line for line in lines if len(line.split()) > 3), "it gave no reason")
        raise SetupError(
            "npm could not bring what runs the edge (workerd and Miniflare, 50 MB, once):"
            f" {reason}. Connect this machine to the internet, or npm to its registry, and retry"
        )
    report(1.0)


def _size(folder: Path) -> int:
    """Bytes in a folder that npm is filling, and moves files about in."""
    total = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    total += _size(Path(entry.path))
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
