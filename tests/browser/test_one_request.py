"""One request, live, in JupyterLab: its buttons, and the edge's kernel in the browser itself."""

import re
from collections.abc import Callable

import nbformat
import pytest
from playwright.sync_api import expect

from tests.support.notebook import LabNotebook

pytestmark = [pytest.mark.browser, pytest.mark.edge]

CELL = """
from mnist_nb import LocalEdge
from mnist_nb.lessons.layers import Subject
from mnist_nb.lessons.one_request import OneRequest

OneRequest(Subject(), LocalEdge(ttl=0).start())
"""


@pytest.fixture(scope="module")
def shown(
    open_notebook: Callable[..., LabNotebook], tmp_path_factory: pytest.TempPathFactory
) -> LabNotebook:
    path = tmp_path_factory.mktemp("request") / "request.ipynb"
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}  # else it asks
    cells = [nbformat.v4.new_code_cell(CELL.strip())]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=python), path)
    notebook = open_notebook(str(path))
    notebook.run_all()
    return notebook


def test_the_kernel_of_the_edge_runs_in_the_browser_and_says_the_very_same(
    shown: LabNotebook,
) -> None:
    said = shown.page.locator(".mn-shown p", has_text="your browser says the very same")
    said.wait_for()
    assert re.search(r"numpy here differs from the edge by [\d.]+e-0[6-9]", said.inner_text())


def test_an_evicted_object_is_cold_and_pushed_weights_reach_the_browser(
    shown: LabNotebook,
) -> None:
    head = shown.page.locator(".mn-head[data-state]")
    first = head.get_attribute("data-sha256")
    shown.page.get_by_role("button", name="Evict, then ask").click()
    expect(head).to_have_attribute("data-state", "cold")
    shown.page.get_by_role("button", name="Push, then ask").click()
    expect(head).not_to_have_attribute("data-sha256", str(first))
    said = shown.page.locator(".mn-shown p", has_text="numpy has other weights")
    said.filter(has_text="your browser says the very same").wait_for()


def test_axe_finds_nothing_in_it_in_both_themes(shown: LabNotebook) -> None:
    assert shown.barriers() == ""
