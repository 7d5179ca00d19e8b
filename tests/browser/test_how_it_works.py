"""Notebook 02 as a reader uses it: the shipped file in JupyterLab, a pointer, a keyboard."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from mnist_nb import Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.network.layers_of import Layers
from tests.support.notebook import SEVEN, LabNotebook

pytestmark = [pytest.mark.browser, pytest.mark.edge]

VIEWS = 12
LAST = "dot"  # of the cells that look at the drawing; the others ask an edge

_RUN_UNTIL = """async id => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = 1 + notebook.widgets.findIndex(cell => cell.model.id === id);
  await window.jupyterapp.commands.execute("notebook:run-all-above");
}"""


class Lesson:
    """The notebook with its views."""

    def __init__(self, notebook: LabNotebook) -> None:
        self.notebook, self.page = notebook, notebook.page

    def view(self, name: str) -> Locator:
        """One view, by its heading's place in the notebook."""
        return self.page.locator(".mn-view").nth(
            ["Answer", "RasterSteps", "Pixels", "Convolution", "Curves", "FeatureMaps", "LooksFor",
             "Evidence", "DigitMap", "Softmax", "Doubt", "SmallestDot"].index(name)
        )  # fmt: skip

    def draw(self, view: str, stroke: list[tuple[float, float]]) -> None:
        """Draw with the mouse on the pad beside a view."""
        canvas = self.view(view).locator(".mnist-nb-paper canvas")
        canvas.scroll_into_view_if_needed()
        canvas.hover()
        box = canvas.bounding_box()
        assert box is not None
        mouse = self.page.mouse
        mouse.move(box["x"] + stroke[0][0], box["y"] + stroke[0][1])
        mouse.down()
        for x, y in stroke[1:]:
            mouse.move(box["x"] + x, box["y"] + y, steps=3)
        mouse.up()

    def sample(self, digit: int) -> None:
        """Take a sample, and wait until the last of the views shows it."""
        pad = self.view("Answer").locator(".mnist-nb-samples")
        pad.get_by_role("button", name=str(digit)).click()
        self.view("Doubt").locator(f'tr.is-winner[data-digit="{digit}"]').wait_for()

    def sum(self) -> tuple[float, float]:
        """What the worked convolution adds up to, and what the network computes."""
        data = self.view("Convolution").locator(".mn-sum").evaluate("p => ({...p.dataset})")
        return float(data["sum"]), float(data["network"])

    def field(self, name: str) -> Locator:
        return self.view("Convolution").get_by_label(name, exact=True)

    def numbers(self) -> list[float]:
        """Patch, filter and products of the worked convolution: 27 numbers."""
        cells = self.view("Convolution").locator(".mn-grid-numbers td")
        return list(map(float, cells.evaluate_all("cells => cells.map(c => c.dataset.value)")))


@pytest.fixture(scope="module")
def lesson(open_notebook: Callable[..., LabNotebook]) -> Lesson:
    """The notebook, run as far as its views."""
    notebook = open_notebook("02_how_it_works.ipynb")
    notebook.page.evaluate(_RUN_UNTIL, LAST)
    shown = Lesson(notebook)
    shown.view("SmallestDot").locator(".mn-shown figure").wait_for()
    return shown


def test_every_view_is_there_with_a_sample_and_without_an_error(lesson: Lesson) -> None:
    expect(lesson.page.locator(".mn-view")).to_have_count(VIEWS)
    expect(lesson.page.locator(".mn-view .mn-note")).to_have_count(VIEWS)
    assert lesson.page.locator(".jupyter-widgets-error-widget").count() == 0
    assert lesson.page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0


def test_a_stroke_beside_the_feature_maps_reaches_every_view(lesson: Lesson) -> None:
    maps = lesson.view("FeatureMaps").locator("figure img")
    before = maps.evaluate_all("images => images.map(i => i.src)")
    lesson.draw("FeatureMaps", SEVEN[0])
    lesson.view("Doubt").locator('tr.is-winner[data-digit="7"]').wait_for()
    after = maps.evaluate_all("images => images.map(i => i.src)")
    assert len(after) == 3
    assert not set(before) & set(after)
    expect(lesson.page.locator(".mn-view .mn-note")).to_have_count(0)
    head = lesson.view("Answer").locator(".mn-head")
    expect(head).to_have_text(re.compile("^The network says 7"))


def test_the_worked_convolution_has_the_numbers_of_the_network(lesson: Lesson) -> None:
    network = Network.load()
    outputs = Layers(network).outputs(rasterize(samples()[3]))
    kernels = network.weights.tensors["conv1.weight"]
    lesson.sample(3)
    picture = lesson.view("Convolution").locator(".mn-picker canvas")
    for number, row, column in [(0, 3, 20), (5, 15, 9)]:
        lesson.field("Filter").select_option(str(number))
        picture.click(position={"x": 280 + 9 * column + 4, "y": 9 + 9 * row + 4})
        lesson.page.wait_for_function(
            "at => document.querySelector('.mn-pictures').ariaLabel.includes(at)",
            arg=f"the cell at row {row}, column {column} framed",
        )
        # The fields follow by messages of their own: hovering has framed the cell before the click.
        expect(lesson.field("Row")).to_have_value(str(row))
        expect(lesson.field("Column")).to_have_value(str(column))
        shown = lesson.view("Convolution").locator(".mn-grid-numbers caption").nth(1)
        shown.filter(has_text=f"Filter {number}").wait_for()
        patch, kernel = outputs[0][0, row : row + 3, column : column + 3], kernels[number, 0]
        ours = np.array(lesson.numbers(), np.float32).reshape(3, 3, 3)
        assert np.array_equal(ours, [patch, kernel, patch * kernel])
        worked, computed = lesson.sum()
        assert np.float32(computed) == outputs[1][number, row, column]
        assert worked == pytest.approx(computed, abs=1e-6)


def test_hovering_shows_a_cell_and_a_click_keeps_it(lesson: Lesson) -> None:
    output = Layers(Network.load()).outputs(rasterize(samples()[3]))[1][0]
    lesson.sample(3)
    lesson.field("Filter").select_option("0")
    picture = lesson.view("Convolution").locator(".mn-picker canvas")

    def shows(row: int, column: int) -> None:
        lesson.page.wait_for_function(
            "at => document.querySelector('.mn-pictures').ariaLabel.includes(at)",
            arg=f"the cell at row {row}, column {column} framed",
        )
        worked, computed = lesson.sum()
        assert np.float32(computed) == output[row, column]
        assert worked == pytest.approx(computed, abs=1e-6)

    def at(row: int, column: int) -> dict[str, float]:
        return {"x": 280 + 9 * column + 4, "y": 9 + 9 * row + 4}

    picture.click(position=at(6, 7))
    shows(6, 7)
    for row, column in [(12, 9), (13, 20), (20, 12)]:
        picture.hover(position=at(row, column))
        shows(row, column)
    expect(lesson.field("Row")).to_have_value("6")
    lesson.field("Row").hover()  # off the picture
    shows(6, 7)


def test_hovering_a_map_shows_what_its_number_has_seen(lesson: Lesson) -> None:
    lesson.sample(3)
    outputs = Layers(Network.load()).outputs(rasterize(samples()[3]))
    view = lesson.view("LooksFor")
    picture = view.locator(".mn-picker canvas")
    for channel, row, column in [(2, 5, 6), (6, 20, 20)]:
        at = {"x": 72 * channel + 66 * column / 26 + 1, "y": 22 + 66 * row / 26 + 1}
        picture.hover(position=at)
        shown = view.locator(f"[data-cell='0,{channel},{row},{column}']")
        shown.wait_for()
        value = float(shown.get_attribute("data-value") or "nan")
        assert value == pytest.approx(float(outputs[3][channel, row, column]), rel=1e-6)
        mark, canvas = view.locator("[style*=outline]").bounding_box(), picture.bounding_box()
        assert mark is not None
        assert canvas is not None
        assert mark["x"] <= canvas["x"] + at["x"] <= mark["x"] + mark["width"]
        assert mark["y"] <= canvas["y"] + at["y"] <= mark["y"] + mark["height"]


def test_the_drawing_moves_on_the_map_that_lies_right_under_it(lesson: Lesson) -> None:
    view = lesson.view("DigitMap")
    lesson.sample(0)
    view.locator('[data-near="0, 0, 0"]').wait_for()
    over, field = (
        view.locator(f"svg.mn-plot[{a}]").bounding_box() for a in ("aria-hidden", "role")
    )
    assert over is not None
    assert field is not None
    assert over == pytest.approx(field, abs=1)


def test_a_button_finds_the_smallest_dot(lesson: Lesson) -> None:
    lesson.sample(1)
    view = lesson.view("SmallestDot")
    view.get_by_role("button", name="Find the smallest dot").click()
    view.locator("[data-radius]").wait_for()


def test_arrow_keys_choose_a_cell_and_tab_leaves_the_picture(lesson: Lesson) -> None:
    lesson.field("Row").fill("10")
    lesson.field("Row").press("Enter")
    lesson.view("Convolution").locator(".mn-picker canvas").focus()
    lesson.page.keyboard.press("ArrowDown")
    lesson.page.wait_for_function(
        "() => document.querySelector('.mn-pictures').ariaLabel.includes('the cell at row 11,')"
    )
    lesson.page.keyboard.press("Tab")
    assert not lesson.page.evaluate("document.activeElement.closest('.mn-picker') !== null")


def test_the_keyboard_alone_reaches_every_control(lesson: Lesson) -> None:
    """From the first control of each view, Tab visits all that can be operated in it."""
    for index in range(VIEWS):
        tools = lesson.page.locator(".mn-view").nth(index).locator(".mn-tools").first
        controls = tools.locator("input, select, button")
        names = controls.evaluate_all("all => all.map(c => c.type === 'radio' ? c.name : c.id)")
        if not names:
            continue
        groups = len(set(filter(None, names))) + names.count("")
        controls.first.focus()
        visited = 1
        while True:
            lesson.page.keyboard.press("Tab")
            inside = tools.evaluate("tools => tools.contains(document.activeElement)")
            if not inside:
                break
            visited += 1
        assert visited >= groups - 1, index  # a group of radio buttons is one stop


def test_axe_finds_nothing_in_the_views_in_both_themes(lesson: Lesson) -> None:
    assert lesson.notebook.barriers() == ""


def test_a_slider_sets_the_temperature_by_keyboard_and_has_a_name(lesson: Lesson) -> None:
    lesson.sample(4)
    slider = lesson.view("Softmax").get_by_role("slider", name="Temperature", exact=True)
    slider.press("ArrowRight")
    caption = lesson.view("Softmax").locator("caption").nth(1)
    caption.filter(has_text="at temperature 1.19").wait_for()
    slider.press("ArrowLeft")
    caption.filter(has_text=re.compile("at temperature 1$")).wait_for()


def test_canvases_say_what_they_are(lesson: Lesson) -> None:
    canvases = lesson.page.locator(".mn-view canvas")
    named = lesson.page.locator(".mn-view canvas[role=img][aria-label]:not([title])")
    assert canvases.count() == named.count() > 2


def test_nothing_sticks_out_at_any_width(lesson: Lesson) -> None:
    size = lesson.page.viewport_size
    assert size is not None
    try:
        for width in (1600, 1100, 700):
            lesson.page.set_viewport_size({"width": width, "height": 900})
            lesson.page.wait_for_function(
                """() => [...document.querySelectorAll(".mn-view")].every(view => {
                  const cell = view.closest(".jp-OutputArea-output").getBoundingClientRect();
                  const parts = view.querySelectorAll("canvas, img, svg, button, table, p, input");
                  return [...parts].every(part => {
                    const box = part.getBoundingClientRect();
                    return box.right <= cell.right + 1 || part.closest(".mn-scroll");
                  });
                })"""
            )
    finally:
        lesson.page.set_viewport_size(size)
