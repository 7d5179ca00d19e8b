"""The lab: a pad, and what numpy here and the Durable Object over there say of it, live.

The pen comes first. The bars of this machine follow it within a frame, and the edge is asked on
the side, so that a dead, slow or failing one delays nothing. Both sides get the same bytes, and the
difference shown is between two answers for one image, also while the pen is ahead of the edge.
"""

import time
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from mnist_nb.comparison import Parity, trace
from mnist_nb.drawing import Drawing
from mnist_nb.edge import EdgeClient, EdgeResult
from mnist_nb.errors import InputError
from mnist_nb.lab.collect import Keeper
from mnist_nb.lab.edge_source import EdgeSource
from mnist_nb.lab.follow_edge import About, EdgeFollower, Question
from mnist_nb.lab.frames import after
from mnist_nb.lab.network_menu import NetworkMenu
from mnist_nb.lab.pad import DigitPad
from mnist_nb.lab.status import close_all
from mnist_nb.lab.token_field import TokenField
from mnist_nb.lab.view import View
from mnist_nb.network import Answer, Network

LATE = 0.15  # seconds; an answer that is younger than that looks simultaneous


class Lab(widgets.Box):  # type: ignore[misc]  # ipywidgets is untyped
    """Draw a digit and see both answers: `Lab()` as the last line of a cell.

    Args:
        network: runs on this machine; None loads the weights that come with mnist-nb.
        edge: None takes the URL in the environment variable MNIST_NB_EDGE_URL (with the token in
            MNIST_NB_EDGE_TOKEN), or else starts a local edge, one per process, without making
            the cell wait; where Python runs in the browser it is the server of the page.
            Or a URL, a `LocalEdge`, an `EdgeClient` or an `AsyncEdgeClient`.
        keep: a JSON file for drawings with their right label, which a row below the pad then asks
            for; a `Collection` reads it. None keeps nothing.

    Attributes:
        pad: the `DigitPad`.
        view: the `View` of both answers.
        menu: of the networks at hand, one of which answers here.
        token_field: asks for a token while the edge wants one.
        network: the `Network` of this machine; set it to load other weights here.

    Raises:
        WeightsError: the shipped weights are missing or damaged.
        InputError: `edge` is something else.
        DataError: `keep` is a file of something else.
    """

    def __init__(
        self,
        network: Network | None = None,
        edge: Any = None,
        *,
        keep: Path | str | None = None,
    ) -> None:
        self._network = Network.load() if network is None else network
        self._source = EdgeSource(edge)
        self.pad = DigitPad(show=self._drawn, ask=self._ask)
        self.view: View = self.pad.view
        self._lock = self.pad.lock
        self._edge = EdgeFollower(self._source, self._edge_news)
        self.token_field = TokenField(self._edge.try_token)
        self.menu = NetworkMenu(self._run, self.pad.status.guard)
        self.menu.show(self._network)
        self.pad.children = (*self.pad.children, self.menu, self.token_field)
        self._asked: Drawing | None = None  # the one that `newest` of the follower is about
        self._waiting_since: float | None = None  # for the edge's answer to the newest drawing
        self._look_planned = False
        self._is_owed = False  # news of the edge, to a page that has enough to paint
        self.view.on_msg(self.pad.status.guard(lambda *_: self._catch_up()))
        # The first call of BLAS starts its threads: better now than under the pen.
        self.network.predict(self.pad.image)
        kept = [] if keep is None else [Keeper(self.pad, keep, asks=False)]
        super().__init__([self.pad, self.view, *kept])
        self.add_class("mnist-nb")
        self.add_class("mnist-nb-lab")
        self._tell_facts()
        self._show()
        self._edge.start()

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
            self.menu.show(network)
            self._run(network)

    def _run(self, network: Network) -> None:
        self._network = network
        self.refresh()

    def refresh(self) -> None:
        """Ask both sides once more about the drawing, as after a promotion."""
        with self._lock:
            self._tell_facts()
            self._asked = None
            self._drawn()

    @property
    def answer(self) -> Answer | None:
        """What this machine says of the drawing; None when nothing is drawn."""
        self.pad.flush()
        newest = self._edge.newest
        return None if newest is None else newest.here

    @property
    def local(self) -> NDArray[np.float32] | None:
        """Its probabilities: float32 (10,), None when nothing is drawn."""
        answer = self.answer
        return None if answer is None else answer.probabilities

    @property
    def edge_result(self) -> EdgeResult | None:
        """The newest answer of the edge; None when it is offline or nothing is drawn."""
        return self._edge.news.result if self.answer is not None else None

    @property
    def edge_url(self) -> str:
        """Where the edge is. Waits while the lab's own local edge starts.

        Raises:
            SetupError: it could not start, and what to do.
        """
        return self._source.url()

    def edge_client(self) -> EdgeClient:
        """Return a new client of the lab's edge, with the token that the lab has for it.

        Raises:
            SetupError: as `edge_url`.
        """
        return self._source.client()

    def trace(self) -> Parity:
        """Compare what each layer gives here and at the edge; shows where and why they part.

        Raises:
            InputError: nothing is drawn, or the edge runs another architecture.
            EdgeError: the edge does not answer, or does not tell what its layers give.
        """
        with self._lock:
            network, image, is_empty = self.network, self.pad.image, self.pad.drawing.is_empty
        if is_empty:
            raise InputError("nothing is drawn: draw a digit, and then compare the layers")
        return trace(network, self._source, image)

    def close(self) -> None:
        """Stop asking the edge and take the lab off the page."""
        if hasattr(self, "_edge"):  # ipywidgets closes also what could not be made
            self._edge.stop()
            with self._lock:
                self.pad.close()
                close_all(self)

    def __repr__(self) -> str:
        return f"Lab({self.network!r}, edge {self._edge.news.state})"

    # --- what happens ----------------------------------------------------------------------------

    def _ask(self) -> None:
        """The pen has moved: answer here, and ask the edge on the side, before the next frame.

        The edge's bars are late anyway, and would be by what is left of a frame too.
        """
        drawing = self.pad.drawing
        if self._asked is drawing:
            return
        if drawing.is_empty:
            question = self._waiting_since = None
        else:
            question = Question(self.pad.image, self.network.answer(self.pad.image))
            self._waiting_since = self._waiting_since or time.monotonic()
        self._edge.ask(question)
        self._asked = drawing

    def _drawn(self) -> None:
        """The pad changed, and a frame is due."""
        self._ask()
        self._show()
        self.pad.note_several(self._digit)
        self._look_again()

    def _digit(self, image: NDArray[np.uint8]) -> str:
        answer = self.network.answer(image)
        return answer.label if answer.is_sure else "?"

    def _edge_news(self) -> None:
        """The edge answered, failed or came back; this runs in its thread."""
        with self._lock:
            newest, answered = self._edge.newest, self._edge.news.question
            if answered is newest:
                self._waiting_since = None
            elif answered is not None and newest is not None:
                self._waiting_since = time.monotonic()  # it keeps up, one drawing behind
            self._tell_facts()
            self._is_owed = True
            self._catch_up()
            if self._is_owed:
                after(self.pad.pace.patience, self._catch_up)

    def _catch_up(self) -> None:
        """Show what the edge said as soon as the page may have it."""
        with self._lock:
            if self._is_owed and not self.pad.pace.is_behind:
                self._show()

    def _look_again(self) -> None:
        """Show once more when the edge has been silent for so long that its bars fade."""
        if self._waiting_since is not None and not self._look_planned:
            self._look_planned = after(LATE, self._look)

    def _look(self) -> None:
        with self._lock:
            self._look_planned = False
            if self._waiting_since is not None:
                if self._is_late():
                    self._show()
                else:
                    self._look_again()

    def _is_late(self) -> bool:
        since = self._waiting_since
        return since is not None and time.monotonic() - since > LATE

    # --- showing ---------------------------------------------------------------------------------

    def _tell_facts(self) -> None:
        ours, news = self.network, self._edge.news
        self.token_field.ask(news.wants_token)
        weights = news.about._asdict()
        tried: About | None = weights.pop("candidate")
        self.view.tell(
            labels=list(ours.labels),
            who="This machine",
            local={
                "sha256": ours.sha256,
                "name": ours.name,
                "not_sure_below": ours.not_sure_below,
            },
            edge={
                "state": news.state,
                "reason": news.reason,
                "place": news.result.place.name if news.result else "",
                **weights,
            },
            candidate=None if tried is None else tried._asdict(),
        )

    def _show(self) -> None:
        self._is_owed = False
        newest, news = self._edge.newest, self._edge.news
        here = edge = twin = tried = None
        stale = False
        if newest is not None:
            here = newest.here
            if news.state == "up" and news.question is not None:
                edge, twin = news.answer, news.question.here.probabilities
                tried = news.tried_answer
                stale = news.question is not newest
        pace = self.pad.pace
        tell, late = pace.next(), stale and self._is_late()
        answers = (here, edge, twin, tried)
        self.view.show(pace.number, self.pad.image, *answers, stale=stale, late=late, tell=tell)
