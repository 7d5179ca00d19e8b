"""Following the pen at the edge: few requests in flight, the newest image wins, it recovers.

One coroutine. The image that arrives before the next request may go out replaces any that waits. A
request is never cancelled for a newer image: over a slow link that would cancel every one, and
nothing would show while drawing. With one request at a time an image would wait for the answer to
another before it leaves, and come back up to two round trips after it was drawn; so over a long way
a few are out at once. Over a short one the answer is there before the next may go.

The coroutine has a loop and a thread of its own. A kernel handles widget events in one thread or
another (JupyterLab sends them to a subshell), whose loop may not turn while a cell runs, and none
of them may wait for a network. Where there are no threads it runs on the loop that is there.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_nb.edge import CONNECTIONS, EdgeResult
from mnist_nb.errors import EdgeProblem, MnistNbError
from mnist_nb.lab.beside import beside
from mnist_nb.lab.edge_source import Client, EdgeSource
from mnist_nb.network import Answer, threshold

FIRST_RETRY, LAST_RETRY = 0.5, 2.0  # seconds; doubled from the first to the last
IDLE_AFTER, IDLE_RETRY = 120.0, 15.0  # a forgotten tab does not knock every two seconds for days
LOOK = 5.0  # seconds between two looks at whether a trial goes on, while the pen rests
MOST = CONNECTIONS  # requests that are out at once: enough to ask each frame half a second away
_TRIED = ("on trial", "stopped")  # states of a candidate that can be asked
SPACING = 0.01  # seconds at least between two: less than a frame, for a pen that lifts

EdgeState = Literal["starting", "connecting", "up", "offline"]


@dataclass(frozen=True, eq=False)
class Question:
    """An image to classify, uint8 (28, 28), and what this machine says of it."""

    image: NDArray[np.uint8]
    here: Answer


class About(NamedTuple):
    """What `GET /model` says of the edge's weights that a lab shows."""

    sha256: str = ""
    name: str = ""
    not_sure_below: float | None = None
    candidate: "About | None" = None  # what is on trial beside them


NOTHING = About()


class Said(NamedTuple):
    """What the edge says of one image: what serves and, during a trial, the candidate too."""

    result: EdgeResult
    tried: EdgeResult | None = None


@dataclass(frozen=True, eq=False)
class News:
    """What is known of the edge at one moment.

    Attributes:
        state, reason: is it up, and if not, why.
        wants_token: it is not up because it wants another token, or any.
        question, result: its newest answer and what it answers; None while there is none.
        tried: what the weights on trial say of the same image.
        about: the weights it runs.
    """

    state: EdgeState
    reason: str = ""
    question: Question | None = None
    result: EdgeResult | None = None
    about: About = NOTHING
    tried: EdgeResult | None = None
    wants_token: bool = False

    @property
    def answer(self) -> Answer | None:
        """The edge's newest answer."""
        if self.result is None:
            return None
        return self.result.answer(not_sure_below=self.about.not_sure_below)

    @property
    def tried_answer(self) -> Answer | None:
        """That of the weights on trial, to the same image."""
        candidate = self.about.candidate
        if self.tried is None or candidate is None:
            return None
        return self.tried.answer(not_sure_below=candidate.not_sure_below)


class EdgeFollower:
    """Asks an edge about the newest image.

    Args:
        source: gives the client to ask.
        on_news: called, in whichever thread, whenever `news` is new; it must not raise.

    Attributes:
        news: what is known of the edge.
        newest: what is to be answered, or was; None on empty paper. This is the one place for it.
    """

    def __init__(self, source: EdgeSource, on_news: Callable[[], None]) -> None:
        self.news = News("starting" if source.is_own else "connecting")
        self.newest: Question | None = None
        self._source, self._on_news = source, on_news
        self._asked_at = time.monotonic()
        self._is_stopped = self._has_new_token = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()  # there may be something to do

    def start(self) -> None:
        """Start following."""
        beside(self._follow, "mnist-nb-lab")

    def ask(self, question: Question | None) -> None:
        """Ask about an image instead of any that waits; None when the paper is empty."""
        self.newest, self._asked_at = question, time.monotonic()
        self._wake()

    def try_token(self, token: str) -> None:
        """Ask with this token from now on."""
        self._source.token = token
        self._has_new_token = True
        self._wake()

    def stop(self) -> None:
        """Stop following. A request that is out may still take its time; nobody waits for it."""
        self._is_stopped = True
        self._wake()

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has ended meanwhile
                loop.call_soon_threadsafe(self._changed.set)

    async def _follow(self) -> None:
        self._loop = asyncio.get_running_loop()
        failures = 0
        while not self._is_stopped:
            try:
                talk = _Talk(await self._source.connect(), self._changed.set)
                try:
                    while not self._is_stopped:
                        await self._step(talk)
                        failures = 0
                finally:
                    talk.cancel()
            except Exception as error:  # whatever it is: the lab says it and goes on
                refused = isinstance(error, EdgeProblem) and error.status == 401
                self._tell(News("offline", _reason(error), wants_token=refused))
                await self._wait(self._delay(failures, error), lambda: self._has_new_token)
                self._has_new_token = False
                failures += 1
        with suppress(Exception):  # nobody is left to be told
            await self._source.close()

    async def _step(self, talk: "_Talk") -> None:
        """Tell what was answered, ask what is new, and wait for more of either."""
        self._changed.clear()
        for answered, said in talk.answers():
            await self._answered(talk, answered, said)
        question = self.newest
        if question is None and self.news.state != "up":
            about = await _about(talk.client)
            talk.is_trial = about.candidate is not None
            self._tell(News("up", about=about))
            return
        seconds = None if question is None or question is talk.asked else talk.wait()
        if seconds == 0:
            assert question is not None
            talk.ask(question)
            seconds = None
        looks = seconds is None and self.news.about.candidate is not None and not self._is_idle
        await self._wait(LOOK if looks else seconds, self._changed.is_set)
        if looks and not self._changed.is_set():
            await self._look(talk)

    async def _look(self, talk: "_Talk") -> None:
        """See whether the edge runs what it ran: who asks nothing hears of no end of a trial."""
        about = await _about(talk.client)
        if about != self.news.about:
            talk.asked = None  # the same image once more
            talk.is_trial = about.candidate is not None
            if self.newest is None:
                self._tell(News("up", about=about))

    async def _answered(self, talk: "_Talk", question: Question, said: Said) -> None:
        about, (result, tried) = self.news.about, said
        if result.candidate and not talk.is_trial:
            talk.is_trial, talk.asked = True, None  # the same image once more, of both
            if result.model.sha256 == result.candidate:
                return
        talk.is_trial = bool(result.candidate)
        known = about.candidate.sha256 if about.candidate else ""
        is_new = (result.model.sha256, result.candidate) != (about.sha256, known)
        if result.model.sha256 != about.sha256:
            about = About(result.model.sha256, result.model.name)
        self._tell(News("up", "", question, result, about, tried))
        # The bars first; then, once for each file, what a classification does not say of it.
        if is_new and (about := await _about(talk.client)).sha256 == result.model.sha256:
            self._tell(replace(self.news, about=about))

    def _tell(self, news: News) -> None:
        self.news = news
        if not self._is_stopped:
            self._on_news()

    async def _wait(self, seconds: float | None, is_over: Callable[[], bool]) -> None:
        """Wait until something changes that is worth it, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (self._is_stopped or is_over()):
                    await self._changed.wait()
                    if not is_over():
                        self._changed.clear()

    @property
    def _is_idle(self) -> bool:
        return time.monotonic() - self._asked_at > IDLE_AFTER

    def _delay(self, failures: int, error: Exception) -> float:
        last = IDLE_RETRY if self._is_idle else LAST_RETRY
        delay = min(FIRST_RETRY * 2.0 ** min(failures, 10), last)
        asked = error.retry_after if isinstance(error, EdgeProblem) else None
        return max(delay, asked or 0.0)


class _Flight(NamedTuple):
    """A request on its way."""

    task: asyncio.Future[Said]
    question: Question
    sent_at: float


class _Talk:
    """Requests on their way to one client, spaced, their answers in any order.

    Attributes:
        client: is asked.
        asked: the last question.
        is_trial: there are two to ask, what serves and what is on trial.
    """

    def __init__(
        self,
        client: Client,
        landed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.client, self.asked = client, None  # type: Client, Question | None
        self.is_trial = False
        self._landed, self._clock = landed, clock
        self._out: list[_Flight] = []  # in the order in which they left
        self._told = -1.0  # when that left which was answered last
        self._sent_at = self._took = 0.0

    def wait(self) -> float | None:
        """Seconds until another may be sent: 0 is now, None is after one has come back."""
        if not self._out:
            return 0
        if len(self._out) >= MOST:
            return None
        # Evenly over the time that one takes: MOST in a row would be followed by a long pause.
        spacing = max(SPACING, self._took / MOST)
        return max(0, self._sent_at + spacing - self._clock())

    def ask(self, question: Question) -> None:
        """Send an image on its way."""
        self.asked, self._sent_at = question, self._clock()
        task = asyncio.ensure_future(self._said(question.image))
        task.add_done_callback(lambda _: self._landed())
        self._out.append(_Flight(task, question, self._sent_at))

    async def _said(self, image: NDArray[np.uint8]) -> Said:
        if not self.is_trial:
            return Said(await self.client.classify(image))
        current, tried = await asyncio.gather(
            self.client.classify(image, model="current"),
            self.client.classify(image, model="candidate"),
            return_exceptions=True,
        )
        if isinstance(current, BaseException):
            raise current
        return Said(current, None if isinstance(tried, BaseException) else tried)

    def answers(self) -> list[tuple[Question, Said]]:
        """Take the newest answer, if it is newer than those before; an error is raised."""
        landed = [flight for flight in self._out if flight.task.done()]
        self._out = [flight for flight in self._out if not flight.task.done()]
        found = [(flight.question, flight.task.result()) for flight in landed]
        if not landed or landed[-1].sent_at < self._told:
            return []
        self._told = landed[-1].sent_at
        self._took = self._clock() - self._told
        return found[-1:]

    def cancel(self) -> None:
        """Forget what is out."""
        for flight in self._out:
            flight.task.cancel()


async def _about(client: Client) -> About:
    """The edge's weights: asking is also the way to see whether it is there."""
    try:
        model: dict[str, Any] = await client.model()
    except EdgeProblem as problem:
        if problem.status != 404:
            raise
        model = {}  # an edge such as the original, which classifies and says no more
    said = model.get("candidate")
    tried = said if isinstance(said, dict) and said.get("state") in _TRIED else None
    return _read(model, _read(tried) if tried else None)


def _read(model: dict[str, Any], candidate: About | None = None) -> About:
    sha256, name = (str(model.get(key) or "") for key in ("sha256", "name"))
    return About(sha256, name, threshold(model.get("not_sure_below")), candidate)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, MnistNbError) else f"{type(error).__name__}: {error}"
