"""The line under the pen is there at once, also while the kernel computes."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.notebook import SEVEN, LabNotebook

pytestmark = [pytest.mark.browser, pytest.mark.edge]

LINES = """() => [...document.querySelectorAll(".mnist-nb-echo polyline")].map(
  line => [...line.points].map(({x, y}) => [x, y]))"""
NO_LINES = "() => document.querySelector('.mnist-nb-echo polyline') === null"


@pytest.fixture(scope="module")
def lab(open_notebook: Callable[..., LabNotebook]) -> LabNotebook:
    notebook = open_notebook("01_draw.ipynb", has_touch=True)
    notebook.run_all()
    notebook.wait_for("d.edgeState === 'up'")
    return notebook


def strokes(lab: LabNotebook) -> list[list[list[float]]]:
    lab.start("import json; print(json.dumps([s.tolist() for s in lab.drawing.strokes]))")
    found: list[list[list[float]]] = json.loads(lab.printed())
    return found


@pytest.mark.parametrize("way", ["draw", "draw_by_touch"])
def test_ink_does_not_wait_for_the_kernel(lab: LabNotebook, tmp_path: Path, way: str):
    lab.clear()
    lab.wait_for("d.state === 'empty'")
    lab.wait_for_ink(0)
    done = tmp_path / "done"
    lab.start(
        f"import pathlib, time\nwhile not pathlib.Path({str(done)!r}).exists(): time.sleep(0.01)"
    )
    getattr(lab, way)([*SEVEN, [(110, 150), (190, 150)]])  # crossed, as many people do
    lines = lab.page.evaluate(LINES)
    assert [line[0] for line in lines] == [[80, 66], [110, 150]]
    assert lab.ink() == 0
    done.touch()
    lab.printed()
    lab.wait_for_both(7)
    lab.page.wait_for_function(NO_LINES)
    assert lab.ink() > 0
    for line, stroke in zip(lines, strokes(lab), strict=True):
        # A mouse event has whole pixels of the window, a pointer's has parts.
        np.testing.assert_allclose([line[0], line[-1]], [stroke[0], stroke[-1]], atol=1)
        assert len(line) >= len(stroke)


def test_what_is_taken_back_under_the_pen_is_gone(lab: LabNotebook):
    lab.clear()
    lab.wait_for("d.state === 'empty'")
    lab.canvas.hover()
    box = lab.canvas.bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + 60, box["y"] + 60)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 200, box["y"] + 60, steps=5)
    assert len(lab.page.evaluate(LINES)) == 1
    lab.page.keyboard.press("Control+z")
    assert lab.page.evaluate(LINES) == []
    lab.page.mouse.move(box["x"] + 200, box["y"] + 200, steps=5)
    lab.page.mouse.up()
    lab.wait_for("d.state === 'empty'")
    assert lab.page.evaluate(LINES) == []
    assert strokes(lab) == []


def test_a_line_ends_at_the_border_and_begins_where_the_pen_comes_back(lab: LabNotebook):
    lab.clear()
    lab.wait_for("d.state === 'empty'")
    lab.canvas.hover()
    box = lab.canvas.bounding_box()
    assert box is not None
    mouse = lab.page.mouse
    mouse.move(box["x"] + 200, box["y"] + 60)
    mouse.down()
    for x, y in ((300, 60), (300, 90), (240, 120), (100, 120)):
        mouse.move(box["x"] + x, box["y"] + y)
    lines = lab.page.evaluate(LINES)
    mouse.up()
    lab.page.wait_for_function(NO_LINES)
    assert [[line[0], line[-1]] for line in lines] == [
        [[200, 60], [280, 60]],
        [[240, 120], [100, 120]],
    ]
    ends = [[stroke[0], stroke[-1]] for stroke in strokes(lab)]
    np.testing.assert_allclose(ends, [[line[0], line[-1]] for line in lines], atol=1)


def test_the_line_is_as_dark_or_light_as_the_ink(lab: LabNotebook):
    lab.draw([[(60, 60), (200, 60)]])
    filters = """() => ["canvas", ".mnist-nb-echo"].map(what => {
      const at = document.querySelector(`.mnist-nb-paper ${what}`);
      const own = [at, at.parentElement].map(each => getComputedStyle(each).filter);
      return own.filter(each => each !== "none");
    })"""
    for name, expected in (("Dark", ["invert(1)"]), ("Light", [])):
        lab.theme(f"JupyterLab {name}")
        assert lab.page.evaluate(filters) == [expected, expected]
