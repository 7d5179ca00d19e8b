"""What the notebooks show beside the lab: views of the layers, plots, exercises."""

from mnist_nb.lessons.figures import css

__all__ = ["css"]
