"""The views of 02 and 05 in JupyterLab, Notebook 7 and Voila: pointer, pen, and keyboard alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from tests.support.notebook import SEVEN, LabNotebook

pytestmark = [pytest.mark.browser, pytest.mark.edge]

CELLS = [
    """
import numpy as np
from mnist_nb import LocalEdge, Network, rasterize
from mnist_nb.drawing import homemade
from mnist_nb.lessons.bets import Bet
from mnist_nb.lessons.layers import DigitMap, LooksFor, Pooling, Softmax, Subject
from mnist_nb.lessons.learning import History, OneStep
from mnist_nb.lessons.one_request import OneRequest
from mnist_nb.lessons.threshold import Threshold
from mnist_nb.training import design, learn

drawings, labels = homemade(60, seed=1)
images = np.array([rasterize(drawing) for drawing in drawings])
subject = Subject()
""",
    "LooksFor(subject, images)",
    "DigitMap(subject, images, labels)",
    """
bet = Bet('At a high temperature each of the ten gets about', 50, low=0, high=100, unit='%')
bet
""",
    "OneRequest(subject, LocalEdge(ttl=0).start())",
    "start = design([('conv2d', 4, 5), 'relu', ('maxpool2d', 2), 'flatten', ('linear', 10)])",
    "pupil = Subject(Network(start))\nPooling(pupil)",
    "OneStep(pupil)",
    "History(pupil, learn(start, images, labels, steps=12))",
    "Threshold({'own': subject.network}, images, 255 - images)",
    """
import ipywidgets as widgets
from mnist_nb.lessons.layers.view import Styles

plain = [
    widgets.IntSlider(50, description="Plain slider"),
    widgets.RadioButtons(options=["a", "b", "c"], description="Plain buttons"),
    widgets.Dropdown(options=["d", "e", "f"], description="Plain list"),
]
heard = widgets.Label()
for widget in plain:
    widget.observe(lambda change: setattr(heard, "value", f"heard {change.new}"), "value")
box = widgets.VBox([Styles(), widgets.Button(description="Before"), *plain, heard])
box.add_class("mnist-nb")  # `Styles` names the slider for axe, which ipywidgets does not
box
""",
    "Softmax(subject, bet=bet.reveal())",  # last, so that a test may run it again
]
SIZE: ViewportSize = {"width": 1100, "height": 900}
FRONT_ENDS = ("lab", "notebook 7", "voila")


@pytest.fixture(scope="module")
def path(jupyter: tuple[str, Path]) -> str:
    """The name of a notebook with these cells, in the folder that is served."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS]
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}  # else it asks
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata=python), jupyter[1] / "views.ipynb"
    )
    return "views.ipynb"


@pytest.fixture(scope="module", params=FRONT_ENDS)
def page(
    request: pytest.FixtureRequest, browser: Browser, jupyter: tuple[str, Path], path: str
) -> Iterator[Page]:
    """The notebook, all of it run, in a front end; one server has all three."""
    url, _ = jupyter
    tab = browser.new_page(viewport=SIZE)
    tab.set_default_timeout(60_000)
    notebook = LabNotebook(tab, url, path)
    if request.param == "lab":
        notebook.open()
    elif request.param == "notebook 7":
        notebook.open_in_seven()
    else:
        tab.goto(f"{url}/voila/render/{path}")
    if request.param != "voila":
        notebook.run_all()
    view(tab, "Temperature").wait_for()
    yield tab
    LabNotebook.shut_down(tab)
    tab.close()


def view(page: Page, control: str) -> Locator:
    """The view that has a control of this name."""
    return page.locator(".mn-view").filter(has=page.get_by_label(control, exact=True)).first


def press(page: Page, view: Locator, name: str) -> None:
    """Reach a button by Tab, from the first control of its view on, and press Enter."""
    view.locator(".mn-tools").locator("select, button, input").first.focus()
    tab_to(page, view.get_by_role("button", name=name, exact=True))
    page.keyboard.press("Enter")


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until an element of this output has the focus."""
    while not wanted.evaluate("wanted => document.activeElement === wanted"):
        page.keyboard.press("Tab")
        assert wanted.evaluate(
            "wanted => wanted.closest('.jp-OutputArea').contains(document.activeElement)"
        )


def test_pointing_at_a_map_shows_what_its_number_has_seen(page: Page) -> None:
    looks_for = view(page, "Layer")
    looks_for.locator(".mn-picker canvas").hover(position={"x": 72 * 2 + 30, "y": 22 + 30})
    looks_for.locator("[data-cell^='0,2,']").wait_for()
    page.mouse.move(1, 1)
    looks_for.locator("[data-cell='2,0,11,11']").wait_for()  # the chosen one
    looks_for.locator(".mn-picker canvas").focus()
    page.keyboard.press("ArrowDown")
    looks_for.locator("[data-cell='2,0,12,11']").wait_for()


def test_the_pen_moves_the_drawing_on_the_map(page: Page) -> None:
    digit_map = page.locator(".mn-view").filter(has=page.locator("[data-near]"))
    before = digit_map.locator("[data-near]").get_attribute("data-x")
    pad = digit_map.locator(".mnist-nb-paper canvas")
    pad.scroll_into_view_if_needed()
    pad.hover()
    box = pad.bounding_box()
    assert box is not None
    for index, (x, y) in enumerate(SEVEN[0]):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
        if index == 0:
            page.mouse.down()
    page.mouse.up()
    digit_map.locator(".mn-head", has_text=re.compile("says 7")).wait_for()
    assert digit_map.locator("[data-near]").get_attribute("data-x") != before


def test_buttons_and_sliders_by_keyboard_alone(page: Page) -> None:
    step = view(page, "It is a")
    press(page, step, "Step")
    step.locator("[data-steps='1']").wait_for()
    history = view(page, "Step")
    before = history.locator("[data-step]").get_attribute("data-step")
    history.get_by_role("slider").press("ArrowLeft")
    expect(history.locator("[data-step]")).not_to_have_attribute("data-step", before or "")
    threshold = view(page, "Not sure below")
    slider = threshold.get_by_role("slider")
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("0.51"))
    request = page.locator(".mn-view").filter(has=page.locator("[data-state]"))
    press(page, request, "Evict, then ask")
    request.locator("[data-state='cold']").wait_for()
    request.get_by_text("your browser says the very same").wait_for()


def test_arrow_keys_reach_plain_widgets_and_python_hears_of_it(page: Page) -> None:
    output = page.locator(".jp-OutputArea").filter(has=page.get_by_text("Plain slider")).last
    output.get_by_role("button", name="Before").focus()
    for wanted, key, value in [
        (output.get_by_role("slider"), "ArrowRight", "51"),
        (output.get_by_role("slider"), "ArrowDown", "50"),
        (output.get_by_role("radio").first, "ArrowDown", "b"),
        (output.get_by_role("combobox"), "ArrowDown", "e"),
    ]:
        tab_to(page, wanted)
        page.keyboard.press(key)
        output.get_by_text(f"heard {value}", exact=True).wait_for()


def test_a_bet_is_locked_by_keyboard_and_axe_finds_nothing_once_it_is_revealed(
    page: Page, request: pytest.FixtureRequest
) -> None:
    field = page.get_by_label("At a high temperature each of the ten gets about (%):", exact=True)
    field.fill("12")
    field.press("Tab")
    page.keyboard.press("Enter")
    expect(field).to_be_disabled()
    page.get_by_text("Your bet is 12").wait_for()
    assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
    if request.node.callspec.params["page"] == "lab":
        notebook = LabNotebook(page, "", "")
        assert notebook.barriers() == ""  # locked
        page.set_viewport_size({"width": 390, "height": 900})
        assert notebook.barriers() == ""  # of a phone: no field hides in a row that scrolls
        page.set_viewport_size(SIZE)
        page.evaluate(
            "const n = jupyterapp.shell.currentWidget.content;"
            "n.activeCellIndex = n.widgets.length - 1; null"
        )
        notebook.command("notebook:run-cell")
        page.get_by_text("your bet, 12").wait_for()
        assert notebook.barriers() == ""
