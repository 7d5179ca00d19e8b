"""`make lab` after interrupted set-ups, on a machine whose Python has nothing installed."""

import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.soak.scale import scaled

ROOT = Path(__file__).parents[2]
LONGEST = 60.0  # seconds until an interruption: most of a set-up whose packages are cached
FOUND = "import importlib.metadata as m; print(sorted(d.name for d in m.distributions()))"


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A machine's Python, as far as make knows: it is in no venv, and pip could write to it."""
    base, name = Path(sys.base_prefix), f"python{sys.version_info[0]}.{sys.version_info[1]}"
    bare = tmp_path / "bare"
    (bare / "bin").mkdir(parents=True)
    shutil.copy(base / "bin" / name, bare / "bin")
    (bare / "bin/python3").symlink_to(name)

    def left_out(folder: str, names: list[str]) -> list[str]:
        if Path(folder).name == "site-packages":
            return [one for one in names if not one.startswith("pip")]
        return [one for one in names if one in ("test", "__pycache__", "idlelib")]

    shutil.copytree(base / "lib" / name, bare / "lib" / name, ignore=left_out, symlinks=True)
    for library in (base / "lib").glob("libpython*"):
        shutil.copy(library, bare / "lib", follow_symlinks=False)
    python = bare / "bin/python3"
    if packages(python) != "['pip']":
        pytest.skip(f"{base} does not run from another place")
    return python


def packages(python: Path) -> str:
    done = subprocess.run([python, "-I", "-c", FOUND], capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    listing = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    files = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folder = tmp_path / "checkout"
    for name in filter(None, files.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.mark.edge
def test_make_lab_after_ten_interrupted_setups(python: Path, checkout: Path) -> None:
    rounds = scaled(0, 10)
    if not rounds:
        pytest.skip("installs all packages some times: `make soak`")
    chance = random.Random(19)
    ours = ("MNIST_NB", "JUPYTER", "VIRTUAL_ENV", "DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    env = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    env |= {"HOME": str(checkout.parent)}

    def make(target: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["make", target, f"PYTHON={python}"],
            cwd=checkout,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    print()
    for number in range(rounds):
        setup = make("setup")
        moment = chance.uniform(0, LONGEST)
        try:
            said, _ = setup.communicate(timeout=moment)
            shutil.rmtree(checkout / ".venv")  # it was done: the next one has all to do again
        except subprocess.TimeoutExpired:
            os.killpg(setup.pid, signal.SIGINT if number % 2 else signal.SIGKILL)
            said, _ = setup.communicate()
        print(f"{number}: {setup.returncode} after {moment:.1f} s: {said.splitlines()[-1:]}")
        assert packages(python) == "['pip']"

    lab = make("lab")
    try:
        assert lab.stdout is not None
        said = ""
        for line in lab.stdout:
            said += line
            if "Ctrl+C ends both" in line:
                break
        assert "lab    http://127.0.0.1:" in said, said
        assert "edge   http://127.0.0.1:" in said, said
    finally:
        with suppress(ProcessLookupError):
            os.killpg(lab.pid, signal.SIGINT)
        lab.communicate(timeout=30)
    assert packages(python) == "['pip']"
