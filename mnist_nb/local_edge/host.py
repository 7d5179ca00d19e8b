"""The Node process under a local edge, `deploy/host.mjs`: started, listened to, ended for sure.

It lives as long as its stdin is open. So whatever ends this Python process, SIGKILL too, ends
Node and workerd with it.
"""

import json
import os
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from mnist_nb.errors import SetupError
from mnist_nb.local_edge.node import find_node, node_env

try:
    import fcntl
except ImportError:  # Windows, where two edges on one state folder are not kept apart
    fcntl = None  # type: ignore[assignment]

LOCK_SECONDS = 1.0  # the host of a Python process that was just killed needs a moment to end
ROOM = 20_000_000  # bytes: some releases, and what workerd and Node keep while they run
STOP_SECONDS = 4.0  # the host kills its workerd after 1.5
SMALL = "--max-semi-space-size=1"  # MB: Node does little here, and so takes 20 of its 155 MB less
_POSIX = os.name == "posix"


class Host:
    """One run of the host.

    Args:
        deploy: the folder with `host.mjs`.
        settings: its first line of stdin.
        inherited: file descriptors that it holds open as long as it lives.

    Attributes:
        pid: of Node, which leads a process group of its own.

    Raises:
        SetupError: when Node is missing or does not start.
    """

    def __init__(
        self, deploy: Path, settings: dict[str, Any], inherited: Sequence[int] = ()
    ) -> None:
        self._lines: deque[bytes] = deque(maxlen=200)
        self._said: dict[str, Any] = {}
        self._spoke = threading.Event()
        try:
            self._process = subprocess.Popen(
                [find_node(), SMALL, deploy / "host.mjs"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=deploy,
                env=node_env(),
                start_new_session=True,  # Ctrl+C in a terminal or kernel is not for it
                pass_fds=inherited,
            )
        except OSError as error:
            raise SetupError(f"cannot start Node: {error}; `mnist-nb doctor` checks it") from None
        self.pid = self._process.pid
        # A thread, as a notebook's event loop must not wait, and a full pipe would stop Node.
        self._reader = threading.Thread(target=self._read, name="mnist-nb-edge", daemon=True)
        self._reader.start()
        threading.Thread(target=self._outlive, name="mnist-nb-edge-end", daemon=True).start()
        assert self._process.stdin is not None
        with suppress(OSError):  # it may have ended already; what it wrote tells why
            self._process.stdin.write(json.dumps(settings).encode() + b"\n")
            self._process.stdin.flush()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def lines(self) -> list[str]:
        """The last 200 that it and workerd wrote."""
        return [_readable(raw) for raw in tuple(self._lines)]

    @property
    def status(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def message(self, seconds: float) -> dict[str, Any]:
        """Wait for "ready" or "failed"; {} when it ended, or the time is over, before."""
        self._spoke.wait(seconds)
        return self._said

    def stop(self) -> None:
        """End it, by force when it does not end by itself."""
        assert self._process.stdin is not None
        with suppress(OSError):  # it may have ended
            self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill_group()
            self._process.wait()
        self._reader.join(STOP_SECONDS)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            for raw in pipe:  # thousands a second under load: little is done with each
                if not self._spoke.is_set() and raw.startswith((b'{"ready":', b'{"failed":')):
                    self._said = json.loads(raw)
                    self._spoke.set()
                else:
                    self._lines.append(raw)
        self._process.wait()
        self._spoke.set()

    def _outlive(self) -> None:
        """Had Node been killed, its workerd would go on without it, and write into the pipe."""
        self._process.wait()
        self._kill_group()

    def _kill_group(self) -> None:
        """Kill what is left of its process group: Node, workerd, esbuild."""
        # macOS says PermissionError of a group of which only zombies are left.
        with suppress(ProcessLookupError, PermissionError):
            if _POSIX:
                os.killpg(self.pid, signal.SIGKILL)
            else:
                self._process.kill()


def _readable(raw: bytes) -> str:
    """A line as a person reads it; workerd writes what the Worker logs as JSON."""
    line = raw.decode("utf-8", "replace").rstrip()
    if line.startswith('{"timestamp":'):
        with suppress(ValueError, KeyError):
            said = json.loads(line)
            return f"{said['level']}: {said['message']}"
    return line


def check_room(folder: Path) -> None:
    """Raise SetupError when the disk of a folder is full.

    The runtime would try to write for a minute and a half, and not say why.
    """
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        raise SetupError(
            f"the disk of {folder} is full: {free / 1e6:.1f} MB are free, and the local edge needs"
            f" {ROOM / 1e6:.0f}. Make room there, or name another folder (TMPDIR is the one for"
            " what is forgotten at the end)"
        )


def check_writable(folder: Path) -> None:
    """Raise SetupError when something in a folder is read-only."""
    for path in (folder, *folder.rglob("*")):
        if not os.access(path, os.W_OK):
            raise SetupError(f"{path} cannot be written: allow it, or give another state folder")


def lock_folder(folder: Path) -> int | None:
    """Take a state folder, as two writers on it end in SQLITE_BUSY.

    Returns:
        A file descriptor that holds the lock until all its copies are closed.

    Raises:
        SetupError: when another edge has it, or it cannot be written.
    """
    if fcntl is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SetupError(
            f"the state folder {folder} cannot be used: {error.strerror}; give another one"
        ) from None
    deadline = monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except OSError:
            if monotonic() < deadline:
                sleep(0.05)
                continue
            os.close(lock)
            raise SetupError(
                f"another local edge uses the state folder {folder}: stop it, or give another one"
            ) from None
