"""The smallest dot that turns an answer."""

import numpy as np
import pytest

from mnist_nb import Network, rasterize
from mnist_nb.drawing import homemade
from mnist_nb.lessons.layers.subject import SAMPLE
from mnist_nb.network import RADII, ink_gradients, smallest_dot
from mnist_nb.network.smallest_dot import _stamp, _with_dots


def test_a_dot_turns_the_answer_and_is_only_a_dot(network: Network) -> None:
    image = rasterize(SAMPLE)
    dot = smallest_dot(network, image)
    assert dot is not None
    assert network.predict(image)[0].argmax() != dot.label == network.predict(dot.image)[0].argmax()
    assert (dot.image >= image).all()  # ink is only added
    rows, columns = np.nonzero(dot.image != image)
    assert np.hypot(rows - dot.row, columns - dot.column).max() <= dot.radius + 0.5


def test_a_smaller_one_was_tried_before_a_larger_one(network: Network) -> None:
    images = [rasterize(drawing) for drawing in homemade(8, seed=3)[0]]
    found = [smallest_dot(network, image) for image in images]
    radii = [dot.radius for dot in found if dot]
    assert radii
    assert set(radii) <= set(RADII)


def test_the_gradient_foretells_what_a_little_ink_does(network: Network) -> None:
    image = rasterize(SAMPLE)
    best = int(network.predict(image)[0].argmax())
    gradients = ink_gradients(network, image, [9, 0])
    assert gradients.shape == (2, 28, 28)
    for label, gradient in zip((9, 0), gradients, strict=True):
        row, column = np.unravel_index(int(np.abs(gradient).argmax()), (28, 28))
        more, less = image.copy(), image.copy()
        more[row, column] = min(int(image[row, column]) + 2, 255)
        less[row, column] = max(int(image[row, column]) - 2, 0)
        ink = (int(more[row, column]) - int(less[row, column])) / 255 / network.architecture.std
        up, down = network.logits(np.array([more, less])).astype(float)
        rise = (up[label] - up[best]) - (down[label] - down[best])
        assert rise == pytest.approx(ink * float(gradient[row, column]), rel=0.05)


def test_dots_stand_where_they_should_and_are_cut_off_at_the_border() -> None:
    blank = np.zeros((28, 28), np.uint8)
    dotted = _with_dots(blank, _stamp(1.0))
    for row, column in [(0, 0), (5, 9), (27, 27), (0, 27)]:
        image = dotted[row, column]
        assert image[row, column] == image.max() == 255
        rows, columns = np.nonzero(image)
        assert np.hypot(rows - row, columns - column).max() <= 1.5
    assert dotted[13, 13].astype(int).sum() == _stamp(1.0).round().sum()
    assert not _with_dots(blank, _stamp(0.5))[9, 9][9, 10:].any()
