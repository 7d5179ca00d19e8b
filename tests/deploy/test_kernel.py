"""The committed kernel.wasm is what kernel.c and network.c compile to, and small."""

import os
import subprocess
import sys
from pathlib import Path

from mnist_nb.local_edge.node import find_deploy


def test_a_rebuild_gives_the_same_bytes(tmp_path: Path) -> None:
    kernel = find_deploy() / "kernel"
    rebuilt = tmp_path / "kernel.wasm"
    env = {**os.environ, "PYTHON": sys.executable}
    subprocess.run(["sh", kernel / "build.sh", rebuilt], check=True, env=env, timeout=120)
    assert rebuilt.read_bytes() == (kernel / "kernel.wasm").read_bytes(), (
        "kernel.wasm is not built from its sources: run `npm run kernel` in deploy/"
    )


def test_it_is_small() -> None:
    assert (find_deploy() / "kernel" / "kernel.wasm").stat().st_size <= 32 * 1024
