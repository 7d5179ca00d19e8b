"""The tests of what runs in a browser, run in Pyodide, in Node.

Only in `make soak`, as it fetches 46 MB: Pyodide and, for this test alone, a numpy for it from
npm's registry, where none is by itself.
"""

import re
import shutil
import subprocess
import sysconfig
import tarfile
from pathlib import Path

import pytest

from mnist_nb.local_edge.node import find_node, find_npm, node_env

from .scale import SOAK

pytestmark = pytest.mark.skipif(SOAK == 0, reason="fetches 46 MB: `make soak`")

ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).with_name("in_pyodide.mjs")
PACKAGES = ("pyodide@0.29.3", "@bentopdf/pymupdf-wasm@0.11.16")
TESTS = (
    "tests/drawing",
    "tests/edge/test_trace.py",
    "tests/lessons/test_exercises.py",
    "tests/network/test_answer.py",
    "tests/network/test_file_format.py",
    "tests/network/test_gradients.py",
    "tests/network/test_numpy_network.py",
)
NOT_THERE = (
    "test_threads_do_not_share_memory",
    "test_it_is_the_same_for_asyncio",  # has a loop of its own; a browser's is always running
    "200-3-3-1-1-28",  # 1.13e-5 from the plain loops instead of 1e-5: BLAS there sums otherwise
)


def fetch(place: Path) -> tuple[Path, Path]:
    """Return the folder of Pyodide and numpy's wheel for it, from npm."""
    subprocess.run([*find_npm(), "pack", *PACKAGES], cwd=place, env=node_env(), check=True)
    for archive in place.glob("*.tgz"):
        with tarfile.open(archive) as packed:
            packed.extractall(place / archive.stem, filter="data")
    (module,), (numpy,) = place.rglob("pyodide.mjs"), place.rglob("numpy-*wasm32.whl")
    return module.parent, numpy


def test_the_package_passes_its_tests_in_pyodide(tmp_path: Path) -> None:
    pyodide, numpy = fetch(tmp_path)
    shutil.copy(numpy, pyodide)
    chosen = ["-k", " and ".join(f"not {name}" for name in NOT_THERE), *TESTS]
    packages = sysconfig.get_path("purelib")
    done = subprocess.run(
        [find_node(), RUNNER, pyodide, pyodide / numpy.name, ROOT, packages, *chosen],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    last = done.stdout.strip().splitlines()[-1]
    print(last)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.match(r"(\d+) passed", last)
    assert passed is not None
    assert int(passed[1]) > 400
