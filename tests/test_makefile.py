"""The Makefile on machines that lack something: it says what, and what to do."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TARGETS = ["help", "lab", "app", "edge", "test", "check", "setup", "lock", "clean", "soak", "bench"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a space in its name that has the Makefile and nothing installed."""
    folder = tmp_path / "my checkout"
    folder.mkdir()
    for name in ("Makefile", "requirements.lock", "requirements-node.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def make(folder: Path, *words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {"PATH": str(path) if path else os.environ["PATH"], "LC_ALL": "C"}
    command = [shutil.which("make") or "make", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_make_alone_lists_the_targets(checkout: Path) -> None:
    done = make(checkout)
    assert done.returncode == 0
    assert re.findall(r"(?m)^  make (\w+)", done.stdout)[: len(TARGETS)] == TARGETS
    assert not (checkout / ".venv").exists()


def test_an_old_python_is_named_with_what_to_do(checkout: Path) -> None:
    old = script(
        checkout / "old", 'if [ "$1" = --version ]; then echo Python 3.9.2; else exit 1; fi'
    )
    done = make(checkout, "lab", "PYTHON=./old")
    assert done.returncode != 0
    assert old.exists()
    assert 'needs Python 3.11 or newer, and "./old" is Python 3.9.2' in done.stderr
    assert "make PYTHON=python3.12 lab" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_is_named_with_what_to_do(checkout: Path) -> None:
    script(checkout / "bare", 'case "$2" in *ensurepip*) exit 1;; esac')
    done = make(checkout, "setup", "PYTHON=./bare")
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr


def test_a_moved_checkout_gets_a_new_environment(checkout: Path) -> None:
    """A venv has absolute paths in it, so that one from elsewhere would not run."""
    venv = checkout / ".venv"
    (venv / "bin").mkdir(parents=True)
    script(venv / "bin/python", "exit 0")
    for stamp in ("packages", "project"):
        (venv / f".stamp-{stamp}").touch()
    (checkout / "deploy/node_modules").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "node_modules/.package-lock.json"):
        (checkout / "deploy" / name).touch()

    (venv / ".place").write_text(f"{checkout}\n")
    assert "-m venv" not in make(checkout, "-n", "setup").stdout
    (venv / ".place").write_text("/elsewhere\n")
    again = make(checkout, "-n", "setup").stdout
    assert "-m venv" in again
    assert "-r requirements.lock" in again
    assert "-e ." in again


def test_without_a_browser_the_tests_say_which_one(checkout: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "bin"
    nothing.mkdir()
    script(nothing / "id", "echo 1000")
    done = make(checkout, "chromium", path=nothing)
    assert done.returncode != 0
    assert "need Chromium or Chrome on PATH" in done.stderr
    assert """make test PYTEST_ARGS="-m 'not browser'\"""" in done.stderr
    script(nothing / "google-chrome", "")
    assert make(checkout, "chromium", path=nothing).returncode == 0
