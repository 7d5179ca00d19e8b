"""Following the pen at the edge: few requests in flight, the newest image wins, it recovers.

The image that arrives before the next request may go out (see `flights`) replaces any that waits. A
request itself is never cancelled: over a slow link that would cancel every one, and nothing would
show while drawing.

It has a thread of its own. A kernel handles widget events in one thread or another (JupyterLab
sends them to a subshell), and none of them may wait for a network.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_nb.edge import EdgeResult
from mnist_nb.errors import EdgeProblem, MnistNbError
from mnist_nb.lab.flights import Flights
from mnist_nb.lab.sides import EdgeState
from mnist_nb.network import threshold

FIRST_RETRY, LAST_RETRY = 0.5, 2.0  # seconds; doubled from the first to the last
IDLE_AFTER, IDLE_RETRY = 120.0, 15.0  # a forgotten tab does not knock every two seconds for days


class Classifier(Protocol):
    """What is asked: an `EdgeClient`, or anything with its methods."""

    def classify(self, images: NDArray[np.uint8]) -> EdgeResult:
        """Probabilities of images."""

    def model(self) -> dict[str, Any]:
        """The active weights."""


class Source(Protocol):
    """Where the classifier comes from."""

    def connect(self) -> Classifier:
        """The classifier to ask; called again after each failure."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, eq=False)
class Question:
    """An image to classify, and what this machine said of it.

    Attributes:
        image: uint8 (28, 28).
        twin: float32 (10,), this machine's probabilities for the same image.
    """

    image: NDArray[np.uint8]
    twin: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class News:
    """What is known of the edge at one moment.

    Attributes:
        state, reason: is it up, and if not, why.
        result: its newest answer, None while there is none or the edge is offline.
        question: what `result` answers.
        sha256, name: the weights it runs, "" when it does not say.
        not_sure_below: `Network.not_sure_below` of these weights, None when it does not say.
    """

    state: EdgeState
    reason: str = ""
    result: EdgeResult | None = None
    question: Question | None = None
    sha256: str = ""
    name: str = ""
    not_sure_below: float | None = None


class LiveEdge:
    """Asks an edge about the newest image, in a thread of its own.

    Args:
        source: gives the client to ask.
        on_news: called in that thread whenever `news` is new; it must not raise.
        state: what to say of the edge until something is known.

    Attributes:
        news: what is known of the edge.
    """

    def __init__(self, source: Source, on_news: Callable[[], None], state: EdgeState) -> None:
        self.news = News(state)
        self._source, self._on_news = source, on_news
        self._newest: Question | None = None
        self._about = _Weights()
        self._asked_at = time.monotonic()
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._follow, name="mnist-nb-lab", daemon=True)

    def start(self) -> None:
        """Start following."""
        self._thread.start()

    def ask(self, question: Question | None) -> None:
        """Ask about an image instead of any that waits; None when the paper is empty."""
        with self._changed:
            self._newest, self._asked_at = question, time.monotonic()
            self._changed.notify()

    def stop(self) -> None:
        """Stop following. A request that is out may still take its time; nobody waits for it."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _follow(self) -> None:
        failures = 0
        while not self._stopped:
            try:
                talk = _Talk(self._source.connect(), self._changed)
                while not self._stopped:
                    self._step(talk)
                    failures = 0
            except Exception as error:  # whatever it is: the lab says it and goes on
                self._tell(News("offline", _reason(error)))
                self._pause(self._delay(failures, error))
                failures += 1
        with suppress(Exception):  # nobody is left to be told
            self._source.close()

    def _step(self, talk: "_Talk") -> None:
        """Ask a question, tell an answer, or wait for one of the two."""
        question = self._newest
        if question is None and self.news.state != "up":
            self._about = _weights(talk.client)
            self._tell(News("up", "", None, None, *self._about))
        with self._changed:
            question = self._wait(talk)
        if question is not None:
            talk.ask(question)
        for answered, result in talk.answers():
            self._answered(talk, answered, result)

    def _wait(self, talk: "_Talk") -> Question | None:
        """Wait until there is something to do; return the question to ask, None for none."""
        while not self._stopped and not talk.flights.has_landed:
            question = self._newest
            is_new = question is not None and question is not talk.asked
            seconds = talk.flights.wait() if is_new else None
            if seconds == 0:
                return question
            if question is None and self.news.state != "up":
                break
            self._changed.wait(seconds)
        return None

    def _answered(self, talk: "_Talk", question: Question, result: EdgeResult) -> None:
        is_new = result.model.sha256 != self._about.sha256
        if is_new:
            self._about = _Weights(result.model.sha256, result.model.name)
        self._tell(News("up", "", result, question, *self._about))
        # The bars first; then, once for each file, what a classification does not say of it.
        if is_new and (about := _weights(talk.client)).sha256 == result.model.sha256:
            self._about = about
            self._tell(replace(self.news, not_sure_below=about.not_sure_below))

    def _tell(self, news: News) -> None:
        self.news = news
        if not self._stopped:
            self._on_news()

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped, seconds)

    def _delay(self, failures: int, error: Exception) -> float:
        idle = time.monotonic() - self._asked_at > IDLE_AFTER
        delay = min(FIRST_RETRY * 2.0 ** min(failures, 10), IDLE_RETRY if idle else LAST_RETRY)
        asked = error.retry_after if isinstance(error, EdgeProblem) else None
        return max(delay, asked or 0.0)


class _Talk:
    """What was asked of one client, and answered.

    Attributes:
        client: is asked.
        asked: the last question.
    """

    def __init__(self, client: Classifier, changed: threading.Condition) -> None:
        self.client = client
        self.asked: Question | None = None
        self.flights = Flights(client.classify, changed)
        self._out: dict[int, Question] = {}  # by the number of its request
        self._told = 0

    def ask(self, question: Question) -> None:
        self.asked = question
        self._out[self.flights.send(question.image)] = question

    def answers(self) -> Iterator[tuple[Question, EdgeResult]]:
        """Yield each answer that is newer than those before; an error is raised."""
        for number, answer in self.flights.landed():
            question = self._out.pop(number)
            if isinstance(answer, Exception):
                raise answer
            if number > self._told:
                self._told = number
                yield question, answer


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, MnistNbError) else f"{type(error).__name__}: {error}"


class _Weights(NamedTuple):
    """What `GET /model` says that a lab shows."""

    sha256: str = ""
    name: str = ""
    not_sure_below: float | None = None


def _weights(client: Classifier) -> _Weights:
    """The edge's weights: asking is also the way to see whether it is there."""
    try:
        model = client.model()
    except EdgeProblem as problem:
        if problem.status != 404:
            raise
        model = {}  # an edge such as the original, which classifies and says no more
    not_sure_below = threshold(model.get("not_sure_below"))
    return _Weights(str(model.get("sha256") or ""), str(model.get("name") or ""), not_sure_below)
