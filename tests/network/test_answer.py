"""When the answer is "not sure"."""

import numpy as np
import pytest

from mnist_nb import Drawing, Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.network.answer import is_sure, threshold


@pytest.mark.parametrize(("value", "read"), [(0.6, 0.6), (0, 0.0), (1, 1.0)])
def test_a_threshold_is_a_number_from_0_to_1(value, read):
    assert threshold(value) == read


@pytest.mark.parametrize("value", [None, "0.6", True, -0.1, 1.1, float("nan"), [0.6], {}])
def test_anything_else_in_the_notes_is_no_threshold(value):
    assert threshold(value) is None


def test_sure_from_the_threshold_on_and_always_without_one():
    row = np.float32([0.5, 0.25, 0.25])
    assert [is_sure(row, p) for p in (0.25, 0.5, 0.51, None)] == [True, True, False, True]


def test_the_shipped_network_is_sure_of_digits_and_not_of_scribbles():
    network = Network.load()
    rng = np.random.default_rng(3)
    wild = [Drawing([rng.random((30, 2)) * 280]) for _ in range(20)]
    for drawings, sure in ((samples(), True), (wild, False)):
        rows = network.predict(np.array([rasterize(drawing) for drawing in drawings]))
        assert [is_sure(row, network.not_sure_below) for row in rows] == [sure] * len(rows)
