"""Which edge a lab talks to: the one it is given, the one of the environment, or its own."""

import asyncio
import inspect
import os
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.edge import EdgeClient, EdgeResult, normal_url
from mnist_nb.errors import InputError
from mnist_nb.lab.live import Classifier
from mnist_nb.local_edge import LocalEdge

URL, TOKEN = "MNIST_NB_EDGE_URL", "MNIST_NB_EDGE_TOKEN"
PATIENCE = 10.0  # seconds; nothing waits for an answer, so a slow edge may take its time

_shared: LocalEdge | None = None
_shared_lock = threading.Lock()


def shared_edge() -> LocalEdge:
    """The one local edge that this process starts by itself, running.

    Raises:
        SetupError: it could not start, and what to do.
    """
    global _shared
    with _shared_lock:
        _shared = _shared or LocalEdge()
        return _shared.start()


class EdgeSource:
    """Where answers come from, and the client that fetches them.

    Args:
        edge: None takes the URL in MNIST_NB_EDGE_URL (and MNIST_NB_EDGE_TOKEN), or else starts a
            `LocalEdge`, one per process. A URL, a `LocalEdge`, an `EdgeClient` or an
            `AsyncEdgeClient` are used as they are; the client by one lab alone.

    Raises:
        InputError: something else was given.
    """

    def __init__(self, edge: Any = None) -> None:
        self._given: Classifier | None = None
        self._local: LocalEdge | None = None
        self._url: str | None = None
        self._token: str | None = None
        self._client: EdgeClient | None = None
        if edge is None:
            self._url, self._token = os.environ.get(URL) or None, os.environ.get(TOKEN) or None
        elif isinstance(edge, str):
            self._url = edge
        elif isinstance(edge, LocalEdge):
            self._local = edge
        elif inspect.iscoroutinefunction(getattr(edge, "classify", None)):
            self._given = _Awaited(edge)
        elif callable(getattr(edge, "classify", None)):
            self._given = edge
        else:
            raise InputError(
                f"a lab cannot ask {type(edge).__name__}: give a URL, a LocalEdge or an EdgeClient,"
                " or nothing to start a local edge"
            )

    @property
    def is_own(self) -> bool:
        """True when this starts a local edge of its own."""
        return self._given is None and self._local is None and self._url is None

    def url(self) -> str:
        """The URL; starts the own local edge, or waits until it is up.

        Raises:
            SetupError: the local edge could not start, or the one given is stopped.
        """
        if self._given is not None:
            return str(getattr(self._given, "url", ""))
        if self._url is not None:
            return self._url
        return (self._local or shared_edge()).url

    def connect(self) -> Classifier:
        """The client to ask. Call it again after an error: an own edge that died starts anew.

        Raises:
            SetupError: the local edge could not start, or the one given is stopped.
            InputError: the URL cannot be one.
        """
        if self._given is not None:
            return self._given
        url = self.url()
        if self._client is None or self._client.url != normal_url(url):
            self.close()
            self._client = EdgeClient(url, self._token, PATIENCE)
        return self._client

    def close(self) -> None:
        """Close the client that was made here. A local edge goes on for the other labs."""
        if self._client is not None:
            client, self._client = self._client, None
            client.close()
        if isinstance(self._given, _Awaited):
            self._given.close()


class _Awaited:
    """An async client, asked from threads that have no event loop."""

    def __init__(self, client: Any) -> None:
        self.client, self.url = client, getattr(client, "url", "")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = threading.Lock()

    def classify(self, images: NDArray[np.uint8]) -> EdgeResult:
        result: EdgeResult = self._wait(self.client.classify(images))
        return result

    def model(self) -> dict[str, Any]:
        model: dict[str, Any] = self._wait(self.client.model())
        return model

    def close(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)

    def _wait(self, answer: Any) -> Any:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._run, args=[self._loop], daemon=True).start()
        return asyncio.run_coroutine_threadsafe(answer, self._loop).result()

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.run_forever()
        finally:
            loop.close()
