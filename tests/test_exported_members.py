"""The public names are few, fixed, and cheap until used."""

import subprocess
import sys

import pytest

import mnist_nb

PUBLIC = [
    "AsyncEdgeClient",
    "Comparison",
    "DigitPad",
    "Drawing",
    "EdgeClient",
    "EdgeResult",
    "Lab",
    "LocalEdge",
    "MnistNbError",
    "Network",
    "Releases",
    "__version__",
    "compare",
    "find_digits",
    "rasterize",
    "trace",
]


def test_the_public_names_are_pinned() -> None:
    assert mnist_nb.__all__ == PUBLIC
    assert dir(mnist_nb) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(mnist_nb, name) is not None


def test_an_unknown_name_says_so() -> None:
    with pytest.raises(AttributeError, match="'mnist_nb' has no attribute 'Laab'"):
        mnist_nb.Laab  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"numpy", "PIL", "httpx", "boto3", "ipywidgets", "ipycanvas", "rich", "jupyterlab"}
    code = f"import sys, mnist_nb, mnist_nb.cli.main; print(sorted({heavy!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
