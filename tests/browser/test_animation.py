"""The animation at the head of README: a digit is drawn, and both rows of bars follow the pen."""

import io
from collections.abc import Callable

import pytest
from PIL import Image

from tests.support.notebook import SEVEN, THREE, LabNotebook, Point, smooth

from .conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.edge]
FRAME, LAST = 50, 1500  # ms of each, and of one to read
MARGIN = 12


def points(strokes: list[list[Point]], gap: float = 8.0) -> list[Point]:
    """Of a steady hand: so far apart, in pixels."""
    found: list[Point] = []
    for point in smooth(strokes[0], 24):
        if not found or abs(complex(*found[-1]) - complex(*point)) >= gap:
            found.append(point)
    return found


@pytest.mark.usefixtures("screenshots")
def test_animation_of_the_readme(open_notebook: Callable[..., LabNotebook]) -> None:
    lab = open_notebook(
        "01_draw.ipynb", viewport={"width": 1000, "height": 1200}, device_scale_factor=1.5
    )
    lab.run_all()
    lab.wait_for("d.edgeState === 'up'")
    lab.page.add_style_tag(content=".jp-OutputPrompt { visibility: hidden }")
    lab.canvas.evaluate("paper => paper.scrollIntoView({ block: 'center' })")
    lab.canvas.hover()
    shown = lab.page.locator(".mnist-nb-lab").bounding_box()
    assert shown is not None
    clip = {
        "x": shown["x"] - MARGIN,
        "y": shown["y"],
        "width": shown["width"] + 2 * MARGIN,
        "height": shown["height"] + MARGIN,
    }
    frames: list[Image.Image] = []
    times: list[int] = []

    def take(milliseconds: int = FRAME) -> None:
        frames.append(Image.open(io.BytesIO(lab.page.screenshot(clip=clip))).convert("RGB"))
        times.append(milliseconds)

    take(600)
    for strokes, digit in ((THREE, 3), (SEVEN, 7)):
        lab.clear()
        lab.wait_for("d.state === 'empty'")
        take(300)
        box = lab.canvas.bounding_box()
        assert box is not None
        for index, (x, y) in enumerate(points(strokes)):
            lab.page.mouse.move(box["x"] + x, box["y"] + y)
            if index == 0:
                lab.page.mouse.down()
            else:
                lab.wait_for("d.edgeStale === 'false'")
            take()
        lab.page.mouse.up()
        lab.wait_for_both(digit)
        take(LAST)

    path = ROOT / "docs/lab.webp"
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=times,
        loop=0,
        lossless=True,
        method=6,
    )
