"""What notebooks 03 and 05 show, in one small notebook: tables, plots, progress, labs, sliders.

The whole notebooks, which take minutes, are looked at in `tests/soak/test_accessibility.py`.
"""

from collections.abc import Callable

import nbformat
import pytest
from playwright.sync_api import expect

from tests.support.notebook import LabNotebook

pytestmark = [pytest.mark.browser, pytest.mark.edge]

CELLS = [
    """
import os
import numpy as np
from mnist_nb import Lab, Network
from mnist_nb.lessons.figures import Progress, table, words
from mnist_nb.lessons import latency as plots
from mnist_nb.comparison.latency import Times
from mnist_nb.lab.collect import Collector
from mnist_nb.lessons.far_lab import FarLab
from mnist_nb.lessons.gallery import gallery

with Progress("Steps") as bar:
    bar(1, 1)
table("Times", ["", "p50", ""], [["here", "0.4", "fast"]], note="Twenty calls.")
""",
    "words('Both say the same.', kind='result')",
    """
times = [Times("here", np.array([0.3, 0.4, 0.5])), Times("there", np.array([2.0]))]
plots.shares(times, "Share of calls")
""",
    "plots.batches([[Times(t.label, t.ms, n) for n in (1, 2, 4)] for t in times], 'Batches')",
    "plots.differences(np.array([0, 1e-9, 1e-7]), 'Differences')",
    "plots.prices('Cost')",
    """
images = np.eye(28, dtype=np.uint8)[None].repeat(2, 0) * 255
shares = Network.load().predict(images)
gallery(images, shares, shares[:, ::-1], np.array([1, 2]), title="Two", names=("here", "there"))
""",
    "FarLab(os.environ['MNIST_NB_EDGE_URL'], rtt_ms=1)",
    "Lab(keep='digits.json')",
    "Collector('digits.json')",
]


@pytest.fixture(scope="module")
def shown(
    open_notebook: Callable[..., LabNotebook], tmp_path_factory: pytest.TempPathFactory
) -> LabNotebook:
    path = tmp_path_factory.mktemp("outputs") / "outputs.ipynb"
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS]
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}  # else it asks
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=python), path)
    notebook = open_notebook(str(path))
    notebook.run_all()
    notebook.page.locator(".mnist-nb-collect .mnist-nb-paper canvas").wait_for()
    return notebook


def test_axe_finds_nothing_in_them_in_both_themes(shown: LabNotebook) -> None:
    errors = shown.page.locator("[data-mime-type='application/vnd.jupyter.error']")
    assert errors.all_inner_texts() == []
    expect(shown.page.locator(".mnist-nb-answers")).to_have_count(2)
    assert shown.barriers() == ""


def test_sliders_have_the_names_beside_them(shown: LabNotebook) -> None:
    for name in ("Round trip (ms)", "Lost segments (%)"):
        expect(shown.page.get_by_role("slider", name=name, exact=True)).to_have_count(1)
