"""A network of one's own, from drawings to a weights file."""

from mnist_nb.training.collection import Collection
from mnist_nb.training.datasets import at_hand
from mnist_nb.training.design import design
from mnist_nb.training.loop import Step

__all__ = ["Collection", "Step", "at_hand", "design"]
