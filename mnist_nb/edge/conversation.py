"""What the sync and the async client share: settings, the conversation, errors in words."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import perf_counter
from typing import Any, Literal

import httpx
import numpy as np
from numpy.typing import NDArray

from mnist_nb._version import __version__
from mnist_nb.drawing import as_images
from mnist_nb.edge import environment
from mnist_nb.edge.address import is_loopback, normal_url
from mnist_nb.edge.fetch import IN_BROWSER
from mnist_nb.edge.protocol import (
    BATCH,
    Answer,
    Request,
    binary_request,
    json_request,
    read_binary,
    read_json,
    speaks_only_json,
)
from mnist_nb.edge.result import EdgeResult, merge
from mnist_nb.errors import EdgeError, EdgeOffline, EdgeProblem, EdgeProtocolError, InputError

Protocol = Literal["auto", "binary", "json"]
Which = Literal["current", "candidate"]
Progress = Callable[[int, int], object]
Talk = Generator[Request, Answer, EdgeResult]

TOKEN_OVER_HTTP = "MNIST_NB_TOKEN_OVER_HTTP"
"""Set to 1 in the environment it is `token_over_http=True` for all clients."""

TOO_MUCH = 413
_LARGEST_ANSWER = 4 << 20  # bytes; an honest one is below 64 KB
_SECONDS_PER_IMAGE = 0.002  # ten times what an image takes on a busy laptop's workerd
CONNECTIONS = 16
"""Requests of one client that may be on their way at once; one more waits for one to come back."""

_LIMITS = httpx.Limits(
    max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=60
)


def one_image(image: Any) -> NDArray[np.uint8]:
    """Return uint8 (784,) of one image; InputError for several."""
    rows = as_images(image)
    if len(rows) != 1:
        raise InputError(f"a trace is of one image, got {len(rows)}: give one of them")
    return rows.reshape(784)


class BaseClient:
    """A client without its transport."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        timeout: float = 2.0,
        *,
        protocol: Protocol = "auto",
        token_over_http: bool = False,
    ) -> None:
        if not 0 < timeout < float("inf"):
            raise InputError(f"timeout is {timeout!r}; give seconds above 0, such as 2.0")
        if protocol not in ("auto", "binary", "json"):
            raise InputError(f"protocol is {protocol!r}; give 'auto', 'binary' or 'json'")
        if token is not None and not (token.isascii() and token.isprintable() and token.strip()):
            # httpx would put the whole value into its own error.
            raise InputError("the token is empty or not printable ASCII; copy it once more")
        self.url = normal_url(url)
        self.timeout = float(timeout)
        self._token = token.strip() if token else None
        self._protocol: Protocol = protocol
        self._loopback = is_loopback(self.url)
        plain = self.url.startswith("http:") and not self._loopback
        allowed = token_over_http or os.environ.get(TOKEN_OVER_HTTP) == "1"
        if self._token and plain and not allowed:
            raise InputError(
                f"every machine on the way to {self.url} could read the token: give the edge's"
                " https:// URL; or, where that is all right, token_over_http=True, which is"
                f" `mnist-nb --token-over-http` and {TOKEN_OVER_HTTP}=1"
            )
        self._addresses: dict[str, httpx.URL] = {}

    def __repr__(self) -> str:
        token = ", token=..." if self._token else ""
        return f"{type(self).__name__}({self.url!r}{token}, timeout={self.timeout:g})"

    def _settings(self) -> dict[str, Any]:
        # Packed answers could unpack to any size, and an honest one is small.
        headers = {"user-agent": f"mnist-nb/{__version__}", "accept-encoding": "identity"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        settings: dict[str, Any] = {}
        if self._loopback and self.url.startswith("http:") and not IN_BROWSER:
            import ssl  # is not everywhere

            # It needs no certificates, and httpx takes 15 ms to load them: one that trusts nobody.
            settings["verify"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return settings | {
            "headers": headers,
            "timeout": self.timeout,
            "limits": _LIMITS,
            # A proxy from the environment cannot reach this machine's own loopback.
            "trust_env": not self._loopback,
        }

    def _environment(self) -> AbstractContextManager[None]:
        """Around the making of an httpx client; one of this machine reads no environment."""
        return nullcontext() if self._loopback else environment.named()

    @staticmethod
    def _watch(client: httpx.Client | httpx.AsyncClient) -> None:
        from mnist_nb.edge.watched import watch  # needs sockets

        watch(client)

    def _require_open(self, closed: bool) -> None:
        if closed:
            raise EdgeError(
                f"this client of {self.url} is closed: make another {type(self).__name__}"
            )

    def _conversation(self, images: Any, progress: Progress | None, model: Which | None) -> Talk:
        """Yields requests, is sent their answers, returns the result."""
        if model not in (None, "current", "candidate"):
            raise InputError(f"model is {model!r:.80}; give 'current' or 'candidate'")
        rows = as_images(images)
        total = len(rows)
        parts: list[EdgeResult] = []
        done, most = 0, BATCH
        with self._hidden_token():
            while done < total:
                if self._protocol == "json":
                    part = read_json((yield json_request(rows[done])))
                else:
                    batch = rows[done : done + most]
                    answer = yield binary_request(batch, model)
                    if answer.status == TOO_MUCH and len(batch) > 1:
                        most = len(batch) // 2  # weights that take long: fewer images at a time
                        continue
                    if self._protocol == "auto" and speaks_only_json(answer):
                        part = read_json((yield json_request(rows[done])))
                        self._protocol = "json"
                    else:
                        part = read_binary(answer, len(batch))
                        self._protocol = "binary"
                parts.append(part)
                done += len(part.probabilities)
                if progress:
                    progress(done, total)
        return merge(parts)

    def _seconds(self, request: Request) -> float:
        return self.timeout + request.images * _SECONDS_PER_IMAGE

    def _arguments(self, request: Request) -> dict[str, Any]:
        return {
            "method": request.method,
            "url": self._address(request.path),
            "headers": request.headers,
            "content": request.body or None,
            "timeout": self._seconds(request),
        }

    def _address(self, path: str) -> httpx.URL:
        """Where a path of the edge is; to parse it again for each request would take 50 us."""
        if path not in self._addresses:
            self._addresses[path] = httpx.URL(self.url + path)
        return self._addresses[path]

    def _failure(self, error: httpx.HTTPError, seconds: float) -> EdgeError:
        """The error of ours for one of httpx, which knows neither the token nor a remedy."""
        if isinstance(error, httpx.TimeoutException):
            return EdgeOffline(
                f"the edge at {self.url} did not answer in {seconds:g} s: {self._advice()},"
                " or give it longer with timeout=..."
            )
        dropped = "disconnected" in str(error) or "closed connection" in str(error)
        if isinstance(error, httpx.TransportError) and (
            dropped or not isinstance(error, httpx.ProtocolError)
        ):
            reason = str(error) or type(error).__name__
            return EdgeOffline(f"no edge at {self.url} ({reason}): {self._advice()}")
        return EdgeProtocolError(
            f"{self.url} does not speak HTTP as expected ({self._excerpt(error)}):"
            " is this the URL of an edge?"
        )

    def _excerpt(self, error: Exception) -> str:
        """What an error says, which may quote all that the other side sent."""
        text = str(error)
        if self._token:
            text = text.replace(self._token, "...")
        return text if len(text) <= 200 else f"{text[:199]}…"

    def _advice(self) -> str:
        if self._loopback:
            return "start the local edge with `make edge` or LocalEdge().start()"
        proxy = environment.proxy_variable(self.url.partition(":")[0])
        way = f"your network, the proxy in {proxy}" if proxy else "your network"
        return f"check the URL, {way} and `npx wrangler tail`"

    @contextmanager
    def _hidden_token(self) -> Iterator[None]:
        """An edge that echoes the token must not get it into the output of a notebook."""
        try:
            yield
        except (EdgeProblem, EdgeProtocolError) as error:
            if self._token:
                error.args = (str(error).replace(self._token, "..."),)
                if isinstance(error, EdgeProblem):
                    error.title = error.title.replace(self._token, "...")
                    error.detail = error.detail.replace(self._token, "...")
            raise


class Incoming:
    """Collects an answer, so that neither a huge nor a dripping one holds us up."""

    def __init__(self, url: str, seconds: float) -> None:
        self.url, self.seconds = url, seconds
        self.began = perf_counter()
        self.deadline = self.began + seconds
        self.body = bytearray()

    def headers_are_here(self, headers: httpx.Headers) -> None:
        """Look at them before the body.

        Raises:
            EdgeProtocolError: it is packed, although that was not asked for.
        """
        coding = headers.get("content-encoding", "identity").strip().lower()
        if coding != "identity":
            raise EdgeProtocolError(
                f"{self.url} answered packed ({coding:.40}), although asked not to:"
                " is this the URL of an edge?"
            )

    def add(self, chunk: bytes) -> None:
        """Take a piece of the body.

        Raises:
            EdgeProtocolError: when it has become too large.
            EdgeOffline: when the time is over.
        """
        self.body += chunk
        if len(self.body) > _LARGEST_ANSWER:
            raise EdgeProtocolError(
                f"{self.url} answered more than {_LARGEST_ANSWER >> 20} MB:"
                " is this the URL of an edge?"
            )
        if perf_counter() > self.deadline:
            raise EdgeOffline(
                f"the answer of {self.url} was not complete after {self.seconds:g} s:"
                " check the network, or give it longer with timeout=..."
            )

    def answer(self, response: httpx.Response) -> Answer:
        """All of it."""
        ms = 1000 * (perf_counter() - self.began)
        headers: dict[str, str] = {}
        for raw, content in response.headers.raw:  # httpx's own items() take 50 us
            name, value = raw.decode("latin-1").lower(), content.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        status, reason = response.status_code, response.reason_phrase
        return Answer(status, reason, headers, bytes(self.body), ms)
