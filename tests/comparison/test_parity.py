"""Both sides on real data: the same answers from numpy and from the real Workers runtime."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_nb import EdgeClient, LocalEdge, Network, compare, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.network.importing.convert import convert

ROOT = Path(__file__).parents[2]
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


@pytest.mark.parametrize(
    ("file", "expected"), [("mnist.bin", "mnist_bin"), ("model.bpk", "model_bpk")]
)
def test_burns_own_weights_give_burns_answers_on_both_sides(file, expected, tmp_path):
    folder = Path(os.environ.get("MNIST_NB_DATA", ""), "burn")
    if not (folder / file).is_file():
        pytest.skip("MNIST_NB_DATA has no burn/: no other network's answers to compare with")
    imported = tmp_path / "imported.safetensors"
    imported.write_bytes(convert(folder / file))
    with np.load(folder / "expected.npz") as oracle:
        images, answers = oracle["images"], oracle[expected]  # uint8 (100, 28, 28), (100, 10)
    with LocalEdge(weights=imported) as edge, EdgeClient(edge.url, timeout=30) as client:
        there = client.classify(images).probabilities
    here = Network.load(imported).predict(images)
    np.testing.assert_allclose(here, answers, rtol=0, atol=2e-6)
    np.testing.assert_allclose(there, answers, rtol=0, atol=2e-6)


def test_the_code_in_the_readme_runs_and_prints_what_it_says(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "1"
    assert printed[1].split() == ["1", Network.load().sha256[:8], "True"]
    assert "1 images: 100.00% agree" in printed[2]
