"""Weights that other programs saved become weights files of ours."""

from mnist_nb.network.importing.convert import Imported, convert, import_file

__all__ = ["Imported", "convert", "import_file"]
