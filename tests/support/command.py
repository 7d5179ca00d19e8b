"""`mnist-nb` as a person runs it: a command that serves until it is told to end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

SECONDS = 30  # until a loaded machine is up, or has ended


class Command:
    """`mnist-nb` in a session of its own, as in a terminal of its own."""

    def __init__(self, words: tuple[str, ...], home: Path, env: dict[str, str]) -> None:
        ours = ("MNIST_NB", "JUPYTER")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("mnist-nb")), *words],
            env={**inherited, "HOME": str(home), "JUPYTER_RUNTIME_DIR": f"{home}/runtime", **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.runtime = home / "runtime"
        self.output = ""
        self.family: list[psutil.Process] = []

    def until(self, text: str) -> str:
        """Read lines until one has `text`; what was read."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return self.output
        raise AssertionError(f"it ended without {text!r}:\n{self.output}")

    def remember_family(self) -> list[psutil.Process]:
        self.family = psutil.Process(self.process.pid).children(recursive=True)
        return self.family

    def interrupt(self) -> None:
        """What Ctrl+C in a terminal does: SIGINT to the whole foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Wait for it and all that it started; its exit code."""
        output, _ = self.process.communicate(timeout=SECONDS)
        self.output += output
        deadline = time.monotonic() + SECONDS
        while left := [process for process in self.family if alive(process)]:
            assert time.monotonic() < deadline, f"still there: {left}"
            time.sleep(0.05)
        return self.process.returncode

    def clear(self) -> None:
        """End what a failed test left."""
        for process in self.family:
            if alive(process):
                process.kill()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
