"""Both sides on real data: the same answers from numpy and from the real Workers runtime."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_nb import EdgeClient, LocalEdge, Network, compare, rasterize
from mnist_nb.drawing.samples import samples

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.edge


@pytest.fixture(scope="module")
def client() -> Iterator[EdgeClient]:
    with LocalEdge() as edge, EdgeClient(edge.url, timeout=30) as client:
        yield client


def test_mnist_scores_the_same_on_both_sides(client, mnist_test):
    images, labels = mnist_test
    network = Network.load()
    here = network.predict(images)
    there = client.classify(images)
    assert there.model.sha256 == network.sha256
    assert np.abs(here - there.probabilities).max() <= 1e-5
    right_here = int((here.argmax(axis=1) == labels).sum())
    right_there = int((there.probabilities.argmax(axis=1) == labels).sum())
    assert right_here == right_there >= 9_920


@pytest.mark.parametrize("batch", [1, 3, 10])
def test_samples_compare_as_equal(client, batch):
    images = np.array([rasterize(drawing) for drawing in samples()])
    result = compare(Network.load(), client, images, batch=batch)
    assert result.agreement == 1
    assert result.max_abs_diff <= 1e-5
    assert result.same_weights
    assert result.edge_ms.samples == -(-10 // batch)


def test_the_code_in_the_readme_runs_and_prints_what_it_says(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "1"
    assert printed[1].split() == ["1", Network.load().sha256[:8], "True"]
    assert "1 images: 100.00% agree" in printed[2]
