"""From the pen to the bars, in JupyterLab in Chromium, with a mouse at 60 events a second.

Each `mousemove` on the paper is noted when the browser gets it, and each table of bars when it has
been painted. The bars say for how many points of the drawing they are, so that every point has its
times: until local bars that know of it are painted, and until the edge's are. The edge is a
`LocalEdge` behind a `Distance` that adds a round trip. The naive contender is what a first version
would be: a callback that draws, computes, asks the edge with `requests` and sets twenty
`FloatProgress`, one after the other.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from harness import HERE, Ratio, Section, rows

from mnist_nb import LocalEdge
from mnist_nb.latency.distance import Distance

ROUND_TRIPS = (0, 80, 400)  # milliseconds that are added
NAIVE_ROUND_TRIPS = (0, 80)  # with 400 it takes minutes
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
POINTS = 180  # three seconds of drawing

OURS = """
from mnist_nb import Lab

class Counting(Lab):
    "Says in its HTML for how many points of the drawing each side's bars are."

    points, asked = 0, {}

    def _drawn(self, pad):
        self.points = sum(len(stroke) for stroke in pad.drawing.strokes)
        if not self.points:
            self.asked = {}  # answers to an earlier drawing do not count
        super()._drawn(pad)

    def _update(self):
        if self._question is not None:
            self.asked.setdefault(id(self._question), (self._question, self.points))
        edge = self.asked.get(id(self._live.news.question), (None, 0))[1]
        with self.answers.hold_sync():
            super()._update()
            counts = f'<i class="counts" data-local="{self.points}" data-edge="{edge}"></i>'
            self.answers.value = counts + self.answers.value

lab = Counting(edge=URL)
lab
"""

NAIVE = """
import ipywidgets, requests
from ipycanvas import Canvas
from mnist_nb import Drawing, Network, rasterize

network, points, drawing = Network.load(), [], False
canvas = Canvas(width=280, height=280)
canvas.layout.width = canvas.layout.height = "280px"
local, edge = ([ipywidgets.FloatProgress(max=1) for _ in range(10)] for _ in range(2))
counts = ipywidgets.HTML()

def down(x, y):
    global drawing
    drawing = True
    move(x, y)

def up(x, y):
    global drawing
    drawing = False

def move(x, y):
    if not drawing:
        return
    points.append((x, y))
    canvas.fill_circle(x, y, 8)
    image = rasterize(Drawing([points]))
    for bar, p in zip(local, network.predict(image)[0]):
        bar.value = float(p)
    answer = requests.post(URL + "/classify", json=image.ravel().tolist()).json()
    for bar, p in zip(edge, answer):
        bar.value = float(p)
    counts.value = f'<i class="counts" data-local="{len(points)}" data-edge="{len(points)}"></i>'

canvas.on_mouse_down(down)
canvas.on_mouse_up(up)
canvas.on_mouse_move(move)
box = ipywidgets.HBox([canvas, ipywidgets.VBox(local), ipywidgets.VBox(edge), counts])
box.add_class("mnist-nb-paper")
box
"""

# Notes when events come and when bars that know of so many points are painted.
WATCH = """() => {
  window.moved = []; window.painted = [];
  const canvas = document.querySelector(".mnist-nb-paper canvas");
  canvas.addEventListener("mousemove", event => {
    if (event.buttons) window.moved.push(performance.now());
  }, {capture: true});
  canvas.addEventListener("mousedown", () => window.moved.push(performance.now()), {capture: true});
  let last = "";
  new MutationObserver(() => {
    const counts = document.querySelector(".counts");
    if (!counts || counts.dataset.local + "/" + counts.dataset.edge === last) return;
    last = counts.dataset.local + "/" + counts.dataset.edge;
    const [local, edge] = [Number(counts.dataset.local), Number(counts.dataset.edge)];
    // A frame's callback runs before the paint, a task posted from there after it.
    requestAnimationFrame(() => {
      const {port1, port2} = new MessageChannel();
      port1.onmessage = () => window.painted.push([performance.now(), local, edge]);
      port2.postMessage(0);
    });
  }).observe(document.body, {subtree: true, childList: true, attributes: true});
}"""


@contextmanager
def jupyter(folder: Path) -> Iterator[str]:
    """Yield the address of a JupyterLab with a home of its own that serves a folder."""
    home = folder / "home"
    settings = home / "settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    env |= {"HOME": str(home), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    command = [str(Path(sys.executable).with_name("jupyter-lab")), "--no-browser", "--allow-root"]
    command += ["--expose-app-in-browser", "--IdentityProvider.token=", "--ServerApp.port=0"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}"]
    with (folder / "jupyter.log").open("wb") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _address(folder / "home", server)
    finally:
        server.terminate()
        server.wait(20)


def _address(home: Path, server: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        for info in home.glob(".local/share/jupyter/runtime/jpserver-*.json"):
            try:
                url: str = json.loads(info.read_text())["url"].rstrip("/")
                httpx.get(f"{url}/api", timeout=5).raise_for_status()
                return url
            except (httpx.HTTPError, ValueError):
                pass
        time.sleep(0.1)
    sys.exit("JupyterLab did not start")


def notebook(folder: Path, name: str, code: str) -> str:
    import nbformat

    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, folder / name)
    return name


def draw(page: Any, rounds: int) -> list[dict[str, Any]]:
    """Draw for three seconds, `rounds` times; return what the browser noted each time."""
    canvas = page.locator(".mnist-nb-paper canvas")
    noted = []
    for number in range(rounds):
        canvas.hover()  # a click on a button may have scrolled
        box = canvas.bounding_box()
        page.evaluate("() => { window.moved.length = window.painted.length = 0; }")
        began = page.evaluate("() => Number(document.querySelector('.counts')?.dataset.local ?? 0)")
        start = time.perf_counter()
        for i in range(POINTS):
            # A spiral, as every move has to be another pixel.
            angle, radius = i * 0.12, 20 + i * 0.5
            x = box["x"] + 140 + radius * np.cos(angle + number)
            y = box["y"] + 140 + radius * np.sin(angle + number)
            if (wait := start + i / 60 - time.perf_counter()) > 0:
                time.sleep(wait)
            page.mouse.move(x, y)
            if i == 0:
                page.mouse.down()
        page.mouse.up()
        last = f"() => window.painted.some(([, , edge]) => edge >= {began} + window.moved.length)"
        page.wait_for_function(last, timeout=180_000)
        noted.append(page.evaluate("() => ({moved: window.moved, painted: window.painted})"))
        noted[-1]["began"] = began
        clear = page.get_by_role("button", name="Clear")
        if clear.count():
            clear.click()
            page.wait_for_function("() => document.querySelector('.counts').dataset.local === '0'")
    return noted


def delays(noted: list[dict[str, Any]], side: int) -> tuple[list[float], list[float]]:
    """Return seconds from each event to the bars that know of it, and those of the last events."""
    every, last = [], []
    for one in noted:
        painted = np.array(one["painted"])  # (n, 3): when, points here, points at the edge
        painted[:, 1:] -= one["began"]
        found = []
        for index, moved in enumerate(one["moved"]):
            knows = painted[painted[:, side] > index]
            found.append((knows[0, 0] - moved) / 1000)
        every += found
        last.append(found[-1])
    return every, last


def measure(rounds: int = 5) -> dict[str, Section]:
    """Return the section "pen"."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if chromium is None:
        sys.exit("no Chromium on PATH")
    times: dict[str, list[float]] = {}
    last: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as place, LocalEdge() as edge, sync_playwright() as play:
        folder = Path(place)
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        with jupyter(folder) as server, Distance(edge.url) as far:
            for kind, code in {"ours": OURS, "naive": NAIVE}.items():
                for rtt in ROUND_TRIPS if kind == "ours" else NAIVE_ROUND_TRIPS:
                    far.rtt_ms = rtt
                    name = notebook(folder, f"{kind}-{rtt}.ipynb", f"URL = {far.url!r}\n" + code)
                    page = browser.new_page()
                    _open(page, server, name)
                    many = rounds if kind == "ours" else 1
                    noted = draw(page, many)
                    for side, what in ((1, "here"), (2, "edge")):
                        label = f"{kind}, +{rtt} ms, {what}"
                        times[label], last[label] = delays(noted, side)
                    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
                    page.close()
        browser.close()
    table = rows(times, 1e3)
    for label, values in times.items():
        table[label]["p95"] = float(np.percentile(values, 95)) * 1e3
        table[label]["last"] = float(np.median(last[label])) * 1e3
    about = (
        "from a mouse event to painted bars that know of it; `last` is the median of the last "
        f"events of a drawing; {HERE.name}/pen.py"
    )
    return {"pen": Section("Pen to bars", about, "ms", table, _ratios(table))}


def _ratios(table: dict[str, dict[str, float]]) -> list[Ratio]:
    def ms(name: str, value: float, target: float) -> Ratio:
        return Ratio(name, value, target, at_most=True, unit=" ms")

    made = []
    for rtt in ROUND_TRIPS:
        here, edge = table[f"ours, +{rtt} ms, here"], table[f"ours, +{rtt} ms, edge"]
        made.append(ms(f"local bars, median, +{rtt} ms", here["median"], 60))
        made.append(ms(f"local bars, p95, +{rtt} ms", here["p95"], 120))
        made.append(ms(f"local bars of the last event, +{rtt} ms", here["last"], 100))
        made.append(ms(f"edge bars of the last event, +{rtt} ms", edge["last"], 60 + 2 * rtt))
    return made


_OPEN = """async path => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = await app.commands.execute("docmanager:open", {path, factory: "Notebook"});
  await panel.context.ready;
  await panel.sessionContext.ready;
  app.shell.activateById(panel.id);
  app.shell.collapseLeft();
  await app.commands.execute("notebook:run-all-cells");
}"""


def _open(page: Any, server: str, name: str) -> None:
    page.set_default_timeout(60_000)
    page.goto(f"{server}/lab?reset")
    page.wait_for_function("() => window.jupyterapp !== undefined")
    page.evaluate(_OPEN, name)
    page.wait_for_selector(".mnist-nb-paper canvas")
    page.evaluate(WATCH)
    page.wait_for_timeout(3000)  # what JupyterLab does after a start is not what is measured


if __name__ == "__main__":
    from harness import to_text

    for section in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5).values():
        print(to_text(section))
