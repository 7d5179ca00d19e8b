"""Notebook 04: a release and its rollback, once and twice in a row, and no secret in it."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from mnist_nb.network.file_format import read_weights, shipped_weights
from tests.support.cloudflare_stand_in import TOKEN, Account, stand_in

from .conftest import FOLDER, RunNotebook, code_cells, printed

pytestmark = pytest.mark.edge
NOTEBOOK = "04_deploy.ipynb"
SHIPPED = read_weights(shipped_weights()).sha256
PLANTED = {
    "CLOUDFLARE_API_TOKEN": TOKEN,
    "R2_SECRET_ACCESS_KEY": "planted-R2-secret-19d0b5",
    "MNIST_NB_EDGE_TOKEN": "planted-edge-token-6e5f21",
}


def served(notebook: nbformat.NotebookNode, cell: str) -> str:
    found = re.search(r"The edge serves (\S+) ([0-9a-f]{8})\.", printed(notebook, cell))
    assert found, printed(notebook, cell)
    return found[2]


def test_it_ends_where_it_began_also_when_its_cells_run_twice(
    run_notebook: RunNotebook, tmp_path: Path
) -> None:
    """Alone, on an edge of its own; with secrets in the environment, for which outputs and the
    saved state of the widgets are searched.
    """
    doubled = nbformat.read(FOLDER / NOTEBOOK, as_version=4)
    again = nbformat.read(FOLDER / NOTEBOOK, as_version=4).cells
    for cell in again:
        cell.id += "-again"
    (account_begins,) = (i for i, cell in enumerate(again) if cell.id == "account-again")
    doubled.cells[account_begins:account_begins] = again[:account_begins]
    nbformat.write(doubled, tmp_path / NOTEBOOK)
    with stand_in(Account()) as account:
        env = {**PLANTED, "CLOUDFLARE_API_BASE_URL": account.url}
        notebook = run_notebook(str(tmp_path / NOTEBOOK), MNIST_NB_EDGE_URL=None, **env)
    for suffix in ("", "-again"):
        new = served(notebook, f"promote{suffix}")
        assert served(notebook, f"rollback{suffix}") == SHIPPED[:8] != new
        assert f"moved current from {SHIPPED[:8]} to {new}" in printed(notebook, f"promote{suffix}")
        back = f"moved current back from {new} to {SHIPPED[:8]}"
        assert back in printed(notebook, f"rollback{suffix}")
        assert "10 images: 100.00% agree" in printed(notebook, f"compare{suffix}")
        assert " is on trial; it answered 0 of 0 images" in printed(notebook, f"propose{suffix}")
        gallery = printed(notebook, f"trial-gallery{suffix}")
        assert "13 of 600 differ; current gets 97.2% right, new 96.3%" in gallery
        assert gallery.count("it is a ") == 13
        assert served(notebook, f"decide{suffix}") == SHIPPED[:8]
        trail = printed(notebook, f"history{suffix}")
        assert "no better than the other" in trail
        assert "another random start" in trail
        assert "it reads 80.0% of 400 digits" in printed(notebook, f"worse{suffix}")
        stopped = printed(notebook, f"stopped{suffix}")
        assert re.search(r"is stopped: it differs in \d+ of \d+ images, of which one side", stopped)
        assert "cannot be used as weights" in printed(notebook, f"damaged{suffix}")
        assert f"which is not current, current is now {SHIPPED[:12]}" in (
            printed(notebook, f"two{suffix}")
        )
    assert "would create bucket models" in printed(notebook, "deploy")
    assert "--dry-run: exiting now." in printed(notebook, "deploy")
    assert "is there" in printed(notebook, "push-again")
    assert all(asked.startswith("GET ") for asked in account.asked)
    text = nbformat.writes(notebook)
    assert "set (environment)" in text  # the state of the form is in it
    assert [secret for secret in PLANTED.values() if secret in text] == []


def test_a_failure_shows_its_reason_and_no_secret(
    run_notebook: RunNotebook, tmp_path: Path
) -> None:
    short = nbformat.read(FOLDER / NOTEBOOK, as_version=4)
    verbose = nbformat.v4.new_code_cell("%xmode Verbose")  # tracebacks with local variables
    short.cells = [verbose, *(c for c in short.cells if c.id in ("credentials", "deploy"))]
    nbformat.write(short, tmp_path / NOTEBOOK)
    with stand_in(Account(token="another-token-of-another", echo=True)) as account:
        env = {**PLANTED, "CLOUDFLARE_API_BASE_URL": account.url}
        with pytest.raises(CellExecutionError, match="does not know this API token") as caught:
            run_notebook(str(tmp_path / NOTEBOOK), **env)
    assert [secret for secret in PLANTED.values() if secret in str(caught.value)] == []


def test_the_ids_of_cells_are_words() -> None:
    notebook = nbformat.read(FOLDER / NOTEBOOK, as_version=4)
    assert all(re.fullmatch(r"[a-z0-9-]{3,24}", cell.id) for cell in notebook.cells)
    assert all(not cell.outputs for cell in code_cells(notebook))
