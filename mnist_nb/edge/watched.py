"""The networks of httpx's own transports, whose every wait keeps to `deadline.at_most`."""

# ruff: noqa: ASYNC109 -- the timeouts are in httpcore's signatures

import socket
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from mnist_nb.edge.deadline import seconds_left

_NO_ADDRESS = (OSError, UnicodeError, OverflowError)  # of a host or a port that cannot be


def watch(client: httpx.Client | httpx.AsyncClient) -> None:
    """Let a client's connections keep to `at_most`.

    httpx has no argument for the network behind its own transports, and one of ours would lose the
    proxies of the environment.
    """
    for transport in (client._transport, *client._mounts.values()):
        pool = getattr(transport, "_pool", None)
        if isinstance(pool, httpcore.ConnectionPool):
            pool._network_backend = _Network(pool._network_backend)
        elif isinstance(pool, httpcore.AsyncConnectionPool):
            pool._network_backend = _AsyncNetwork(pool._network_backend)


def _left(timeout: float | None) -> float | None:
    """The smaller of a timeout and of what is left.

    Raises:
        httpcore.ReadTimeout: nothing is left.
    """
    left = seconds_left()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is over")
    if timeout is None:
        return left if left < float("inf") else None
    return min(timeout, left)


class _Network(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        # Each address of the name gets its share, as the first may swallow what it is sent.
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        except _NO_ADDRESS as error:
            raise httpcore.ConnectError(str(error)) from error
        for remaining in range(len(addresses), 0, -1):
            left = _left(timeout)
            try:
                stream = self._inner.connect_tcp(
                    addresses[-remaining],
                    port,
                    None if left is None else left / remaining,
                    local_address,
                    socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if remaining == 1:
                    raise
            else:
                return _Stream(stream)
        raise httpcore.ConnectError(f"{host} has no address")


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _AsyncNetwork(httpcore.AsyncNetworkBackend):
    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        left = _left(timeout)
        try:  # asyncio tries the addresses of a name side by side
            stream = await self._inner.connect_tcp(host, port, left, local_address, socket_options)
        except _NO_ADDRESS as error:
            raise httpcore.ConnectError(str(error)) from error
        return _AsyncStream(stream)


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, _left(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, _left(timeout))

    async def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._inner.start_tls(ssl_context, server_hostname, _left(timeout))
        return _AsyncStream(stream)

    async def aclose(self) -> None:
        await self._inner.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
