"""All five notebooks as shipped, run in JupyterLab: axe finds nothing in them, light and dark.

Only in `make soak`. The normal tests look at 01, at the views of 02, and at one of each thing that
03 and 05 show.
"""

from collections.abc import Callable

import pytest

from tests.support.browser import (  # noqa: F401  # fixtures; this edge keeps the shipped weights
    browser,
    edge,
    jupyter,
    open_notebook,
)
from tests.support.notebook import LabNotebook

from .scale import SOAK

pytestmark = [
    pytest.mark.browser,
    pytest.mark.edge,
    pytest.mark.skipif(SOAK == 0, reason="minutes long: `make soak`"),
]

NOTEBOOKS = ["01_draw", "02_how_it_works", "03_local_vs_edge", "04_deploy", "05_train"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_axe_finds_nothing_in_a_whole_notebook(
    open_notebook: Callable[..., LabNotebook],  # noqa: F811
    name: str,
) -> None:
    notebook = open_notebook(f"{name}.ipynb")
    notebook.page.set_default_timeout(600_000)  # 03 and 05 measure and train
    notebook.start("import os; os.environ['MNIST_NB_QUICK'] = '1'")
    notebook.printed()
    notebook.run_all()
    errors = notebook.page.locator("[data-mime-type='application/vnd.jupyter.error']")
    assert errors.all_inner_texts() == []
    assert notebook.barriers() == ""
    LabNotebook.shut_down(notebook.page)
