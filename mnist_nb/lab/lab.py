"""The lab: a pad, and what numpy here and the Durable Object over there say of it, live.

The pen comes first. The bars of this machine follow it within a frame, and the edge is asked on
the side, so that a dead, slow or failing one delays neither; only for one that answers within HOLD
do they wait, so that both sides move at once. Both sides get the same bytes, and the difference
shown is between two answers for one image, also while the pen is ahead of the edge.
"""

import time
from typing import Any

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import Drawing
from mnist_nb.edge import EdgeResult
from mnist_nb.lab.bars import answers_html
from mnist_nb.lab.live import LiveEdge, Question
from mnist_nb.lab.pace import Pace
from mnist_nb.lab.pad import DigitPad
from mnist_nb.lab.parts import FRAME, Frames, after
from mnist_nb.lab.sides import EdgeSide, EdgeState, LocalSide
from mnist_nb.lab.source import EdgeSource
from mnist_nb.network import Network

FADE_AFTER = 0.15  # seconds; an answer that is younger than that looks simultaneous
TOGETHER = FRAME + 0.01  # seconds; while the pen moves the next frame comes before these are over
HOLD = 0.015  # seconds that the bars of a frame wait for an answer of the edge that is due by then


class Lab(widgets.Box):  # type: ignore[misc]  # ipywidgets is untyped
    """Draw a digit and see both answers: `Lab()` as the last line of a cell.

    Args:
        network: runs on this machine; None loads the weights that come with mnist-nb.
        edge: None takes the URL in the environment variable MNIST_NB_EDGE_URL (with the token in
            MNIST_NB_EDGE_TOKEN), or else starts a local edge, one per process, without making
            the cell wait. Or a URL, a `LocalEdge`, an `EdgeClient` or an `AsyncEdgeClient`.

    Attributes:
        pad: the `DigitPad`.
        answers: the HTML widget with both sides' bars; see `bars.py` for its `data-*`.
        network: the `Network` of this machine; set it to load other weights here.

    Raises:
        WeightsError: the shipped weights are missing or damaged.
        InputError: `edge` is something else.
    """

    def __init__(self, network: Network | None = None, edge: Any = None) -> None:
        self._network = Network.load() if network is None else network
        self._source = EdgeSource(edge)
        self.pad = DigitPad()
        self._lock = self.pad.lock
        self._bars = Frames(self._update, self.pad.status.guard, TOGETHER)
        self._show = self.pad.status.guard(self._bars.now)
        state: EdgeState = "starting" if self._source.is_own else "connecting"
        self._live = LiveEdge(self._source, self._edge_news, state)
        self._local: NDArray[np.float32] | None = None
        self._local_ms: float | None = None
        self._question: Question | None = None
        self._waiting_since: float | None = None  # for the edge's answer to the newest drawing
        self._look_planned = False
        self._drawn_at = 0.0  # when this machine answered last
        self._lag = float("inf")  # from there to the edge's last answer, to whichever drawing
        self._holding = False
        self._pace = Pace(self._painted, self.pad.status.guard)
        self.answers = widgets.HTML()
        self.answers.add_class("mnist-nb-side-answers")
        # The first call of BLAS starts its threads: better now than under the pen.
        self.network.predict(self.pad.image)
        self.pad.on_change(self._drawn)
        super().__init__([self.pad, self.answers, self._pace])
        self.add_class("mnist-nb")
        self.add_class("mnist-nb-lab")
        self._show()
        self._live.start()

    @property
    def drawing(self) -> Drawing:
        """What is on the pad; set it to show another."""
        return self.pad.drawing

    @drawing.setter
    def drawing(self, drawing: Drawing) -> None:
        self.pad.drawing = drawing

    @property
    def network(self) -> Network:
        """What runs on this machine; set it to run another."""
        return self._network

    @network.setter
    def network(self, network: Network) -> None:
        with self._lock:
            self._network = network
            self.refresh()

    def refresh(self) -> None:
        """Ask both sides once more about the drawing, as after a promotion."""
        with self._lock:
            self._drawn(self.pad)

    @property
    def local(self) -> NDArray[np.float32] | None:
        """What this machine says of the drawing: float32 (10,), None when nothing is drawn."""
        self.pad.flush()
        return self._local

    @property
    def edge_result(self) -> EdgeResult | None:
        """The newest answer of the edge; None when it is offline or nothing is drawn."""
        return self._live.news.result if self.local is not None else None

    @property
    def edge_url(self) -> str:
        """Where the edge is. Waits while the lab's own local edge starts.

        Raises:
            SetupError: it could not start, and what to do.
        """
        return self._source.url()

    def close(self) -> None:
        """Stop asking the edge and take the lab off the page."""
        if hasattr(self, "_live"):  # ipywidgets closes also what could not be made
            self._live.stop()
            with self._lock:
                self._bars.cancel()
                self.pad.close()
                self.answers.close()
                self._pace.close()
                super().close()

    def __repr__(self) -> str:
        return f"Lab({self.network!r}, edge {self._live.news.state})"

    # --- what happens ----------------------------------------------------------------------------

    def _drawn(self, pad: DigitPad) -> None:
        """The pad changed: answer here at once, ask the edge on the side."""
        if pad.drawing.is_empty:
            self._local = self._local_ms = self._question = self._waiting_since = None
        else:
            image = pad.image
            began = time.perf_counter()
            self._local = self.network.predict(image)[0]
            self._local_ms = 1000 * (time.perf_counter() - began)
            self._question = Question(image, self._local)
            self._waiting_since = self._waiting_since or time.monotonic()
        self._live.ask(self._question)
        self._drawn_at = time.monotonic()
        self._holding = pad.is_pressed and self._lag < HOLD and self._bars.within(HOLD)
        if not self._holding:
            self._show()
        self._look_again()

    def _edge_news(self) -> None:
        """The edge answered, failed or came back; this runs in its thread."""
        with self._lock:
            answered = self._live.news.question
            if answered is self._question:
                self._waiting_since = None
            elif answered is not None and self._question is not None:
                self._waiting_since = time.monotonic()  # it keeps up, one drawing behind
            self._lag = time.monotonic() - self._drawn_at
            if self.pad.is_pressed and not self._holding:
                self._bars.ask()  # together with what this machine says next: half the painting
            else:
                self._show()

    def _look_again(self) -> None:
        """Show once more when the edge has been silent for so long that its bars fade."""
        if self._waiting_since is not None and not self._look_planned:
            self._look_planned = after(FADE_AFTER, self._look)

    def _look(self) -> None:
        with self._lock:
            self._look_planned = False
            if self._waiting_since is not None:
                self._show()
                if not self._is_late():
                    self._look_again()

    def _is_late(self) -> bool:
        since = self._waiting_since
        return since is not None and time.monotonic() - since > FADE_AFTER

    # --- showing ---------------------------------------------------------------------------------

    def _update(self) -> None:
        self._holding = False
        if not (self._pace.is_behind and self._bars.within(self._pace.patience)):
            self._show_bars()

    def _painted(self) -> None:
        """The page has painted the bars: it may have those that were held back."""
        if not self._holding:
            self._bars.flush()

    def _show_bars(self) -> None:
        ours = self.network
        local = LocalSide(self._local, self._local_ms, ours.sha256, ours.name, ours.not_sure_below)
        self.answers.value = answers_html(
            local, self._edge_side(), ours.labels, number=self._pace.next()
        )

    def _edge_side(self) -> EdgeSide:
        news = self._live.news
        result, question = news.result, news.question
        if result is None or question is None:
            return EdgeSide(news.state, news.reason, sha256=news.sha256, name=news.name)
        stale = question is not self._question
        return EdgeSide(
            state=news.state,
            reason=news.reason,
            probabilities=result.probabilities[0],
            twin=question.twin,
            stale=stale,
            faded=stale and self._is_late(),
            ms=result.timing.total_ms,
            cold=result.cold,
            place=result.place.name,
            sha256=news.sha256,
            name=news.name,
            not_sure_below=news.not_sure_below,
        )
