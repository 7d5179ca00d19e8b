"""Clients that go on asking while something else happens, and remember every answer."""

import http.client
import itertools
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np

IMAGES = np.random.default_rng(11).integers(0, 256, (4, 784), dtype=np.uint8)
SECONDS = 20.0  # a client that waits longer calls it a hang


@dataclass(frozen=True)
class Answer:
    """What one request came to.

    Attributes:
        began, ended: by the monotonic clock.
        client: number of the client that asked.
        image: index into IMAGES.
        status: of HTTP, 0 when the connection broke.
        model: sha256 of the weights, "" on an error.
        shard: name of the Durable Object, "" on an error.
        cold: the request waited for the model to be loaded.
        content: the bytes of the probabilities, or the text of the error.
    """

    began: float
    ended: float
    client: int
    image: int
    status: int
    model: str
    shard: str
    cold: bool
    content: bytes


def ask(connection: http.client.HTTPConnection, client: int = 0, image: int = 0) -> Answer:
    """Classify one image; a broken connection is an answer too, and is opened again next time."""
    began = time.monotonic()

    def failed(status: int, content: bytes) -> Answer:
        return Answer(began, time.monotonic(), client, image, status, "", "", False, content)

    try:
        headers = {"Content-Type": "application/octet-stream"}
        connection.request("POST", "/classify", IMAGES[image].tobytes(), headers)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return failed(0, repr(error).encode())
    if answer.status != 200:
        return failed(answer.status, content)
    model, shard = answer.headers["X-Model-Sha256"], json.loads(answer.headers["X-Place"])["object"]
    cold = answer.headers["X-Cold"] == "1"
    return Answer(began, time.monotonic(), client, image, 200, model, shard, cold, content)


def connect(url: str) -> http.client.HTTPConnection:
    """A connection to an edge; it is opened by its first request."""
    address = urlsplit(url)
    assert address.hostname is not None
    return http.client.HTTPConnection(address.hostname, address.port, timeout=SECONDS)


class Load:
    """`clients` threads, each with a connection and one request in flight at a time."""

    def __init__(self, url: str, clients: int) -> None:
        self.url = url
        self.answers: list[Answer] = []
        self._ended = threading.Event()
        self._news = threading.Condition()
        self._threads = [
            threading.Thread(target=self._run, args=[i], daemon=True) for i in range(clients)
        ]

    def follow(self, since: int) -> Iterator[Answer]:
        """The answers from number `since` on, as they come, for SECONDS at most."""
        deadline = time.monotonic() + SECONDS
        for at in itertools.count(since):
            with self._news:
                while len(self.answers) <= at:
                    assert self._news.wait(deadline - time.monotonic()), "no answer any more"
            assert time.monotonic() < deadline, f"waited in vain; the last is {self.answers[-1]}"
            yield self.answers[at]

    def more(self, count: int) -> None:
        """Wait for so many good answers to requests that begin from now on."""
        now = time.monotonic()
        for answer in self.follow(len(self.answers)):
            count -= answer.status == 200 and answer.began > now
            if count <= 0:
                return

    def _run(self, client: int) -> None:
        connection = connect(self.url)
        image = client
        while not self._ended.is_set():
            image = (image + 1) % len(IMAGES)
            answer = ask(connection, client, image)
            with self._news:
                self.answers.append(answer)
                self._news.notify_all()
        connection.close()


@contextmanager
def load(url: str, clients: int) -> Iterator[Load]:
    """Clients that ask as long as the block lasts; each has had an answer when it begins."""
    running = Load(url, clients)
    try:
        for thread in running._threads:
            thread.start()
        waiting = set(range(clients))
        for answer in running.follow(0):
            waiting.discard(answer.client)
            if not waiting:
                break
        yield running
    finally:
        running._ended.set()
        for thread in running._threads:
            thread.join(2 * SECONDS)
    assert not any(thread.is_alive() for thread in running._threads), "a client hangs"


def answers_of(url: str) -> tuple[str, dict[int, bytes]]:
    """The model in service, and what it answers to each of IMAGES."""
    connection = connect(url)
    answers = [ask(connection, image=image) for image in range(len(IMAGES))]
    connection.close()
    assert {answer.status for answer in answers} == {200}, answers
    (model,) = {answer.model for answer in answers}
    return model, {answer.image: answer.content for answer in answers}


def assert_only_from(models: dict[str, dict[int, bytes]], answers: Sequence[Answer]) -> None:
    """Every good answer is, bit for bit, that of the model which its header names."""
    for answer in answers:
        if answer.status == 200:
            assert answer.model in models, f"a model that nobody promoted: {answer.model}"
            assert answer.content == models[answer.model][answer.image], answer
