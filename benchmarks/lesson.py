"""From the pen to the feature maps of notebook 02, as shipped, in JupyterLab in Chromium.

One event of the mouse at a time, each after the maps of the one before were painted: the time from
the browser's event until a new picture of the first layer is painted (`pad/watch.js` says what that
includes).
"""

import asyncio
import shutil
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.harness import Section, Target
from mnist_nb import LocalEdge
from tests.support.application import FLAGS, OPEN_NOTEBOOK, find_chromium, jupyter_lab

QUICK = {"events": 20}
NOTEBOOK = Path(__file__).parents[1] / "notebooks/02_how_it_works.ipynb"
VIEWS, MAPS, LAST = 9, 5, "not-sure"  # views in all, the one with the maps, the last one's cell
PAUSE = 80  # ms from a picture to the next event
_RUN_UNTIL = """async id => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = 1 + notebook.widgets.findIndex(cell => cell.model.id === id);
  await window.jupyterapp.commands.execute("notebook:run-all-above");
}"""
_WATCH = """which => {
  const view = document.querySelectorAll(".mn-view")[which];
  const source = () => view.querySelector("figure img").src;
  let last = source();
  window.delays = [];
  let moved = 0;
  const note = event => { if (event.buttons) moved = event.timeStamp; };
  view.querySelector(".mnist-nb-paper canvas").addEventListener("mousemove", note, true);
  new MutationObserver(() => {
    if (source() === last) return;
    last = source();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.delays.push(performance.now() - moved);
      port2.postMessage(0);
    });
  }).observe(view, { subtree: true, childList: true, attributes: true });
}"""


async def run(events: int) -> list[float]:
    """Return milliseconds of each event."""
    from playwright.async_api import async_playwright

    chromium = find_chromium()
    if chromium is None:
        raise RuntimeError("no Chromium on PATH; `make chromium` gets one")
    with tempfile.TemporaryDirectory() as place, LocalEdge() as edge:
        home, folder = Path(place) / "home", Path(place) / "notebooks"
        folder.mkdir()
        shutil.copy(NOTEBOOK, folder)
        with jupyter_lab(home, folder, edge.url) as server:
            async with async_playwright() as play:
                browser = await play.chromium.launch(executable_path=chromium, args=FLAGS)
                page = await browser.new_page()
                page.set_default_timeout(60_000)
                await page.goto(f"{server}/lab?reset")
                await page.wait_for_function("() => window.jupyterapp !== undefined")
                await page.evaluate(OPEN_NOTEBOOK, NOTEBOOK.name)
                await page.evaluate(_RUN_UNTIL, LAST)
                views = page.locator(".mn-view")
                await views.nth(VIEWS - 1).wait_for()
                await page.wait_for_timeout(3000)  # what JupyterLab does after a start
                canvas = views.nth(MAPS).locator(".mnist-nb-paper canvas")
                await canvas.hover()
                box = await canvas.bounding_box()
                await page.mouse.move(box["x"] + 160, box["y"] + 140)
                await page.mouse.down()
                await page.wait_for_timeout(1000)
                await page.evaluate(_WATCH, MAPS)
                for i in range(1, events + 1):  # a spiral
                    x, y = (140 + (20 + i / 2) * turn(0.12 * i) for turn in (np.cos, np.sin))
                    await page.mouse.move(box["x"] + x, box["y"] + y)
                    await page.wait_for_function("n => window.delays.length >= n", arg=i)
                    await page.wait_for_timeout(PAUSE)
                found: list[float] = (await page.evaluate("window.delays"))[:events]
                await page.mouse.up()
                await browser.close()
    return found


def measure(events: int = 100) -> dict[str, Section]:
    """Return the section "lesson"."""
    p10, median, p90, p95 = np.percentile(asyncio.run(run(events)), [10, 50, 90, 95]).tolist()
    row = {"p10": p10, "median": median, "p90": p90, "p95": p95}
    about = f"notebook 02 as shipped, {events} events of the mouse, each after the last was painted"
    reached = Target("pen to feature maps, median", median, 150, True, " ms", p10, p90)
    title = "Pen to feature maps"
    return {"lesson": Section(title, about, "ms", {"all three layers": row}, [reached])}
