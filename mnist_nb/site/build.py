"""Builds the site: JupyterLab, the notebooks, Python for the browser, and settings that join them.

    index.html          leads to the newest version, with the notebook that the link names
    v/<digest>/         one version; its files never change, so that browsers may keep them

JupyterLab's own builder makes the most of it. What is ours is which Python runs and how it comes.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path

from mnist_nb.errors import SetupError
from mnist_nb.servers import EXTENSIONS, page_facts, shipped_notebook
from mnist_nb.site.lessons import for_the_browser
from mnist_nb.site.pyodide import FIRST, PINNED, Distribution, wheel_entry
from mnist_nb.site.wheels import write_wheels

HERE = Path(__file__).parent
MOST_BYTES = 25 << 20  # of one file, on Cloudflare
KERNEL = "@jupyterlite/pyodide-kernel-extension"
SHARED = ("@jupyter-widgets/jupyterlab-manager", KERNEL, "anywidget", "ipycanvas")
_SITE = {"index.html", "v"}
_UNUSED = ("*.map", "rspack.*", "third-party-licenses.json", ".jupyterlite.doit.db")
_STORED = ("contentsStorageName", "settingsStorageName", "workspacesStorageName")


@dataclass(frozen=True)
class Built:
    """What was built.

    Attributes:
        folder: of the site.
        files, bytes: how many.
        first: bytes that a browser fetches before the first cell, of those whose size is known.
    """

    folder: Path
    files: int
    bytes: int
    first: int


def build_site(folder: Path, offline: Path | None = None) -> Built:
    """Build the site in a folder, in the place of one that is there.

    Args:
        folder: of the site. What is in it is deleted when it is a site, and refused otherwise.
        offline: folder with Pyodide and its compiled packages, to be copied into the site; None
            lets browsers fetch them from their public distribution.

    Raises:
        SetupError: a package, a file or a folder is missing or not as it should be.
    """
    try:
        return _built(folder, offline)
    except OSError as error:  # that of shutil has a list of files, and no reason
        reason = error.strerror or "is the disk full?"
        raise SetupError(f"cannot write the site to {folder}: {reason}") from None


def _built(folder: Path, offline: Path | None) -> Built:
    if folder.exists() and not {path.name for path in folder.iterdir()} <= _SITE:
        raise SetupError(f"{folder} has other files than a site's: name an empty folder")
    if find_spec("jupyterlite_core") is None:
        raise SetupError("jupyterlite-core is not installed: `pip install 'mnist-nb[site]'`")
    source = Distribution.offline(offline) if offline else Distribution.public()
    with tempfile.TemporaryDirectory(prefix="mnist-nb-site-") as place:
        made = Path(place, "site")
        _jupyterlab(Path(place), made, set(source.packages))
        _python(made / "static" / "pyodide", source)
        if large := [p.name for p in made.rglob("*") if p.stat().st_size > MOST_BYTES]:
            raise SetupError(f"{', '.join(large)}: a file of a Worker has at most 25 MiB")
        version = f"v/{_digest(made)}"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder / version)
    index = (HERE / "index.html").read_text("utf-8").replace("{lab}", f"{version}/lab/index.html")
    index = index.replace("{notebook}", shipped_notebook().name)
    (folder / "index.html").write_text(index, "utf-8")
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    first = json.loads((folder / version / "static/pyodide/files.json").read_text())
    return Built(folder, len(sizes), sum(sizes), sum(file["bytes"] or 0 for file in first))


def _jupyterlab(place: Path, made: Path, packages: set[str]) -> None:
    """JupyterLab, what its widgets need, and the notebooks for the kernel of the browser."""
    notebooks = place / "notebooks"
    notebooks.mkdir()
    for path in sorted(shipped_notebook().parent.glob("*.ipynb")):
        (notebooks / path.name).write_text(for_the_browser(path, packages), "utf-8")
    extensions = [*(_extension(name) for name in SHARED), EXTENSIONS / "mnist-nb"]
    arguments = [
        *("build", f"--lite-dir={place}", f"--contents={notebooks}", f"--output-dir={made}"),
        *("--apps=lab", "--no-sourcemaps", "--no-unused-shared-packages", "--ignore-sys-prefix"),
        *(f"--LiteBuildConfig.federated_extensions={path}" for path in extensions),
    ]
    run = subprocess.run(
        [sys.executable, "-m", "jupyterlite_core.app", *arguments],
        capture_output=True,
        encoding="utf-8",
        cwd=place,
        check=False,
    )
    if run.returncode or not (made / "jupyter-lite.json").is_file():
        last = "\n  ".join((run.stdout + run.stderr).splitlines()[-10:])
        raise SetupError(f"JupyterLab's builder failed, its last lines:\n  {last}")
    for pattern in _UNUSED:
        for path in made.rglob(pattern):
            path.unlink()


def _python(folder: Path, source: Distribution) -> None:
    """Pyodide's files or their addresses, our wheels, and the lists of both."""
    folder.mkdir(parents=True)
    write_wheels(folder)
    for name in ("ipykernel", "piplite", "pyodide_kernel", "widgetsnbextension-4"):
        shutil.copy(next((_extension(KERNEL) / "static/pypi").glob(f"{name}*.whl")), folder)
    ours = dict(wheel_entry(path) for path in sorted(folder.glob("*.whl")))
    for path in source.copied:
        shutil.copyfile(path, folder / path.name)
    lock = {"info": PINNED["info"], "packages": {**source.packages, **ours}}
    (folder / "pyodide-lock.json").write_text(json.dumps(lock))
    _settings(folder.parents[1], [*FIRST, *ours])
    first = [file.to_json() for file in source.first(ours)]
    (folder / "files.json").write_text(json.dumps(first))
    for name in ("start.mjs", "loading.js"):
        shutil.copyfile(HERE / name, folder / name)


def _settings(made: Path, packages: list[str]) -> None:
    path = made / "jupyter-lite.json"
    lite = json.loads(path.read_text())
    page: dict[str, Any] = lite["jupyter-config-data"]
    kernel = page.setdefault("litePluginSettings", {}).setdefault(f"{KERNEL}:kernel", {})
    kernel |= {
        "pyodideUrl": "./static/pyodide/start.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {
            "lockFileURL": "./static/pyodide/pyodide-lock.json",
            "packages": packages,
        },
    }
    page["appName"] = "mnist-nb"
    page["exposeAppInBrowser"] = True  # as `window.jupyterapp`
    page["mnistNb"] = page_facts(Path(shipped_notebook().name))
    # Else the work in a browser would belong to one version of the site.
    page |= dict.fromkeys(_STORED, "mnist-nb")
    path.write_text(json.dumps(lite))
    html = made / "lab" / "index.html"
    script = '<script type="module" src="../static/pyodide/loading.js"></script>'
    html.write_text(html.read_text("utf-8").replace("</head>", f"{script}</head>"), "utf-8")


def _extension(name: str) -> Path:
    """Where an extension of JupyterLab is installed."""
    for folder in jupyter_path("labextensions"):
        if (path := Path(folder, name)).is_dir():
            return path
    raise SetupError(f"JupyterLab's extension {name} is missing: `pip install 'mnist-nb[site]'`")


def _digest(folder: Path) -> str:
    """Names what is in a folder."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]
