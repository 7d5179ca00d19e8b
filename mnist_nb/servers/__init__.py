"""JupyterLab and Voila, as `mnist-nb` starts them."""

from mnist_nb.servers.jupyterlab import (
    NOTEBOOK,
    find_checkout,
    has_display,
    require_port,
    run_jupyterlab,
)

__all__ = ["NOTEBOOK", "find_checkout", "has_display", "require_port", "run_jupyterlab"]
