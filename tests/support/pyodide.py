"""Pyodide, and for tests alone a numpy for it from npm's registry, where none is by itself."""

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from mnist_nb.local_edge.node import find_npm, node_env

PACKAGES = ("pyodide@0.29.3", "@bentopdf/pymupdf-wasm@0.11.16")
_WANTED = r"pyodide\.(asm\.js|asm\.wasm|mjs)|pyodide-lock\.json|python_stdlib\.zip|numpy-.*\.whl"


def fetch_pyodide(place: Path) -> Path:
    """Return a folder in `place` with the files of Pyodide's core and numpy's wheel."""
    subprocess.run(
        [*find_npm(), "pack", "--silent", *PACKAGES], cwd=place, env=node_env(), check=True
    )
    folder = place / "pyodide"
    folder.mkdir()
    for archive in place.glob("*.tgz"):
        with tarfile.open(archive) as packed:
            packed.extractall(place / archive.stem, filter="data")
        for path in (place / archive.stem).rglob("*"):
            if re.fullmatch(_WANTED, path.name):
                shutil.copy(path, folder)
    return folder
