"""Python for the browser: which files of Pyodide, from where, and how they are checked.

`pyodide.json` pins its public distribution: the core as npm's package `pyodide` has it, by the
SHA-256 of its files; compiled packages by those of the distribution's own lock file.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from mnist_nb.errors import SetupError

PINNED: dict[str, Any] = json.loads(files("mnist_nb.site").joinpath("pyodide.json").read_text())
# Loaded before the first cell; matplotlib and what it needs come when a cell imports it.
FIRST = ("micropip", "numpy", "pillow")


@dataclass(frozen=True)
class Fetched:
    """A file that a browser fetches.

    Attributes:
        url: absolute, or relative to the folder of Pyodide in the site.
        sha256: of its bytes.
        bytes: how many, None where the distribution does not say.
    """

    url: str
    sha256: str
    bytes: int | None = None

    def to_json(self) -> dict[str, Any]:
        """What `start.mjs` reads; the integrity is spelled as browsers want it."""
        digest = base64.b64encode(bytes.fromhex(self.sha256)).decode()
        return {"url": self.url, "bytes": self.bytes, "integrity": f"sha256-{digest}"}


@dataclass(frozen=True)
class Distribution:
    """Where Pyodide and compiled packages come from.

    Attributes:
        core: the files of Pyodide itself, by name.
        packages: entries of a lock file of Pyodide by name, their `file_name` a URL.
        copied: files that the site has itself.
    """

    core: dict[str, Fetched]
    packages: dict[str, dict[str, Any]]
    copied: tuple[Path, ...] = ()

    @classmethod
    def public(cls) -> "Distribution":
        """The public distribution, which each browser fetches for itself."""
        core = {
            name: Fetched(PINNED["core"] + name, file["sha256"], file["bytes"])
            for name, file in PINNED["files"].items()
        }
        packages = {
            name: _entry(name, entry) | {"file_name": PINNED["distribution"] + entry["file_name"]}
            for name, entry in PINNED["packages"].items()
        }
        return cls(core, packages)

    @classmethod
    def offline(cls, folder: Path) -> "Distribution":
        """A folder with the files of Pyodide's core and wheels for it; the site gets copies.

        Raises:
            SetupError: a file is missing, or is not the one that is pinned.
        """
        core = {}
        for name, file in PINNED["files"].items():
            path = folder / name
            content = path.read_bytes() if path.is_file() else b""
            if hashlib.sha256(content).hexdigest() != file["sha256"]:
                raise SetupError(
                    f"{path} is not that of Pyodide {PINNED['version']}: unpack npm's package"
                    f" pyodide@{PINNED['version']} there"
                )
            core[name] = Fetched(name, file["sha256"], file["bytes"])
        wheels = sorted(folder.glob("*.whl"))
        packages = dict(wheel_entry(path) for path in wheels)
        if missing := [name for name in FIRST if name not in packages]:
            raise SetupError(
                f"{folder} has no wheel of {', '.join(missing)}: put those of Pyodide"
                f" {PINNED['version']} there"
            )
        return cls(core, packages, (*(folder / name for name in core), *wheels))

    def first(self, ours: dict[str, dict[str, Any]]) -> Iterator[Fetched]:
        """What is fetched before the first cell can run; `ours` are the site's own packages."""
        yield from self.core.values()
        for entry in [*(self.packages[name] for name in FIRST), *ours.values()]:
            yield Fetched(entry["file_name"], entry["sha256"], entry.get("bytes"))


def wheel_entry(path: Path) -> tuple[str, dict[str, Any]]:
    """The name of a wheel's package, and its entry in a lock file of Pyodide.

    Raises:
        SetupError: it is no wheel.
    """
    content = path.read_bytes()
    try:
        with ZipFile(path) as wheel:
            names = {name.split("/")[0] for name in wheel.namelist()}
    except BadZipFile:
        raise SetupError(f"{path} is no wheel: delete it, or fetch it anew") from None
    name, version, *_ = path.name.split("-")
    name = re.sub(r"[-_.]+", "-", name).lower()
    entry = {
        "version": version,
        "file_name": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "depends": [],
        "imports": sorted(n.removesuffix(".py") for n in names if "-" not in n),
    }
    return name, _entry(name, entry)


def _entry(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    kept = {"name": name, "install_dir": "site", "package_type": "package"}
    return {**kept, "unvendored_tests": False, "shared_library": False, **entry}
