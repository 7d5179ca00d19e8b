"""The lab as a newcomer meets it: the shipped notebook in JupyterLab, a pointer, both answers."""

import json
import math
import os
import re
import signal
from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from mnist_nb import LocalEdge
from tests.support.notebook import SEVEN, THREE, LabNotebook, smooth

from .conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.edge]

OUTPUT = ".jp-OutputArea-output"
ERRORS = f"{OUTPUT}[data-mime-type='application/vnd.jupyter.error']"


@pytest.fixture(scope="module")
def shown(open_notebook: Callable[..., LabNotebook]) -> LabNotebook:
    """The notebook, all cells run."""
    notebook = open_notebook("01_draw.ipynb", has_touch=True)
    notebook.run_all()
    notebook.wait_for("d.edgeState === 'up'")
    return notebook


@pytest.fixture
def lab(shown: LabNotebook) -> LabNotebook:
    """The same with empty paper."""
    shown.clear()
    shown.wait_for("d.state === 'empty' && d.edgeState === 'up'")
    return shown


def assert_both_say(lab: LabNotebook, digit: int) -> None:
    shown = lab.wait_for_both(digit)
    local, edge = shown["local"], shown["edge"]
    assert shown["agree"] == "true"
    assert shown["sameWeights"] == "true"
    assert float(shown["maxDiff"]) <= 1e-5
    assert max(abs(a - b) for a, b in zip(local, edge, strict=True)) <= 1e-5
    assert local.index(max(local)) == edge.index(max(edge)) == digit
    assert sum(local) == pytest.approx(1, abs=1e-5)


def brightness(color: str) -> float:
    """0..1 of what getComputedStyle says: "rgb(255, 255, 255)" or "rgba(...)"."""
    return sum(map(float, re.findall(r"[\d.]+", color)[:3])) / (3 * 255)


def test_run_all_runs_every_cell_without_error(lab: LabNotebook):
    assert lab.page.locator(ERRORS).all_inner_texts() == []
    texts = "\n".join(lab.page.locator(OUTPUT).all_text_contents())
    assert texts.count("says 7") == 2  # numpy here, and the edge
    assert "10 images: 100.00% agree" in texts


def test_a_mouse_draws_and_both_sides_agree(lab: LabNotebook):
    lab.draw(THREE)
    lab.wait_for_ink()
    assert_both_say(lab, 3)
    lab.page.get_by_role("button", name="Undo").click()
    lab.wait_for("d.state === 'empty'")
    lab.wait_for_ink(0)


def test_a_finger_draws_and_both_sides_agree(lab: LabNotebook):
    lab.draw_by_touch(SEVEN)
    lab.wait_for_ink()
    assert_both_say(lab, 7)


def test_both_sides_are_not_sure_of_a_scribble(lab: LabNotebook):
    lab.draw([[(60, 60), (220, 200), (50, 190), (240, 90), (90, 240), (150, 30), (200, 250)]])
    lab.wait_for("d.edgeStale === 'false' && d.localSure === 'false' && d.edgeSure === 'false'")
    verdict = lab.page.locator(".mnist-nb-verdict strong")
    expect(verdict).to_have_text(re.compile("^Both are not sure"))


def test_the_bars_follow_while_the_pen_is_down(lab: LabNotebook):
    box = lab.canvas.bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + 140, box["y"] + 40)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 138, box["y"] + 240, steps=20)
    assert_both_say(lab, 1)
    lab.page.mouse.up()


def test_the_page_tells_the_kernel_what_it_has_painted(lab: LabNotebook):
    """So that a slow one is not sent more than it can paint."""
    lab.start(
        "told = []; lab.view.on_msg(lambda view, said, _: told.append("
        "[said['painted'], lab.pad.pace.number]))"
    )
    lab.printed()
    lab.draw(THREE)
    lab.wait_for_both(3)
    lab.start("import json; print(json.dumps(told))")
    told = json.loads(lab.printed())
    assert len(told) >= 2
    numbers = [number for number, _ in told]
    assert numbers == sorted(set(numbers))
    assert all(number <= newest for number, newest in told)


def test_drawing_does_not_change_the_icon_of_the_tab(lab: LabNotebook):
    """Each event once made JupyterLab show "busy", and load another icon, many times a second."""
    lab.wait_for("d.edgeState === 'up'")
    loaded: list[str] = []
    lab.page.on("request", lambda request: loaded.append(request.url))
    lab.draw(THREE)
    assert_both_say(lab, 3)
    icons = [url for url in loaded if "icon" in url]
    assert len(icons) < 10, icons  # it was 45; a few are right where an event takes 0.1 s


def test_jupyterlab_forgets_the_events_of_the_pen_when_it_rests(lab: LabNotebook):
    """It keeps each until it hears that the kernel is done with it: else memory would grow."""
    kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    kept = f"[...{kernel}._futures.values()].filter(f => f.msg.header.msg_type === 'comm_msg')"
    lab.page.evaluate(
        f"""() => {{
          window.most = 0;
          const note = () => {{ window.most = Math.max(window.most, {kept}.length); }};
          {kernel}.anyMessage.connect(note);
        }}"""
    )
    lab.draw(THREE)
    assert_both_say(lab, 3)
    lab.page.wait_for_function(f"() => {kept}.length === 0")
    assert lab.page.evaluate("window.most") > 20  # while the pen moved they were not told


def test_a_sample_needs_no_hand_and_the_keyboard_is_enough(lab: LabNotebook):
    keys = lab.page.keyboard
    lab.canvas.focus()
    for _ in range(6):  # Undo and Clear are for paper with ink on it
        keys.press("Tab")
    assert lab.page.evaluate("document.activeElement.textContent") == "5"
    keys.press("Enter")
    assert_both_say(lab, 5)
    lab.wait_for_ink()
    for _ in ("4", "3", "2", "1", "0", "Clear", "Undo", "canvas"):
        keys.press("Shift+Tab")
    assert lab.page.evaluate("document.activeElement.tagName") == "CANVAS"
    keys.press("7")
    assert_both_say(lab, 7)
    keys.press("Backspace")  # a stroke, and it may have two
    keys.press("Control+z")
    lab.wait_for("d.state === 'empty'")
    keys.press("Shift+Tab")
    assert lab.page.evaluate("document.activeElement.tagName") != "CANVAS"


def test_ctrl_s_saves_after_drawing(lab: LabNotebook):
    lab.draw(THREE)
    assert lab.page.evaluate("document.activeElement.tagName") == "CANVAS"
    saved = """() => new Promise(resolve => {
      const { context } = window.jupyterapp.shell.currentWidget;
      context.fileChanged.connect(() => resolve(performance.now()));
      setTimeout(() => resolve(null), 20_000);
      window.pressed = performance.now();
    })"""
    lab.page.evaluate(f"() => {{ window.saved = ({saved})(); }}")
    lab.page.keyboard.press("Control+s")
    took = lab.page.evaluate("() => window.saved.then(at => at && at - window.pressed)")
    assert took is not None
    assert took < 1000


def test_a_pen_that_leaves_the_paper_and_comes_back_draws_on(lab: LabNotebook):
    box = lab.canvas.bounding_box()
    assert box is not None
    mouse = lab.page.mouse
    mouse.move(box["x"] + 140, box["y"] + 60)
    mouse.down()
    mouse.move(box["x"] + 140, box["y"] + 150, steps=5)
    mouse.move(box["x"] - 30, box["y"] + 150, steps=5)
    mouse.move(box["x"] - 30, box["y"] + 200, steps=5)
    mouse.move(box["x"] + 60, box["y"] + 200, steps=5)
    mouse.up()
    lab.wait_for("d.state === 'drawn' && d.edgeStale === 'false'")
    lab.start("print(len(lab.drawing.strokes), lab.drawing.strokes[0][-1], lab.pad.is_pressed)")
    strokes, *end, pressed = lab.printed().split()
    assert (strokes, pressed) == ("2", "False")
    assert end[0].startswith("[0.") or end[:2] == ["[", "0."]


def test_a_stroke_that_is_drawn_while_a_cell_runs_arrives_whole_and_in_order(lab: LabNotebook):
    lab.start("import time\nfor _ in range(8): time.sleep(0.1); sum(range(1_000_000))")
    lab.draw(THREE)
    lab.printed()
    assert_both_say(lab, 3)
    length = "max(np.hypot(*np.diff(s, axis=0).T).sum() for s in lab.drawing.strokes)"
    lab.start(f"import numpy as np; print(len(lab.drawing.strokes), {length})")
    strokes, drawn = map(float, lab.printed().split())
    (points,) = THREE
    ideal = sum(math.dist(a, b) for a, b in pairwise(points))
    assert strokes == 1
    assert drawn == pytest.approx(ideal, rel=0.05)


def test_axe_finds_nothing_in_the_notebook_in_both_themes(lab: LabNotebook):
    lab.draw(THREE)
    lab.wait_for_both(3)
    assert lab.barriers() == ""


def test_the_paper_says_what_it_is_and_has_no_tooltip_over_the_drawing(lab: LabNotebook):
    paper = lab.page.get_by_role("img", name="Paper: draw a digit")
    assert paper.count() == 1
    assert paper.evaluate("paper => [paper.tagName, paper.title]") == ["CANVAS", ""]


def test_preview_shows_28_by_28_pixels(lab: LabNotebook):
    lab.draw(THREE)
    assert_both_say(lab, 3)
    grey = lab.page.get_by_role("img", name="What the network sees").evaluate(
        """canvas => [canvas.width, canvas.height,
          ...canvas.getContext("2d").getImageData(14, 0, 1, 28).data]"""
    )
    assert grey[:2] == [28, 28]
    assert max(grey[2::4]) == 255  # the middle stroke of the 3
    assert min(grey[2::4]) == 0


def test_drawing_goes_on_while_the_edge_is_dead_and_it_comes_back(
    lab: LabNotebook, edge: LocalEdge
):
    lab.draw(THREE)
    assert_both_say(lab, 3)
    assert edge.pid is not None
    os.kill(edge.pid, signal.SIGKILL)
    lab.clear()
    lab.draw(SEVEN)
    shown = lab.wait_for("d.edgeState === 'offline' && d.localWinner === '7'")
    assert shown["edgeWinner"] == ""
    expect(lab.answers).to_contain_text("no edge at")
    edge.start()
    assert_both_say(lab, 7)


def test_a_reload_keeps_the_drawing_and_the_pen(lab: LabNotebook):
    lab.page.get_by_role("button", name="8", exact=True).click()
    assert_both_say(lab, 8)
    lab.wait_for_ink()  # a sample comes in one piece
    before = lab.ink()
    lab.reload()
    lab.wait_for_ink(before)
    assert_both_say(lab, 8)
    lab.clear()
    lab.draw(THREE)
    assert_both_say(lab, 3)


def test_ink_and_paper_change_sides_with_the_theme(lab: LabNotebook):
    """In both themes ink and paper, text and background are far apart."""
    lab.draw(THREE)
    assert_both_say(lab, 3)
    style = """() => {
      const css = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
      return [css(".mnist-nb-paper canvas", "filter"), css(".mnist-nb-paper", "backgroundColor"),
              css(".mnist-nb-verdict strong", "color")];
    }"""
    try:
        for theme, ink, dark in [("Light", "none", False), ("Dark", "invert(1)", True)]:
            lab.theme(f"JupyterLab {theme}")
            filtered, paper, text = lab.page.evaluate(style)
            assert filtered == ink
            assert (brightness(paper) < 0.3) == dark
            assert (brightness(text) > 0.7) == dark
    finally:
        lab.theme("JupyterLab Light")


def test_nothing_sticks_out_at_any_width(lab: LabNotebook):
    lab.draw(SEVEN, steps=1)
    assert_both_say(lab, 7)
    size = lab.page.viewport_size
    assert size is not None
    try:
        for width in (1400, 900, 640, 420):
            lab.page.set_viewport_size({"width": width, "height": 800})
            lab.page.wait_for_function(
                """() => {
                  const lab = document.querySelector(".mnist-nb-lab");
                  const cell = lab.closest(".jp-OutputArea-output").getBoundingClientRect();
                  const parts = lab.querySelectorAll("canvas, img, button, table, td, th, p");
                  return [...parts].every(e => {
                    const box = e.getBoundingClientRect();
                    return box.width === 0 || box.right <= cell.right + 1 || box.width < 2;
                  });
                }"""
            )
    finally:
        lab.page.set_viewport_size(size)


@pytest.mark.usefixtures("screenshots")
@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_pictures_of_the_readme(lab: LabNotebook, theme: str) -> None:
    page = lab.page
    lab.theme(f"JupyterLab {theme}")
    page.set_viewport_size({"width": 1200, "height": 800})
    page.locator(".jp-Cell h1").scroll_into_view_if_needed()
    lab.draw([smooth(stroke) for stroke in THREE], steps=1)
    assert_both_say(lab, 3)
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)  # a picture, not a test: on a busy machine the pen is behind
    (ROOT / "docs").mkdir(exist_ok=True)
    page.screenshot(path=ROOT / f"docs/lab-{theme.lower()}.png")
