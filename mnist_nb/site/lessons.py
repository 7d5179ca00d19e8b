"""The notebooks as a browser runs them: what needs a machine of one's own is told, and left out."""

import json
from pathlib import Path
from typing import Any

TAG = "needs-a-machine"  # of cells, in their notebook
TOLD = (
    "*This cell is not run here: it needs a computer of one's own, on which `mnist-nb lab` starts"
    " this notebook (for an edge that is its own, or more of the network than a browser allows)."
    " Go on below.*"
)
KERNEL = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}


def for_the_browser(path: Path, packages: set[str]) -> str:
    """Return a notebook for the kernel in the browser.

    Args:
        path: of the notebook.
        packages: that its Python can load.
    """
    notebook = json.loads(path.read_text("utf-8"))
    notebook["metadata"]["kernelspec"] = KERNEL
    cells = [_told(cell) if TAG in _tags(cell) else cell for cell in notebook["cells"]]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    if "matplotlib" in packages and any("plots" in "".join(cell["source"]) for cell in code):
        # A browser fetches what the code of a cell imports, and not what is imported later.
        code[0]["source"].insert(0, "import matplotlib  # for the plots\n")
    return json.dumps({**notebook, "cells": cells}, ensure_ascii=False)


def _tags(cell: dict[str, Any]) -> list[str]:
    return cell["metadata"].get("tags", [])  # type: ignore[no-any-return]


def _told(cell: dict[str, Any]) -> dict[str, Any]:
    text = f"{TOLD}\n\n```python\n{''.join(cell['source'])}\n```"
    return {
        "cell_type": "markdown",
        "id": cell["id"],
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
