"""From the pen to the bars, in JupyterLab in Chromium, with a mouse at 60 events a second.

The mouse is the browser's own, moved through its developer protocol at fixed times, whether or not
the page keeps up. Each event is noted when the browser gets it, and each frame of answers when the
page has painted it (`pad/watch.js` says what that includes). The kernel notes for how many points
of the drawing a frame's answers are, so that every event has its times: until local bars that know
of it are painted, and until the edge's are. And until the line under the pen is, also while a cell
of the notebook computes. The edge is a `LocalEdge` behind a `Distance` that adds
a round trip. For our lab without a distance the way is also cut into its phases.
"""

import asyncio
import json
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import nbformat
import numpy as np

from benchmarks.harness import HERE, Row, Section, Target
from mnist_nb import LocalEdge
from mnist_nb.comparison.distance import Distance
from tests.support.application import FLAGS, OPEN_NOTEBOOK, find_chromium, jupyter_lab

ROUND_TRIPS = {"ours": (0, 80, 400), "naive": (0, 80)}  # ms; the naive one with 400 takes minutes
QUICK = {"rounds": 2, "round_trips": {"ours": (0, 80)}}
POINTS, RATE = 180, 60  # three seconds of drawing
# JupyterLab passes on at most 1,000 messages a second. On a fast machine the naive pad sends more,
# and its bars stop for good; ours sends some 100.
NO_LIMIT = "--ZMQChannelsWebsocketConnection.iopub_msg_rate_limit=0"
PHASES = (
    "the browser hands the event to the page",
    "page to kernel, and the segment drawn",
    "waiting for the next frame in the kernel",
    "image, network and frame in the kernel",
    "kernel to the page's socket",
    "from the socket to the page's bars",
    "painting",
)
_RUN = """() => window.jupyterapp.commands.execute("notebook:run-all-cells")"""
_ASK = """async code => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const run = kernel.requestExecute({code});
  let text = "";
  run.onIOPub = message => { text += message.content.text ?? ""; };
  await run.done;
  return text;
}"""

OURS, BUSY = "ours, +0 ms", "ours, while a cell computes"
_BUSY = """() => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const code = "import time; end = time.time() + 10\\nwhile time.time() < end: pass";
  kernel.requestExecute({code});
}"""

Noted = dict[str, Any]  # of one drawing: what the page and, for ours, the kernel noted


def write_notebook(path: Path, code: str) -> None:
    """Write a notebook of one cell."""
    kernel = {"name": "python3", "display_name": "Python 3"}  # else JupyterLab asks for one
    cells = [nbformat.v4.new_code_cell(code)]
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(made, path)


@asynccontextmanager
async def opened(browser: Any, server: str, name: str) -> Any:
    """Yield a page with a notebook that has run, and end its kernel."""
    page = await browser.new_page()
    page.set_default_timeout(60_000)
    await page.add_init_script((HERE / "pad/sockets.js").read_text())
    await page.goto(f"{server}/lab?reset")
    await page.wait_for_function("() => window.jupyterapp !== undefined")
    await page.evaluate(OPEN_NOTEBOOK, name)
    await page.evaluate(_RUN)
    await page.wait_for_selector(".mnist-nb-paper canvas")
    await page.evaluate((HERE / "pad/watch.js").read_text())
    await page.wait_for_timeout(3000)  # what JupyterLab does after a start is not what is measured
    yield page
    await page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    await page.close()


async def draw(page: Any, number: int) -> Noted:
    """Draw for three seconds, wait until all bars know of it, and return what was noted."""
    await page.locator(".mnist-nb-paper canvas").hover()  # a click on a button may have scrolled
    box = await page.locator(".mnist-nb-paper canvas").bounding_box()
    await page.evaluate("for (const list of [moved, painted, arrived, inked]) list.length = 0")
    # Not page.mouse: with a button down it runs scripts in the page before each move, to see if
    # something is dragged, and the page's time is what is measured.
    mouse = await page.context.new_cdp_session(page)

    def event(kind: str, x: float, y: float) -> Any:
        words = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
        return mouse.send("Input.dispatchMouseEvent", words)

    sent, start = [], perf_counter()
    for i in range(POINTS):
        await asyncio.sleep(max(0.0, start + i / RATE - perf_counter()))
        # A spiral, as every move has to be another pixel.
        angle, radius = i * 0.12 + number, 20 + i * 0.5
        x = float(box["x"] + 140 + radius * np.cos(angle))
        y = float(box["y"] + 140 + radius * np.sin(angle))
        # Not awaited: the protocol answers when the page has handled the event.
        kind = "mouseMoved" if i else "mousePressed"
        sent.append(asyncio.ensure_future(event(kind, x, y)))
    took = perf_counter() - start
    await asyncio.gather(*sent)
    await event("mouseReleased", x, y)
    await mouse.detach()
    await page.wait_for_function("window.isStill()", timeout=180_000)
    noted = await page.evaluate("() => ({moved, painted, arrived, inked})")
    return {**noted, "rate": (POINTS - 1) / took}


async def clear(page: Any) -> None:
    """Empty the paper for the next drawing."""
    await page.get_by_role("button", name="Clear").click()
    await page.wait_for_function(
        "() => document.querySelector('.mnist-nb-answers').dataset.state === 'empty'"
    )


def known(noted: Noted) -> np.ndarray:
    """Return (n, 4): points that the local answer of a painted frame knows, the edge's, when it
    was in the page, when painted."""
    if "made" not in noted:  # the naive pad shows both at once, and counts points
        return np.array([[points, points, *times] for points, *times in noted["painted"]])
    points = {number: (here, edge) for number, here, edge, *_ in noted["made"]}
    return np.array([[*points.get(number, (0, 0)), *when] for number, *when in noted["painted"]])


def delays(noted: Noted, side: int) -> list[float]:
    """Return milliseconds from each event to the bars that know of it; side 1 is the edge."""
    painted = known(noted)
    # The first frame whose bars know of the point: later ones may be painted for the other side.
    return [
        painted[painted[:, side] > i, 3].min() - came for i, (came, _) in enumerate(noted["moved"])
    ]


def ink(drawings: list[Noted]) -> Row:
    """Return milliseconds from the events to the line under the pen; its first point is double."""
    each = []
    for noted in drawings:
        points, when = np.array(noted["inked"]).T
        each.append(
            [when[points > i + 1].min() - came for i, (came, _) in enumerate(noted["moved"])]
        )
    return row(each)


def phases(noted: Noted) -> list[list[float]]:
    """Return the milliseconds of each phase of PHASES for each event of a drawing of ours."""
    painted, found = known(noted), []
    made = np.array(noted["made"])  # (n, 5): number, points here, at the edge, begun, sent
    numbers = [number for number, *_ in noted["painted"]]
    for i, (came, handed) in enumerate(noted["moved"]):
        first = int(np.argmax(painted[:, 0] > i))
        _, _, seen, shown = painted[first]
        number = numbers[first]
        # What it shows may have been sent before, by a frame that this one overtook.
        sender = made[(made[:, 1] > i) & (made[:, 0] <= number)][0]
        # The page may have had a later one before it looked.
        arrived = min(when for number, when in noted["arrived"] if number >= sender[0])
        kernel = [noted["came"][i] * 1e3, sender[3] * 1e3, sender[4] * 1e3]
        stamps = [came, handed, *kernel, arrived, seen, shown]
        found.append(np.diff(stamps).tolist())
    return found


async def run(
    rounds: int, round_trips: dict[str, tuple[int, ...]], slower: int = 1, stock: bool = False
) -> dict[str, list[Noted]]:
    """Draw with every contender at every distance; return what was noted by "ours, +80 ms".

    `slower` times the page's thread is slowed down; `stock` is a Jupyter server without our
    connection class.
    """
    from playwright.async_api import async_playwright

    chromium, found = find_chromium(), {}
    if chromium is None:
        raise RuntimeError("no Chromium on PATH; `make chromium` gets one")
    with tempfile.TemporaryDirectory() as place, LocalEdge() as edge, Distance(edge.url) as far:
        home, folder = Path(place) / "home", Path(place) / "notebooks"
        folder.mkdir()
        with jupyter_lab(home, folder, far.url, NO_LIMIT, stock=stock) as server:
            async with async_playwright() as play:
                browser = await play.chromium.launch(executable_path=chromium, args=FLAGS)
                for kind, delay in [(k, ms) for k, some in round_trips.items() for ms in some]:
                    far.rtt_ms = delay
                    name = f"{kind}-{delay}.ipynb"
                    write_notebook(folder / name, (HERE / f"pad/{kind}.py").read_text())
                    async with opened(browser, server, name) as page:
                        if slower > 1:
                            tools = await page.context.new_cdp_session(page)
                            await tools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
                        drawings = []
                        for number in range(rounds if kind == "ours" else 1):
                            drawings.append(await draw(page, number))
                            if kind == "ours":
                                code = "import json; print(json.dumps([came, made]))"
                                said = json.loads(await page.evaluate(_ASK, code))
                                drawings[-1] |= {"came": said[0], "made": said[1]}
                                await clear(page)
                                await page.evaluate(_ASK, "came.clear(); made.clear()")
                        found[f"{kind}, +{delay} ms"] = drawings
                        if (kind, delay) == ("ours", 0):
                            await page.evaluate(_BUSY)
                            found[BUSY] = [await draw(page, 0)]
                await browser.close()
    return found


def summary(drawings: list[Noted], side: int) -> Row:
    """Return milliseconds from the events to the bars of a side: percentiles, and of the last."""
    return row([delays(noted, side) for noted in drawings])


def row(each: list[list[float]]) -> Row:
    """Return the percentiles of all events of all drawings, and the median of the last ones."""
    p10, median, p90, p95 = np.percentile(np.concatenate(each), [10, 50, 90, 95]).tolist()
    last = float(np.median([one[-1] for one in each]))
    return {"p10": p10, "median": median, "p90": p90, "p95": p95, "last": last}


def measure(rounds: int = 5, round_trips: Any = ROUND_TRIPS) -> dict[str, Section]:
    """Return the sections "pen" and "pen phases"."""
    found = asyncio.run(run(rounds, round_trips))
    inks = {OURS: found[OURS], BUSY: found.pop(BUSY)}  # bars wait for the cell, and lines do not
    table = {
        f"{name}, {what}": summary(drawings, side)
        for name, drawings in found.items()
        for side, what in enumerate(("here", "edge"))
    }
    rate = np.median([one["rate"] for some in found.values() for one in some])
    about = (
        f"from the browser's mouse event to painted bars that know of it, at {rate:.0f} events a "
        "second, with a round trip added to the edge's; `last` is the median of the last events of "
        f"{rounds} drawings; the naive pad asks the edge in its callback, and JupyterLab's limit "
        "of 1,000 messages a second, which it can pass, is off"
    )
    table |= {f"{name}, line under the pen": ink(some) for name, some in inks.items()}
    near = [one for noted in found[OURS] for one in phases(noted)]
    cut = np.percentile(near, [10, 50, 90, 95], axis=0).T.tolist()
    means = np.mean(near, axis=0).tolist()
    columns = ("p10", "median", "p90", "p95", "mean")
    where = {
        name: dict(zip(columns, [*percentiles, mean], strict=True))
        for name, percentiles, mean in zip(PHASES, cut, means, strict=True)
    }
    part = "the phases of the way to the local bars, of all events, no distance; means add up"
    return {
        "pen": Section("Pen to bars", about, "ms", table, targets(table, round_trips["ours"])),
        "pen phases": Section("Where the time from pen to bars goes", part, "ms", where),
    }


def targets(table: dict[str, Row], round_trips: tuple[int, ...]) -> list[Target]:
    """Return what the bars should keep to, for each distance."""
    made = []
    for name, bound in ((OURS, 25), (BUSY, 25)):
        median = table[f"{name}, line under the pen"]["median"]
        made.append(
            Target(f"line under the pen, median, {name}", median, bound, at_most=True, unit=" ms")
        )
    for ms in round_trips:
        here, edge = table[f"ours, +{ms} ms, here"], table[f"ours, +{ms} ms, edge"]
        for name, value, bound in (
            ("local bars, median", here["median"], 45),
            ("local bars, p95", here["p95"], 70),
            ("local bars of the last event", here["last"], 45),
            ("edge bars, median", edge["median"], 45 + ms),
            ("edge bars of the last event", edge["last"], 45 + ms),
        ):
            made.append(Target(f"{name}, +{ms} ms", value, bound, at_most=True, unit=" ms"))
    return made
