import numpy as np

from mnist_nb import Network, rasterize
from mnist_nb.drawing.samples import samples


def test_each_sample_is_read_as_its_digit():
    images = np.array([rasterize(drawing) for drawing in samples()])
    probabilities = Network.load().predict(images)
    assert probabilities.argmax(axis=1).tolist() == list(range(10))
    assert probabilities.max(axis=1).min() > 0.9


def test_samples_stay_on_the_canvas():
    for drawing in samples():
        points = np.concatenate(drawing.strokes)
        assert points.min() >= 20
        assert points.max() <= 260
