"""Running a notebook as JupyterLab does, without a browser: a kernel, all cells from the top."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from mnist_nb.training import design

FOLDER = Path(__file__).parents[2] / "notebooks"
SECONDS = 180  # for a whole notebook, on two cores

# IPython runs this before its kernel is up, which warns on newer Pythons: so only from the first
# cell on.
STARTUP = """
import warnings


def strict(cell):
    warnings.filterwarnings("error")


get_ipython().events.register("pre_run_cell", strict)
"""

# Nobody listens at port 9: what goes anywhere but to this machine fails at once.
NO_NETWORK = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9"),
    **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9"),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
}

RunNotebook = Callable[..., NotebookNode]


@pytest.fixture(scope="session")
def run_notebook(tmp_path_factory: pytest.TempPathFactory) -> RunNotebook:
    """Run a notebook of this repository from top to bottom: `run_notebook("02_...ipynb")`.

    Keyword arguments are environment variables of its kernel, None to unset one. The kernel's
    folder is an empty one, warnings are errors there, and it cannot leave this machine.

    Returns the notebook with its outputs. It fails with the cell and its traceback when a cell
    raises, and when one writes to stderr, where warnings and errors of threads go.
    """

    def run(name: str, **env: str | None) -> NotebookNode:
        home = tmp_path_factory.mktemp("kernel")
        startup = home / "ipython/profile_default/startup"
        startup.mkdir(parents=True)
        (startup / "00-warnings.py").write_text(STARTUP)
        (home / "work").mkdir()
        variables = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
        variables |= {"HOME": str(home), "IPYTHONDIR": str(home / "ipython")} | NO_NETWORK
        for key, value in env.items():
            variables.pop(key, None)
            if value is not None:
                variables[key] = value
        notebook = nbformat.read(FOLDER / name, as_version=4)
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": str(home / "work")}},
        )
        client.execute(env=variables)
        written = [
            output.text
            for cell in code_cells(notebook)
            for output in cell.outputs
            if output.output_type == "stream" and output.name == "stderr"
        ]
        assert written == []
        return notebook

    return run


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(notebook: NotebookNode, cell_id: str) -> str:
    """What a cell shows as plain text: what it prints, and its last value."""
    (cell,) = (cell for cell in notebook.cells if cell.id == cell_id)
    parts = []
    for output in cell.outputs:
        parts.append(output.text if "text" in output else output.data.get("text/plain", ""))
    return "\n".join(parts)


def shown(notebook: NotebookNode, cell_id: str) -> str:
    """The HTML that a cell shows last."""
    (cell,) = (cell for cell in notebook.cells if cell.id == cell_id)
    return str(cell.outputs[-1].data["text/html"])


def says(notebook: str, *words: str) -> None:
    """Fail unless the texts of a notebook, in one line, have these words."""
    (path,) = FOLDER.glob(f"{notebook}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    text = " ".join(" ".join(c.source for c in cells if c.cell_type == "markdown").split())
    for some in words:
        assert some in text, f"{path.name} does not say “{some}”"


@pytest.fixture(scope="module")
def untrained() -> Any:
    """The weights that notebook 05 begins with, by its own cell."""
    (path,) = FOLDER.glob("05_*.ipynb")
    (cell,) = (c for c in nbformat.read(path, as_version=4).cells if c.id == "design-it")
    names: dict[str, Any] = {"design": design}
    exec(re.sub(r"\ntable\(.*", "", cell.source, flags=re.DOTALL), names)
    return names["untrained"]
