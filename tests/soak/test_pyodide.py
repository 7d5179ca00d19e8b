"""The tests of what runs in a browser, run in Pyodide, in Node.

Only in `make soak`, as it fetches 46 MB: Pyodide and a numpy for it.
"""

import re
import subprocess
import sysconfig
from pathlib import Path

import pytest

from mnist_nb.local_edge.node import find_node

from .scale import SOAK

pytestmark = pytest.mark.skipif(SOAK == 0, reason="fetches 46 MB: `make soak`")

ROOT = Path(__file__).parents[2]
# With the flag a call may wait for a promise, as in browsers: `asyncio.run` works.
RUNNER = ("--experimental-wasm-jspi", Path(__file__).with_name("in_pyodide.mjs"))
TESTS = (
    "tests/drawing",
    "tests/edge/test_client.py",
    "tests/edge/test_client_troubles.py",
    "tests/edge/test_trace.py",
    "tests/lessons/test_exercises.py",
    "tests/network/test_answer.py",
    "tests/network/test_file_format.py",
    "tests/network/test_gradients.py",
    "tests/network/test_numpy_network.py",
)


def test_the_package_passes_its_tests_in_pyodide(pyodide: Path) -> None:
    (numpy,) = pyodide.glob("numpy-*.whl")
    packages = sysconfig.get_path("purelib")
    chosen = ["-k", "not test_threads_do_not_share_memory", *TESTS]
    done = subprocess.run(
        [find_node(), *RUNNER, pyodide, numpy, ROOT, packages, *chosen],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    last = done.stdout.strip().splitlines()[-1]
    print(last)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.match(r"(\d+) passed", last)
    assert passed is not None
    assert int(passed[1]) > 500
