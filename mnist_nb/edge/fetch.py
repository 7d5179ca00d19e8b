"""Transports of httpx on a browser's own requests: where Python runs in a page, it has no sockets.

The browser keeps the connections, knows the proxies and unpacks what came packed. It does not let a
page set some headers, and tells nothing of why a request failed.
"""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

IN_BROWSER = sys.platform == "emscripten"

_ITS_OWN = {"accept-encoding", "connection", "content-length", "host", "user-agent"}
_UNPACKED = {"content-encoding", "content-length"}  # of what came, and not of what is handed on


def page_origin() -> str:
    """The origin of the page that runs this Python, such as "https://mnist.example.workers.dev"."""
    import js

    return str(js.location.origin)


class AsyncFetch(httpx.AsyncBaseTransport):
    """Sends by `fetch`; the deadline is for the whole answer."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return what came; raises what httpx's own transport raises."""
        import js
        from pyodide.ffi import to_js

        options = {
            "method": request.method,
            "headers": _sent(request),
            "redirect": "manual",  # no edge sends elsewhere, and the token is for this one alone
            "signal": js.AbortSignal.timeout(_milliseconds(request)),
        }
        if content := request.read():
            options["body"] = content
        with _named():
            came = await js.fetch(
                str(request.url), to_js(options, dict_converter=js.Object.fromEntries)
            )
        if came.type == "opaqueredirect":  # of which nothing is told
            return _redirect("another address, which this browser does not tell")
        return httpx.Response(came.status, headers=_kept(came.headers), stream=_Body(came.body))


class _Body(httpx.AsyncByteStream, httpx.SyncByteStream):
    def __init__(self, body: Any) -> None:
        self._reader = body and body.getReader()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _named():
            while self._reader and not (piece := await self._reader.read()).done:
                yield piece.value.to_bytes()

    async def aclose(self) -> None:
        if self._reader:
            with _named():
                await self._reader.cancel()

    def __iter__(self) -> Iterator[bytes]:
        from pyodide.ffi import run_sync

        with _named():
            while self._reader and not (piece := run_sync(self._reader.read())).done:
                yield piece.value.to_bytes()

    def close(self) -> None:
        from pyodide.ffi import run_sync

        run_sync(self.aclose())


class Fetch(httpx.BaseTransport):
    """Sends by `fetch` where Python can wait for a promise.

    Elsewhere by an `XMLHttpRequest` that waits, which a page allows in its workers, and which takes
    all that comes in its time, and goes where it is sent before that is known.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return what came; raises what httpx's own transport raises."""
        import js
        from pyodide.ffi import can_run_sync, run_sync, to_js

        if can_run_sync():
            sent: httpx.Response = run_sync(AsyncFetch().handle_async_request(request))
            return sent
        asked = js.XMLHttpRequest.new()
        asked.open(request.method, str(request.url), False)
        asked.responseType, asked.timeout = "arraybuffer", _milliseconds(request)
        for name, value in _sent(request).items():
            asked.setRequestHeader(name, value)
        content = request.read()
        with _named():
            asked.send(to_js(content) if content else None)
        if asked.responseURL != str(request.url):
            return _redirect(asked.responseURL)
        lines = asked.getAllResponseHeaders().split("\r\n")
        headers = [line.split(": ", 1) for line in lines if ": " in line]
        return httpx.Response(
            asked.status, headers=_kept(headers), content=asked.response.to_bytes()
        )


def _redirect(where: str) -> httpx.Response:
    return httpx.Response(302, headers={"location": where})


def _sent(request: httpx.Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name not in _ITS_OWN}


def _kept(headers: Any) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _UNPACKED]


def _milliseconds(request: httpx.Request) -> int:
    return int(1000 * request.extensions["timeout"]["read"])


@contextmanager
def _named() -> Iterator[None]:
    """The browser's errors as those of httpx."""
    from pyodide.ffi import JsException

    try:
        yield
    except JsException as error:
        if error.name == "TimeoutError":
            raise httpx.ReadTimeout("the time is over") from None
        raise httpx.ConnectError(f"the browser says: {error.message}") from None
