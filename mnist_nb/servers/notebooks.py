"""Where the notebooks are: in a checkout, or copied once from the installed package."""

import shutil
from collections.abc import Callable
from pathlib import Path

from mnist_nb.errors import SetupError

NOTEBOOK = Path("notebooks", "01_draw.ipynb")
FOLDER = Path("mnist-nb")


def shipped_notebook() -> Path:
    """The first notebook as it comes with mnist-nb, from a checkout or an installed wheel.

    Raises:
        SetupError: it is in neither.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package, package.parent):
        if (folder / NOTEBOOK).is_file():
            return folder / NOTEBOOK
    raise SetupError(f"{package} has no {NOTEBOOK}: install mnist-nb again, from a wheel")


def open_notebooks(folder: Path | None, say: Callable[[str], object]) -> Path:
    """A folder with `notebooks/` to work in; it is made where there is none.

    Args:
        folder: where to. None takes the checkout, or this folder if it has the notebooks, or else
            `mnist-nb/` in it.
        say: told about a copy, and about notebooks of an older version that are kept.

    Raises:
        SetupError: the notebooks cannot be copied there.
    """
    shipped = shipped_notebook()
    is_checkout = (shipped.parents[1] / "pyproject.toml").is_file()
    if folder is None and is_checkout:
        return shipped.parents[1]
    if folder is None:
        folder = Path() if NOTEBOOK.is_file() else FOLDER
    folder = folder.absolute()
    target = folder / NOTEBOOK.parent
    copied, kept = [], []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for notebook in sorted(shipped.parent.glob("*.ipynb")):
            copy = target / notebook.name
            if not copy.exists():
                shutil.copyfile(notebook, copy)
                copied.append(copy.name)
            elif copy.read_bytes() != notebook.read_bytes():
                kept.append(copy.name)
    except OSError as error:
        raise SetupError(
            f"the notebooks cannot be put into {target} ({error.strerror}): name another folder"
            " with --folder"
        ) from None
    if copied:
        say(f"copied {len(copied)} notebooks into {target}")
    if kept:
        say(f"kept   {', '.join(kept)} which differ from this version's; delete one to get it anew")
    return folder
