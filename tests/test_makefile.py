"""The Makefile on machines that lack something: it says what, and what to do."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TARGETS = [
    *("help", "lab", "app", "edge", "site", "test"),
    *("check", "setup", "lock", "clean", "soak", "bench"),
]


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


@pytest.fixture
def finished(checkout: Path) -> Path:
    """The checkout as a set-up leaves it, with a Python that is in a venv."""
    venv = checkout / ".venv"
    (venv / "bin").mkdir(parents=True)
    script(venv / "bin/python", "exit 0")
    for stamp in ("packages", "project"):
        (venv / f".stamp-{stamp}").touch()
    (checkout / "deploy/node_modules").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "node_modules/.package-lock.json"):
        (checkout / "deploy" / name).touch()
    (venv / ".place").write_text(f"{checkout}\n")
    return checkout


def test_a_finished_setup_is_left_alone(finished: Path) -> None:
    said = make(finished, "-n", "setup").stdout
    assert "-m venv" not in said
    assert "-r requirements.lock" not in said


def begun_anew(folder: Path) -> str:
    """What make would do, which is to make the venv and to install all into it."""
    said = make(folder, "-n", "setup").stdout
    assert "-m venv --clear" in said
    assert "-r requirements.lock" in said
    assert "-e ." in said
    return said


def test_a_moved_checkout_gets_a_new_environment(finished: Path) -> None:
    """A venv has absolute paths in it, so that one from elsewhere would not run."""
    (finished / ".venv/.place").write_text("/elsewhere\n")
    assert "This folder was /elsewhere" in begun_anew(finished)


@pytest.mark.parametrize("left", ["no mark", "half of the packages", "no venv around its Python"])
def test_an_interrupted_setup_begins_anew(finished: Path, left: str) -> None:
    """Seen: `venv --clear` had left only the link to the machine's Python, and pip used that."""
    if left == "no mark":
        (finished / ".venv/.place").unlink()
    elif left == "half of the packages":
        (finished / ".venv/.unfinished").touch()
    else:
        (finished / ".venv/bin/python").unlink()
        (finished / ".venv/bin/python").symlink_to(Path(sys.base_prefix, "bin/python3"))
    begun_anew(finished)


def test_nothing_is_installed_into_a_python_of_the_machine(finished: Path) -> None:
    """Should all else be wrong, pip itself refuses, whatever the settings of this machine say."""
    (finished / ".venv/bin/python").unlink()
    machine = f'exec "{Path(sys.base_prefix, "bin/python3")}" "$@"'
    # Says that it is in a venv when make asks, and is not.
    script(finished / ".venv/bin/python", f'[ "$1" = -c ] && exit 0; {machine}')
    (finished / ".venv/.stamp-packages").unlink()
    done = make(finished, "setup")
    assert done.returncode != 0
    assert "Could not find an activated virtualenv (required)" in done.stderr


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
