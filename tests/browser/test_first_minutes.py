"""What `mnist-nb lab` shows before anybody has pressed a key."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_nb import LocalEdge
from tests.support.command import SECONDS, Command
from tests.support.notebook import THREE, LabNotebook

from .conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.edge]
NOTEBOOK = Path("notebooks/01_draw.ipynb")
# All of it, without scrolling, below JupyterLab's bars and above its status.
IN_VIEW = """() => {
  const view = document.querySelector(".jp-NotebookPanel-notebook").getBoundingClientRect();
  const parts = document.querySelectorAll(".mnist-nb-paper canvas, .mnist-nb-answers tbody tr");
  return parts.length > 10 && [...parts].every(part => {
    const box = part.getBoundingClientRect();
    return box.height > 0 && box.top >= view.top && box.bottom <= view.bottom
      && box.left >= view.left && box.right <= view.right;
  });
}"""
DONE = """() => {
  const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
  return prompts.length > 8 && prompts.every(prompt => /\\d/.test(prompt.textContent));
}"""
CLEAN = "() => document.querySelector('.jp-mod-dirty') === null"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mine"


@pytest.fixture
def url(folder: Path, edge: LocalEdge, tmp_path: Path) -> Iterator[str]:
    """That of a lab whose notebooks are a copy, and whose settings are those of a newcomer."""
    words = ("lab", "--no-browser", "--folder", str(folder), "--edge", edge.url)
    command = Command(words, tmp_path, {})
    try:
        found = re.search(r"lab +(http\S+)", command.until("Ctrl+C"))
        assert found
        yield found[1]
        command.remember_family()
        command.interrupt()
        command.end()
    finally:
        command.clear()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_context(viewport={"width": 1100, "height": 800}).new_page()
    page.set_default_timeout(1000 * SECONDS)
    yield page
    page.context.close()


def lab_of(page: Page) -> LabNotebook:
    lab = LabNotebook(page, "", "")
    lab.wait_for("d.state === 'empty' && d.edgeState === 'up'")
    return lab


def test_the_lab_is_there_and_in_view_and_the_notebook_is_not_unsaved(
    url: str, page: Page, folder: Path
) -> None:
    page.goto(url)
    lab = lab_of(page)
    for name in ("Undo", "Clear"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    page.wait_for_function(DONE)
    page.wait_for_function(CLEAN)
    page.wait_for_function(IN_VIEW)
    lab.draw(THREE)
    lab.wait_for_both(3)
    page.wait_for_function(IN_VIEW)
    assert page.evaluate(CLEAN)

    # The page anew: the same lab, with its drawing.
    page.reload()
    lab.wait_for_both(3)
    lab.wait_for_ink()
    page.wait_for_function(IN_VIEW)
    page.wait_for_function(CLEAN)

    # "Run all" ends at the last cell, and leaves the lab in view.
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(DONE)
    lab_of(page)
    page.wait_for_function(IN_VIEW)
    assert (folder / NOTEBOOK).read_bytes() == (ROOT / NOTEBOOK).read_bytes()


def test_what_somebody_wrote_runs_when_they_say_so(url: str, page: Page, folder: Path) -> None:
    notebook = json.loads((folder / NOTEBOOK).read_text("utf-8"))
    mine = next(cell for cell in notebook["cells"] if cell["id"] == "predict")
    mine["source"] = ["print('MINE')"]
    (folder / NOTEBOOK).write_text(json.dumps(notebook), "utf-8")
    page.goto(url)
    lab_of(page)
    page.wait_for_function(CLEAN)
    cells = page.locator(".jp-CodeCell")
    above, changed = cells.filter(has_text="image.shape"), cells.filter(has_text="MINE")
    expect(above.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\d"))
    expect(changed.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[ \]"))
    expect(cells.last.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[ \]"))
    # And what is written now is unsaved, as ever.
    changed.locator(".cm-content").click()
    page.keyboard.type("# more")
    page.wait_for_selector(".jp-mod-dirty", state="attached")


def test_on_a_phone_the_files_leave_room_for_the_paper(url: str, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 780})
    page.goto(url)
    lab_of(page)
    expect(page.locator(".jp-FileBrowser")).to_be_hidden()
    paper = page.locator(".mnist-nb-paper canvas").bounding_box()
    assert paper
    assert paper["x"] < 390 / 4
