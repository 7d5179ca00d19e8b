"""Clients of the edge: images over HTTP, probabilities back.

    with EdgeClient("https://mnist.example.workers.dev") as edge:
        result = edge.classify(image)  # uint8 (28, 28)
        result.probabilities[0].argmax(), result.model.sha256, result.timing.total_ms

`AsyncEdgeClient` is the same with `await`. Both keep their connection open, as a handshake costs
more than a digit; calls at once, from threads or tasks, get up to 16. What to send and how to
read it is in `protocol`; here is only the sending.
"""

import asyncio
from types import TracebackType
from typing import Any, Self

import httpx

from mnist_nb.edge.bets import bets_request, read_bets
from mnist_nb.edge.conversation import BaseClient, Incoming, Progress, Protocol, Which, one_image
from mnist_nb.edge.deadline import at_most
from mnist_nb.edge.fetch import IN_BROWSER, AsyncFetch, Fetch
from mnist_nb.edge.protocol import Answer, Request, model_request, read_object
from mnist_nb.edge.result import EdgeResult, ModelRef, Place, Timing
from mnist_nb.edge.trace import EdgeTrace, read_trace, trace_request
from mnist_nb.errors import EdgeError

__all__ = ["AsyncEdgeClient", "EdgeClient", "EdgeResult", "ModelRef", "Place", "Timing"]


class EdgeClient(BaseClient):
    """Asks an edge for probabilities, over a connection that stays open.

    Args:
        url: where the edge is; with or without a trailing slash or `/classify`.
        token: bearer token, when the edge wants one. It shows in no error and no repr.
        timeout: seconds for a request of one image, from its connection to the last byte of its
            answer; a batch gets 2 ms more for each of its images.
        protocol: "auto" finds out whether the edge speaks bytes (ours) or only the JSON of the
            original, one image at a time; "binary" or "json" insists.
        token_over_http: send the token to another machine also without TLS, where every machine
            on the way can read it; MNIST_NB_TOKEN_OVER_HTTP=1 in the environment does so too.
        transport: an httpx transport, for tests.

    Raises:
        InputError: for a URL, token or timeout that cannot work, and for a proxy or certificates
            of the environment that cannot.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        timeout: float = 2.0,
        *,
        protocol: Protocol = "auto",
        token_over_http: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(url, token, timeout, protocol=protocol, token_over_http=token_over_http)
        with self._environment():
            transport = transport or (Fetch() if IN_BROWSER else None)
            self._http = httpx.Client(transport=transport, **self._settings())
        if transport is None:
            self._watch(self._http)

    def classify(
        self, images: Any, progress: Progress | None = None, *, model: Which | None = None
    ) -> EdgeResult:
        """Classify images at the edge.

        Args:
            images: uint8 (784,), (28, 28), (N, 784) or (N, 28, 28); more than 1024 go in
                several requests, one after the other.
            progress: called as `progress(done, total)` after each request.
            model: during a trial, which of the two: "current" or "candidate". The trial counts
                what is asked of the first, and leaves out what is asked of the second. None is
                for the edge to choose.

        Returns:
            The result, with `.probabilities` float32 (N, 10).

        Raises:
            InputError: for images of another shape or dtype, or none, or another `model`.
            EdgeOffline: when no answer came.
            EdgeProblem: when the edge answered with an error.
            EdgeProtocolError: when it answered something else than probabilities.
            EdgeError: when the edge changed its weights between two requests, or this client was
                closed.
        """
        talk = self._conversation(images, progress, model)
        request = next(talk)
        while True:
            answer = self._exchange(request)
            try:
                request = talk.send(answer)
            except StopIteration as end:
                result: EdgeResult = end.value
                return result

    def model(self, shard: int | None = None) -> dict[str, Any]:
        """What `GET /model` says of the active weights; raises as `classify` does.

        Args:
            shard: which of the region's objects to ask, from 0; None asks any.
        """
        with self._hidden_token():
            return read_object(self._exchange(model_request(shard)))

    def trace(self, image: Any) -> EdgeTrace:
        """What each layer of the edge gives for one image; raises as `classify` does.

        Args:
            image: uint8 (784,) or (28, 28).
        """
        with self._hidden_token():
            return read_trace(self._exchange(trace_request(one_image(image))))

    def bets(self, question: str, value: float | None = None) -> dict[float, int]:
        """What the class bet today, as an edge that collects counts it; raises as `classify` does.

        Args:
            question: what is bet on.
            value: a bet to be counted first, by its first two digits; None only asks.

        Returns:
            How often each value was bet, the least first.
        """
        with self._hidden_token():
            return read_bets(self._exchange(bets_request(question, value)))

    def healthy(self) -> bool:
        """Whether the edge is up and has a model; False, not an error, when it is offline."""
        try:
            return self._exchange(Request("GET", "/healthz")).status == 200
        except EdgeError:
            return False

    def close(self) -> None:
        """Close the connection. The client cannot be used afterwards."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _exchange(self, request: Request) -> Answer:
        self._require_open(self._http.is_closed)
        incoming = Incoming(self.url, self._seconds(request))
        try:
            with (
                at_most(incoming.seconds),
                self._http.stream(**self._arguments(request)) as response,
            ):
                incoming.headers_are_here(response.headers)
                for chunk in response.iter_bytes():
                    incoming.add(chunk)
        except httpx.HTTPError as error:
            raise self._failure(error, incoming.seconds) from error
        return incoming.answer(response)


class AsyncEdgeClient(BaseClient):
    """`EdgeClient` for asyncio: the same arguments, results and errors, with `await`.

    Cancelling a `classify` gives up its answer; the request itself ends in the background.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        timeout: float = 2.0,
        *,
        protocol: Protocol = "auto",
        token_over_http: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(url, token, timeout, protocol=protocol, token_over_http=token_over_http)
        with self._environment():
            transport = transport or (AsyncFetch() if IN_BROWSER else None)
            self._http = httpx.AsyncClient(transport=transport, **self._settings())
        if transport is None:
            self._watch(self._http)
        self._sending: set[asyncio.Future[Answer]] = set()  # asyncio keeps no hold of its tasks

    async def classify(
        self, images: Any, progress: Progress | None = None, *, model: Which | None = None
    ) -> EdgeResult:
        """Classify images at the edge; see `EdgeClient.classify`."""
        talk = self._conversation(images, progress, model)
        request = next(talk)
        while True:
            answer = await self._exchange(request)
            try:
                request = talk.send(answer)
            except StopIteration as end:
                result: EdgeResult = end.value
                return result

    async def model(self, shard: int | None = None) -> dict[str, Any]:
        """What `GET /model` says of the active weights; see `EdgeClient.model`."""
        with self._hidden_token():
            return read_object(await self._exchange(model_request(shard)))

    async def trace(self, image: Any) -> EdgeTrace:
        """What each layer of the edge gives for one image; see `EdgeClient.trace`."""
        with self._hidden_token():
            return read_trace(await self._exchange(trace_request(one_image(image))))

    async def healthy(self) -> bool:
        """Whether the edge is up and has a model; False, not an error, when it is offline."""
        try:
            return (await self._exchange(Request("GET", "/healthz"))).status == 200
        except EdgeError:
            return False

    async def aclose(self) -> None:
        """Close the connection. The client cannot be used afterwards."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _exchange(self, request: Request) -> Answer:
        # httpcore 1.0 loses a connection that is cancelled before it is used, and then waits for
        # it for ever, so that a cancellation must not reach it.
        task = asyncio.ensure_future(self._send(request))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return await asyncio.shield(task)

    async def _send(self, request: Request) -> Answer:
        self._require_open(self._http.is_closed)
        incoming = Incoming(self.url, self._seconds(request))
        try:
            with at_most(incoming.seconds):
                async with self._http.stream(**self._arguments(request)) as response:
                    incoming.headers_are_here(response.headers)
                    async for chunk in response.aiter_bytes():
                        incoming.add(chunk)
        except httpx.HTTPError as error:
            raise self._failure(error, incoming.seconds) from error
        return incoming.answer(response)
