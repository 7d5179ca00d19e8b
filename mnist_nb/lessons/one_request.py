"""One request, live: pen, Worker, Durable Object, R2, bars, each as long as it took this time."""

import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anywidget
import httpx
import numpy as np
import traitlets
from numpy.typing import NDArray

from mnist_nb.comparison import Span, TimedRequest, evict, timed_request
from mnist_nb.drawing import rasterize
from mnist_nb.errors import EdgeError
from mnist_nb.lessons.layers.pictures import probability_rows, says, svg
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View, button
from mnist_nb.local_edge import LocalEdge
from mnist_nb.network import milliseconds, read_weights, shipped_weights, write_weights

LANES = ("pen to bytes", "numpy here", "the way", "Worker", "Durable Object", "R2", "your browser")
WIDTH, LANE, LEFT, RIGHT = 580, 26, 112, 76  # CSS pixels
COLORS = {"numpy here": "--mn-local", "your browser": "--mn-frame"}
PATIENCE = 5.0  # seconds until an object that was told to go is gone
TIMEOUT = 20.0  # seconds


class BrowserNetwork(anywidget.AnyWidget):
    """The kernel of the edge, in the reader's browser; it shows nothing.

    Attributes:
        script: the kernel and the reader of weights, as the edge serves them to its page.
        weights, name: a weights file, and its sha256.
        image, number: 784 bytes, and which question they are.
        answer: probabilities, ms and number; or trouble.
    """

    _esm = Path(__file__).with_name("browser_network.js")
    script = traitlets.Unicode().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    image = traitlets.Bytes().tag(sync=True)
    number = traitlets.Int().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)


class OneRequest(View):
    """Press a button: the drawing goes to the edge once, and the way is drawn as long as it took.

    Args:
        subject: whose drawing is sent.
        edge: a local one that nobody else needs, because it is told to forget, and gets weights.
    """

    title = "one request, live"
    at_rest = True
    shows_anew = False

    def __init__(self, subject: Subject, edge: LocalEdge) -> None:
        self._edge, self._asked = edge, 0
        self._client = httpx.Client(base_url=edge.url, timeout=TIMEOUT, trust_env=False)
        self._folder = TemporaryDirectory(prefix="mnist-nb-")
        self._files = [shipped_weights(), _half(Path(self._folder.name))]
        self._before: tuple[Span, ...] = ()
        self._found: TimedRequest | None = None
        self._here: NDArray[np.float32] | None = None
        self.browser = BrowserNetwork(script=self._get("/network.js").text)
        self.browser.observe(lambda change: self.follow(), "answer")
        controls = [
            button("Ask the edge", "Send the drawing once", self.guarded(self.ask)),
            button("Evict, then ask", "First the object is thrown out of memory",
                   self.guarded(self.ask_cold)),
            button("Push, then ask", "First the edge gets other weights",
                   self.guarded(self.ask_new)),
        ]  # fmt: skip
        super().__init__(subject, controls, [self.browser])
        self.guarded(self.ask)()

    def ask(self) -> None:
        """Ask once, with the object as it is."""
        self._take(self._request())

    def ask_cold(self) -> None:
        """Throw the object out, and ask until that has happened: the request that finds it gone."""
        evict(self._edge)
        until = time.monotonic() + PATIENCE
        while not (found := self._request()).cold:
            if time.monotonic() > until:
                raise EdgeError(f"the object was not evicted within {PATIENCE:g} s")
        self._take(found)

    def ask_new(self) -> None:
        """Push the other one of two weights files, and ask."""
        self._files.reverse()
        self._edge.releases().push(self._files[0])
        self._take(self._request())

    def html(self) -> str:
        """Return the lanes of the newest request, and the answers of the three places."""
        found = self._found
        if found is None:
            return self.note()
        labels = self.subject.network.labels
        answer = self.browser.answer
        spans = [*self._before, *found.spans]
        if answer.get("number") == self._asked and "ms" in answer:
            began = self._before[0].end
            spans.append(Span("your browser", "kernel", began, began + answer["ms"]))
        state = "cold" if found.cold else "warm"
        head = (
            f"The object was {state}: {milliseconds(found.total_ms)} there and back, weights "
            f"{found.sha256[:8]}"
        )
        theirs = says(found.probabilities, labels, None)
        rows = probability_rows(found.probabilities, labels, f"The edge {theirs}")
        return (
            f'{self.note()}<p class="mn-head" data-state="{state}" data-ms="{found.total_ms:.6g}" '
            f'data-sha256="{found.sha256}">{head}</p>{_lanes(spans)}'
            f"<p>{self._third(found)}</p>{rows}"
        )

    def close(self) -> None:
        """Take it off the page."""
        if hasattr(self, "_folder"):  # ipywidgets closes also what could not be made
            self._client.close()
            self._folder.cleanup()
        super().close()

    def _third(self, found: TimedRequest) -> str:
        """What is said of the three answers."""
        answer, places = self.browser.answer, [("numpy here", self._here)]
        if answer.get("number") == self._asked and "probabilities" in answer:
            places.append(("your browser", np.array(answer["probabilities"], np.float32)))
        parts = []
        for name, shares in places:
            if shares is not None:
                apart = float(np.abs(shares - found.probabilities).max())
                how = f"differs from the edge by {apart:.1e}" if apart else "says the very same"
                parts.append(f"{name} {how}")
        other = found.sha256 != self.subject.network.sha256
        why = " numpy has other weights: here they stay." if other else ""
        trouble = "" if "trouble" not in answer else " In your browser the kernel does not run."
        return f"{'; '.join(parts)}.{why}{trouble}"

    def _get(self, path: str) -> httpx.Response:
        answer = self._client.get(path)
        if answer.status_code != 200:
            raise EdgeError(f"{self._edge.url}{path} answers {answer.status_code}")
        return answer

    def _request(self) -> TimedRequest:
        look, began = self.subject.look, time.perf_counter()
        image = rasterize(look.drawing)
        drawn = time.perf_counter()
        (self._here,) = look.network.predict(image)
        done = time.perf_counter()
        ms = 1000 * (drawn - began)
        self._before = (
            Span("pen to bytes", "rasterise", -ms, 0),
            Span("numpy here", "network", 0, 1000 * (done - drawn)),
        )
        return timed_request(self._client, image)

    def _take(self, found: TimedRequest) -> None:
        self._found = found
        if self.browser.name != found.sha256:
            self.browser.weights = self._get("/model/weights").content
            self.browser.name = found.sha256
        self._asked += 1
        self.browser.image = self.subject.look.image.tobytes()
        self.browser.number = self._asked
        self.follow()


def _half(folder: Path) -> Path:
    """Write the shipped weights with 16 bits a number: other weights, near to the same answers."""
    weights = read_weights(shipped_weights())
    half: dict[str, Any] = {
        name: tensor.astype(np.float16) for name, tensor in weights.tensors.items()
    }
    file = folder / "half.safetensors"
    file.write_bytes(write_weights(replace(weights.architecture, name="mnist-cnn-half"), half))
    return file


def _lanes(spans: list[Span]) -> str:
    """Return spans as bars, a lane for each place, on one axis of time."""
    first, last = min(s.start for s in spans), max(s.end for s in spans)
    scale = (WIDTH - LEFT - RIGHT) / max(last - first, 1e-6)
    height, parts, said = LANE * len(LANES), [], []
    for row, lane in enumerate(LANES):
        mine = [span for span in spans if span.lane == lane]
        y = LANE * row
        parts.append(f'<text x="0" y="{y + 17}">{lane}</text>')
        for span in mine:
            x, wide = LEFT + (span.start - first) * scale, max(span.ms * scale, 1.5)
            dash = ";stroke:var(--mn-text);stroke-dasharray:3 2" if span.is_told else ""
            color = COLORS.get(lane, "--mn-for")
            parts.append(
                f'<rect x="{x:.1f}" y="{y + 5}" width="{wide:.1f}" height="16" rx="2" '
                f'style="fill:var({color}){dash}"/>'
            )
        if mine:
            end = LEFT + (mine[-1].end - first) * scale + 6
            total = milliseconds(sum(span.ms for span in mine))
            text = "under 1 ms" if mine[0].is_told and mine[0].ms < 1 else total
            said.append(f"{lane} {text}")
            parts.append(f'<text x="{end:.1f}" y="{y + 17}">{text}</text>')
    picture = svg("".join(parts), ", ".join(said), WIDTH, height, classes="mn-plot")
    return (
        f'{picture}<p class="mn-quiet">Measured here, but for the dashed bars: those the edge '
        "tells in whole milliseconds, and not when they began. The lane of the Worker is the whole "
        "wait for its answer, the network too.</p>"
    )
