"""Few requests in flight, the newest wins, it recovers; the test decides the timing of the edge."""

import asyncio
import queue
import threading

import numpy as np
import pytest

from mnist_nb.edge.client import EdgeResult
from mnist_nb.errors import EdgeOffline, EdgeProblem
from mnist_nb.lab import follow_edge
from mnist_nb.lab.edge_source import EdgeSource
from mnist_nb.lab.follow_edge import MOST, EdgeFollower, Question, _Talk
from mnist_nb.network import Answer
from tests.support.fake_edge import SECONDS, FakeEdge


class Source(EdgeSource):
    def __init__(self, client):
        super().__init__(client if hasattr(client, "classify") else "http://127.0.0.1:9")
        self.error = client if isinstance(client, Exception) else None
        self.connects, self.closed = 0, threading.Event()

    async def connect(self):
        self.connects += 1
        if self.error:
            raise self.error
        return await super().connect()

    async def close(self):
        await super().close()
        self.closed.set()


class Followed:
    """An EdgeFollower with its news in a queue."""

    def __init__(self, client):
        self.source, self.news = Source(client), queue.Queue()
        self.live = EdgeFollower(self.source, lambda: self.news.put(self.live.news))
        self.live.start()

    def next(self):
        return self.news.get(timeout=SECONDS)

    def until(self, condition):
        while not condition(news := self.next()):
            pass
        return news


@pytest.fixture
def edge():
    made = FakeEdge(lambda images: np.full((1, 10), 0.1, np.float32))
    yield made
    made.gate.set()


@pytest.fixture
def follow():
    made = []

    def start(client):
        made.append(Followed(client))
        return made[-1]

    yield start
    for followed in made:
        followed.live.stop()


def question(number):
    return Question(np.full((28, 28), number, np.uint8), Answer(np.full(10, 0.1, np.float32)))


def test_says_what_runs_there_before_anything_is_drawn(edge, follow):
    news = follow(edge).next()
    assert (news.state, *news.about[:2], news.result) == ("up", "e" * 64, "fake", None)


def test_one_request_in_flight_and_the_newest_wins(edge, follow, monkeypatch):
    """As it is where an answer takes less time than two requests are apart."""
    monkeypatch.setattr(follow_edge, "SPACING", 1e6)
    followed = follow(edge)
    followed.next()
    edge.gate.clear()
    questions = [question(number) for number in range(50)]
    followed.live.ask(questions[0])
    assert edge.asked.get(timeout=SECONDS)[0, 0] == 0  # out, and hanging
    for asked in questions[1:]:
        followed.live.ask(asked)  # returns at once
    edge.gate.set()
    assert followed.next().question is questions[0]
    assert followed.next().question is questions[49]
    assert edge.asked.get(timeout=SECONDS)[0, 0] == 49
    assert edge.asked.empty()
    assert edge.most_in_flight == 1


class SlowEdge(FakeEdge):
    """Each request waits until the test lets it go, in any order."""

    def __init__(self):
        super().__init__(lambda images: np.full((1, 10), 0.1, np.float32))
        self.gates = [threading.Event() for _ in range(256)]

    def classify(self, images):
        self.asked.put(images)
        assert self.gates[images[0, 0]].wait(SECONDS)
        return super().classify(images)


def test_a_slow_edge_has_several_requests_in_flight(follow, monkeypatch):
    """Each goes out at once, not a round trip later; an answer that is overtaken is not shown."""
    monkeypatch.setattr(follow_edge, "SPACING", 0.0)
    edge = SlowEdge()
    followed = follow(edge)
    followed.next()
    questions = [question(number) for number in range(MOST + 2)]
    for number in range(MOST):
        followed.live.ask(questions[number])
        assert edge.asked.get(timeout=SECONDS)[0, 0] == number
    for asked in questions[MOST:]:
        followed.live.ask(asked)  # no more than so many: these wait, and the newest wins
    edge.gates[3].set()
    assert followed.next().question is questions[3]
    for number in (3, MOST + 1):  # its answer, and the request that may go now
        assert edge.asked.get(timeout=SECONDS)[0, 0] == number
    edge.gates[1].set()
    assert edge.asked.get(timeout=SECONDS)[0, 0] == 1  # answered, and too old to be shown
    edge.gates[5].set()
    assert followed.next().question is questions[5]
    for gate in edge.gates:
        gate.set()
    followed.until(lambda news: news.question is questions[MOST + 1])
    assert followed.news.empty()


class Waiting:
    """A client whose answers come when the test says so."""

    def __init__(self):
        self.answers = []

    async def classify(self, image):
        self.answers.append(asyncio.get_running_loop().create_future())
        return await self.answers[-1]


async def test_requests_over_a_long_way_are_apart():
    now = iter([10.0, 10.0, 10.006, 10.012])
    talk = _Talk(Waiting(), lambda: None, lambda: next(now))
    assert talk.wait() == 0
    talk.ask(question(1))
    assert [talk.wait() for _ in range(3)] == pytest.approx([0.01, 0.004, 0])
    talk.cancel()


async def test_requests_over_a_very_long_way_are_spread_over_the_time_of_one():
    """As many in a row as may be out would be followed by a pause of nearly a round trip."""
    now = [10.0]
    landed, client = asyncio.Event(), Waiting()
    talk = _Talk(client, landed.set, lambda: now[0])
    talk.ask(question(1))
    await asyncio.sleep(0)
    now[0] += 1.0
    client.answers[0].set_result("an answer")
    await landed.wait()
    ((_, answer),) = talk.answers()
    assert answer.result == "an answer"
    talk.ask(question(2))
    assert talk.wait() == pytest.approx(1 / MOST)
    talk.cancel()


def test_an_answer_that_is_there_is_not_asked_again(edge, follow):
    followed = follow(edge)
    followed.next()
    once = question(1)
    followed.live.ask(once)
    followed.next()
    followed.live.ask(once)
    followed.live.ask(None)
    followed.live.ask(question(2))
    assert followed.next().question.image[0, 0] == 2
    assert [edge.asked.get_nowait()[0, 0] for _ in range(2)] == [1, 2]
    assert edge.asked.empty()


def test_an_error_is_told_and_the_newest_drawing_asked_when_it_is_over(edge, follow):
    followed = follow(edge)
    followed.next()
    edge.error = EdgeOffline("no edge at http://fake.edge: connection refused")
    followed.live.ask(question(1))
    news = followed.next()
    assert (news.state, news.result, news.about.sha256) == ("offline", None, "")
    assert "connection refused" in news.reason
    followed.live.ask(question(2))
    edge.error = None
    news = followed.until(lambda news: news.state == "up")
    assert news.question.image[0, 0] == 2
    assert followed.source.connects >= 2


def test_recovers_also_with_empty_paper(edge, follow):
    edge.error = RuntimeError("whatever")
    followed = follow(edge)
    assert followed.next().reason == "RuntimeError: whatever"
    edge.error = None
    assert followed.until(lambda news: news.state == "up").result is None


def test_a_source_that_fails_is_tried_again(follow):
    followed = follow(EdgeOffline("no Node"))
    assert followed.next().reason == "no Node"
    followed.source._given = EdgeSource(
        FakeEdge(lambda images: np.full((1, 10), 0.1, np.float32))
    )._given
    followed.source.error = None
    assert followed.until(lambda news: news.state == "up")


def test_an_edge_without_get_model_still_classifies(edge, follow):
    """As the original, which has only POST /classify."""
    edge.model = lambda: (_ for _ in ()).throw(EdgeProblem(404, "Not Found"))
    followed = follow(edge)
    assert (followed.next().state, followed.live.news.about.sha256) == ("up", "")
    followed.live.ask(question(1))
    assert isinstance(followed.next().result, EdgeResult)


def test_what_answers_do_not_say_of_new_weights_is_asked_once(edge, follow):
    about = {"sha256": "e" * 64, "name": "fake", "not_sure_below": 0.6}
    asked = []
    edge.model = lambda: asked.append(1) or dict(about)
    followed = follow(edge)
    assert followed.next().about.not_sure_below == 0.6
    followed.live.ask(question(1))
    assert followed.next().about.not_sure_below == 0.6
    edge.sha256 = "f" * 64
    about.update(sha256="f" * 64, not_sure_below=0.7)
    followed.live.ask(question(2))
    assert [followed.next().about.not_sure_below for _ in range(2)] == [None, 0.7]
    followed.live.ask(question(3))
    assert followed.next().about.not_sure_below == 0.7
    assert len(asked) == 2


@pytest.mark.parametrize("value", [None, "0.6", True, -1, 1.5, float("nan"), [0.6]])
def test_a_threshold_that_is_none_is_left_out(edge, follow, value):
    edge.model = lambda: {"sha256": "e" * 64, "not_sure_below": value}
    assert follow(edge).next().about.not_sure_below is None


def test_stop_ends_the_thread_and_lets_go_of_the_client(edge, follow):
    followed = follow(edge)
    followed.next()
    edge.gate.clear()
    followed.live.ask(question(1))
    edge.asked.get(timeout=SECONDS)
    followed.live.stop()  # does not wait for the request
    edge.gate.set()
    assert followed.source.closed.wait(SECONDS)
    assert followed.news.empty()


def test_delays_grow_to_two_seconds_and_respect_retry_after(edge, monkeypatch):
    live = EdgeFollower(Source(edge), lambda: None)
    offline = EdgeOffline("gone")
    assert [live._delay(n, offline) for n in range(5)] == [0.5, 1, 2, 2, 2]
    assert live._delay(0, EdgeProblem(429, "Too Many Requests", retry_after=7.0)) == 7
    monkeypatch.setattr(follow_edge, "IDLE_AFTER", -1.0)
    assert live._delay(10_000, offline) == 15
