"""A network of one's own, from drawings to a weights file."""

from mnist_nb.training.collection import Collection
from mnist_nb.training.datasets import at_hand
from mnist_nb.training.design import design
from mnist_nb.training.loop import Step
from mnist_nb.training.no_digits import NO_DIGIT, no_digits
from mnist_nb.training.numpy_loop import Moment, learn

__all__ = ["NO_DIGIT", "Collection", "Moment", "Step", "at_hand", "design", "learn", "no_digits"]
