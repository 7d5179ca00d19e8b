"""The notebooks as a website: JupyterLab and Python run in the visitor's browser, nothing here."""

from mnist_nb.site.build import Built, build_site
from mnist_nb.site.pyodide import Distribution

__all__ = ["Built", "Distribution", "build_site"]
