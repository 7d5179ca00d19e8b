"""JupyterLab and Voila, as `mnist-nb` starts them."""

from mnist_nb.servers.jupyterlab import (
    EXTENSIONS,
    has_display,
    load_jupyterlab,
    page_facts,
    require_port,
    run_jupyterlab,
)
from mnist_nb.servers.notebooks import NOTEBOOK, open_notebooks, shipped_notebook
from mnist_nb.servers.signals import until_stopped
from mnist_nb.servers.voila import require_voila, run_voila

__all__ = [
    "EXTENSIONS",
    "NOTEBOOK",
    "has_display",
    "load_jupyterlab",
    "open_notebooks",
    "page_facts",
    "require_port",
    "require_voila",
    "run_jupyterlab",
    "run_voila",
    "shipped_notebook",
    "until_stopped",
]
