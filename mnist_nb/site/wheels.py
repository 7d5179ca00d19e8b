"""Wheels for the browser, packed anew from the packages that are installed here."""

from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from mnist_nb._version import __version__
from mnist_nb.errors import SetupError
from mnist_nb.network import shipped_weights

# All that the kernel and the lab import and that is Python alone. httpx needs idna and, where the
# browser sends, none of the rest that it would bring.
PACKAGES = (
    "anywidget", "asttokens", "comm", "executing", "httpx", "idna", "ipycanvas",
    "ipython", "ipython-pygments-lexers", "ipywidgets", "jedi", "matplotlib-inline", "packaging",
    "parso", "prompt-toolkit", "psygnal", "pure-eval", "pygments", "stack-data", "traitlets",
    "typing-extensions", "wcwidth",
)  # fmt: skip
_UNUSED = "jedi/third_party/typeshed/stubs/"  # of packages that no browser has here, 3 MB
_OURS = (".py", ".css", ".js", ".json")
_NOT_THERE = ("cli", "deploy", "deployment", "notebooks", "servers", "site")  # rooms for machines


def write_wheels(folder: Path) -> None:
    """Write a wheel of each package, and of this one with its weights, into a folder.

    Raises:
        SetupError: one is not installed.
    """
    for name in PACKAGES:
        try:
            found = distribution(name)
        except PackageNotFoundError:
            raise SetupError(f"{name} is not installed: `pip install 'mnist-nb[site]'`") from None
        inside = [
            (path.as_posix(), Path(str(path.locate())).read_bytes())
            for path in found.files or ()
            if ".." not in path.parts and path.suffix not in (".so", ".pyd", ".pyc")
            if not path.as_posix().startswith(_UNUSED)
        ]
        _write(folder, name, found.version, inside)
    _write(folder, "mnist-nb", __version__, _ours())


def _ours() -> Iterator[tuple[str, bytes]]:
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*")):
        inside = path.relative_to(package)
        if path.suffix in _OURS and inside.parts[0] not in _NOT_THERE:
            yield f"mnist_nb/{inside.as_posix()}", path.read_bytes()
    for name in ("mnist", "small"):
        yield f"mnist_nb/model/{name}.safetensors", shipped_weights(name).read_bytes()
    about = f"mnist_nb-{__version__}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: mnist-nb\nVersion: {__version__}\n"
    yield f"{about}/METADATA", metadata.encode()


def _write(folder: Path, name: str, version: str, inside: Iterable[tuple[str, bytes]]) -> None:
    path = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    with ZipFile(path, "w", ZIP_DEFLATED) as wheel:
        for place, content in sorted(inside):
            wheel.writestr(ZipInfo(place), content, ZIP_DEFLATED)  # of 1980, always
