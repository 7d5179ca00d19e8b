"""Messages to the page leave at once, and "busy" only when it lasts."""

import asyncio
import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.session import Session
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

from mnist_nb.prompt import NOTICED, PromptConnection

NAME = "mnist_nb.prompt.PromptConnection"


def test_a_jupyter_server_takes_it_by_name():
    server = ServerApp(kernel_websocket_connection_class=NAME)
    assert server.kernel_websocket_connection_class is PromptConnection


async def test_no_packet_waits_for_an_acknowledgement(monkeypatch):
    """On a real websocket of tornado, which has it the other way by default."""
    # The rest of connecting needs a kernel; the browser tests do that.
    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "connect", lambda self: "connected")
    seen: list[Any] = []

    class Handler(WebSocketHandler):
        def open(self) -> None:
            def at_once() -> bool:
                stream = self.ws_connection.stream
                return bool(stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

            seen.append(at_once())
            connection = PromptConnection.__new__(PromptConnection)
            connection._trait_values["websocket_handler"] = self  # a kernel's would be checked
            seen.extend([connection.connect(), at_once()])
            self.close()

    server = HTTPServer(Application([("/", Handler)]))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        server.add_socket(listening)
        client = await websocket_connect(f"ws://127.0.0.1:{listening.getsockname()[1]}/")
        assert await client.read_message() is None  # closed by the server
        client.close()
        server.stop()
        await server.close_all_connections()
    assert seen == [False, "connected", True]


@pytest.fixture
def kernel() -> Callable[..., None]:
    """Says on behalf of a kernel that it is busy or idle because of a message."""
    session = Session(key=b"key")
    connection = PromptConnection(session=session)
    stream: Any = SimpleNamespace(closed=lambda: False)

    def say(state: str, cause: dict[str, Any]) -> None:
        message = session.msg("status", {"execution_state": state}, parent=cause)
        connection.handle_outgoing_message(stream, session.serialize(message, ident=b"status"))

    return say


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[str]:
    """What goes on to the page."""
    told: asyncio.Queue[str] = asyncio.Queue()
    session = Session(key=b"key")

    def outgoing(self: Any, stream: Any, message: list[bytes]) -> None:
        told.put_nowait(session.unpack(session.feed_identities(message)[1][4])["execution_state"])

    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "handle_outgoing_message", outgoing)
    return told


async def test_events_of_widgets_are_no_work_that_a_page_shows(kernel, page):
    for _ in range(5):
        event = Session().msg("comm_msg")
        kernel("busy", event)
        kernel("idle", event)
    await asyncio.sleep(1.5 * NOTICED)  # nothing comes later either
    assert [page.get_nowait() for _ in range(page.qsize())] == ["idle"] * 5


async def test_an_event_that_takes_long_is_told(kernel, page):
    event = Session().msg("comm_msg")
    kernel("busy", event)
    assert page.empty()
    assert await page.get() == "busy"
    kernel("idle", event)
    assert page.get_nowait() == "idle"


async def test_a_cell_is_told_at_once(kernel, page):
    cell = Session().msg("execute_request")
    kernel("busy", cell)
    kernel("idle", cell)
    assert [page.get_nowait(), page.get_nowait()] == ["busy", "idle"]
