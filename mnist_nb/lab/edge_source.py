"""Which edge a lab talks to: the one it is given, the one of the environment, or its own."""

import asyncio
import inspect
import os
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from mnist_nb.edge import (
    IN_BROWSER,
    AsyncEdgeClient,
    EdgeClient,
    EdgeResult,
    EdgeTrace,
    Which,
    normal_url,
    page_origin,
)
from mnist_nb.errors import InputError
from mnist_nb.local_edge import LocalEdge, shared_edge

URL, TOKEN = "MNIST_NB_EDGE_URL", "MNIST_NB_EDGE_TOKEN"
PATIENCE = 10.0  # seconds; nothing waits for an answer, so a slow edge may take its time

T = TypeVar("T")


class Client(Protocol):
    """What is asked: an `AsyncEdgeClient`, or anything with its methods."""

    async def classify(
        self, images: NDArray[np.uint8], *, model: Which | None = None
    ) -> EdgeResult:
        """Probabilities of images; during a trial `model` is asked for, as of an `EdgeClient`."""

    async def model(self) -> dict[str, Any]:
        """The active weights."""


class EdgeSource:
    """Where answers come from, and the client that fetches them.

    Args:
        edge: None takes the URL in MNIST_NB_EDGE_URL (and MNIST_NB_EDGE_TOKEN), or else starts a
            `LocalEdge`, one per process; in a browser it is who served the page. A URL, a
            `LocalEdge`, an `EdgeClient` or an `AsyncEdgeClient` are used as they are; the client
            by one lab alone.

    Attributes:
        token: is sent to an edge that is named by its URL; set it for the next connection.

    Raises:
        InputError: something else was given.
    """

    def __init__(self, edge: Any = None) -> None:
        self._given: Client | None = None
        self._local: LocalEdge | None = None
        self._url: str | None = None
        self.token: str | None = None
        self._client: AsyncEdgeClient | None = None
        self._made_for: tuple[str, str | None] | None = None  # the client
        if edge is None:
            self._url, self.token = os.environ.get(URL) or None, os.environ.get(TOKEN) or None
            if IN_BROWSER and self._url is None:
                self._url = page_origin()
        elif isinstance(edge, str):
            self._url = edge
        elif isinstance(edge, LocalEdge):
            self._local = edge
        elif inspect.iscoroutinefunction(getattr(edge, "classify", None)):
            self._given = edge
        elif callable(getattr(edge, "classify", None)):
            self._given = _InThreads(edge)
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

    def client(self) -> EdgeClient:
        """A new client that waits, with the token that is known here; raises as `url` does."""
        given = getattr(self._given, "asked", self._given)
        return EdgeClient(self.url(), getattr(given, "_token", self.token), PATIENCE)

    def trace(self, image: NDArray[np.uint8]) -> EdgeTrace:
        """What each layer of the edge gives; see `EdgeClient.trace`. Waits for it."""
        given = getattr(self._given, "asked", None)
        if given is not None:
            return given.trace(image)  # type: ignore[no-any-return]
        with self.client() as client:
            return client.trace(image)

    async def connect(self) -> Client:
        """The client to ask. Call it again after an error: an own edge that died starts anew.

        Raises:
            SetupError: the local edge could not start, or the one given is stopped.
            InputError: the URL cannot be one.
        """
        if self._given is not None:
            return self._given
        url = await in_thread(self.url) if self.is_own else self.url()
        key = (normal_url(url), self.token)
        if self._client is None or self._made_for != key:
            await self.close()
            self._client = AsyncEdgeClient(url, self.token, PATIENCE)
            self._made_for = key
        return self._client

    async def close(self) -> None:
        """Close the client that was made here. A local edge goes on for the other labs."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()


class _InThreads:
    """A client that blocks, asked from a coroutine."""

    def __init__(self, client: Any) -> None:
        self.asked, self.url = client, getattr(client, "url", "")

    async def classify(
        self, images: NDArray[np.uint8], *, model: Which | None = None
    ) -> EdgeResult:
        which = {"model": model} if model else {}
        return await in_thread(lambda: self.asked.classify(images, **which))

    async def model(self) -> dict[str, Any]:
        return await in_thread(self.asked.model)


async def in_thread(call: Callable[[], T]) -> T:
    """Call what blocks. Unlike those of asyncio the thread holds up nobody who leaves."""
    if IN_BROWSER:
        return call()
    loop, done = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def finish(settle: Callable[[Any], None], value: object) -> None:
        if not done.done():
            settle(value)

    def run() -> None:
        try:
            words: tuple[Any, Any] = (done.set_result, call())
        except BaseException as error:
            words = (done.set_exception, error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(finish, *words)

    threading.Thread(target=run, name="mnist-nb-ask", daemon=True).start()
    return await done  # type: ignore[no-any-return]
