"""Messages to the page leave at once, "busy" only when it lasts, and "idle" when the pen rests."""

import asyncio
import gc
import json
import socket
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.session import Session
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.connection.base import (
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect

from mnist_nb.servers import connection as connection_module
from mnist_nb.servers.connection import NOTICED, PromptConnection

NAME = "mnist_nb.servers.connection.PromptConnection"


def test_a_jupyter_server_takes_it_by_name():
    server = ServerApp(kernel_websocket_connection_class=NAME)
    assert server.kernel_websocket_connection_class is PromptConnection


@pytest.fixture
async def visited() -> AsyncIterator[Callable[..., Any]]:
    """A real websocket: give it a handler, and get the client's end of it."""
    servers, clients = [], []

    async def visit(handler: type[WebSocketHandler]) -> WebSocketClientConnection:
        servers.append(HTTPServer(Application([("/", handler)])))
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setblocking(False)
        servers[-1].add_socket(listening)
        clients.append(await websocket_connect(f"ws://127.0.0.1:{listening.getsockname()[1]}/"))
        return clients[-1]

    yield visit
    for client in clients:
        client.close()
    for server in servers:
        server.stop()
        await server.close_all_connections()


def connected_with(handler: Any) -> PromptConnection:
    connection = PromptConnection()
    connection._trait_values["websocket_handler"] = handler  # a kernel's would be checked
    return connection


async def test_no_packet_waits_for_an_acknowledgement(monkeypatch, visited):
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
            seen.extend([connected_with(self).connect(), at_once()])
            self.close()

    client = await visited(Handler)
    assert await client.read_message() is None  # closed by the server
    assert seen == [False, "connected", True]


@pytest.mark.parametrize("is_ours", [True, False], ids=["ours", "tornado's own"])
async def test_a_page_that_goes_while_it_is_written_to_is_no_error(visited, is_ours):
    handlers: list[WebSocketHandler] = []

    class Handler(WebSocketHandler):
        def open(self) -> None:
            handlers.append(self)
            self.write_message("welcome")

    client = await visited(Handler)
    await client.read_message()
    said: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: said.append(context["message"])
    )
    client.protocol.stream.close()  # without a word, as a tab that is closed
    writer = connected_with(handlers[0]) if is_ours else handlers[0]
    # No turn of the loop between these, so that only the writing itself can find out.
    await asyncio.wait([writer.write_message(b"bars", binary=True) for _ in range(2)])
    gc.collect()
    await asyncio.sleep(0)
    assert said == ([] if is_ours else ["Task exception was never retrieved"])


@pytest.fixture
def session() -> Session:
    return Session(key=b"key")


@pytest.fixture
def connection(session: Session) -> PromptConnection:
    made = connected_with(SimpleNamespace(selected_subprotocol="v1.kernel.websocket.jupyter.org"))
    made.session = session
    return made


@pytest.fixture
def kernel(session: Session, connection: PromptConnection) -> Callable[..., None]:
    """Says on behalf of a kernel that it is busy or idle because of a message."""
    stream: Any = SimpleNamespace(closed=lambda: False)

    def say(state: str, cause: dict[str, Any]) -> None:
        message = session.msg("status", {"execution_state": state}, parent=cause)
        connection.handle_outgoing_message(stream, session.serialize(message, ident=b"status"))

    return say


@pytest.fixture
def widget(
    session: Session, connection: PromptConnection, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], dict[str, Any]]:
    """Sends an event from the page, and returns it."""
    monkeypatch.setattr(
        ZMQChannelsWebsocketConnection, "handle_incoming_message", lambda self, message: None
    )

    def send(method: str) -> dict[str, Any]:
        event = session.msg("comm_msg", {"comm_id": "1", "data": {"method": method}})
        frame = serialize_msg_to_ws_v1(event, "shell", as_a_browser_does)
        connection.handle_incoming_message(frame)
        return dict(event)

    def as_a_browser_does(part: Any) -> bytes:
        return json.dumps(part, default=str, separators=(",", ":")).encode()

    return send


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, session: Session) -> asyncio.Queue[str]:
    """What goes on to the page."""
    told: asyncio.Queue[str] = asyncio.Queue()

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


async def test_events_of_a_canvas_are_forgotten_when_the_pen_rests(kernel, widget, page):
    for _ in range(20):
        event = widget("custom")
        kernel("busy", event)
        kernel("idle", event)
    assert page.empty()
    assert [await page.get() for _ in range(20)] == ["idle"] * 20
    await asyncio.sleep(1.5 * NOTICED)
    assert page.empty()


async def test_a_slider_hears_at_once_that_its_value_has_come(kernel, widget, page):
    event = widget("update")
    kernel("busy", event)
    kernel("idle", event)
    assert page.get_nowait() == "idle"


async def test_what_is_shown_as_busy_is_shown_as_idle_at_once(kernel, widget, page):
    event = widget("custom")
    kernel("busy", event)
    assert await page.get() == "busy"
    kernel("idle", event)
    assert page.get_nowait() == "idle"


async def test_not_more_than_so_many_wait_for_a_rest(kernel, widget, page, monkeypatch):
    monkeypatch.setattr(connection_module, "MANY", 5)
    for number in range(8):
        event = widget("custom")
        kernel("busy", event)
        kernel("idle", event)
        assert page.qsize() == max(0, number + 1 - 5)


async def test_a_pen_that_begins_anew_stops_what_came_in_its_rest(
    kernel, widget, page, monkeypatch
):
    monkeypatch.setattr(connection_module, "PAUSE", 3600)  # the few are sent, and the others wait
    for _ in range(connection_module.FEW + 1):
        event = widget("custom")
        kernel("busy", event)
        kernel("idle", event)
    for _ in range(connection_module.FEW):
        assert await page.get() == "idle"
    kernel("busy", event := widget("custom"))
    kernel("idle", event)  # from here on it is counted again
    assert [await page.get() for _ in range(2)] == ["idle"] * 2


async def test_the_json_protocol_is_left_alone(kernel, session, connection, widget, page):
    connection.websocket_handler.selected_subprotocol = None
    event = session.msg("comm_msg", {"comm_id": "1", "data": {"method": "custom"}})
    connection.handle_incoming_message(json.dumps(event, default=str, separators=(",", ":")))
    kernel("busy", event)
    kernel("idle", event)
    assert page.get_nowait() == "idle"


async def test_a_message_for_a_page_that_has_just_gone_is_no_error(visited):
    """Tornado raises at once there, and Jupyter's server printed three tracebacks."""
    seen: asyncio.Queue[Any] = asyncio.Queue()

    class Handler(WebSocketHandler):
        def on_close(self) -> None:
            try:
                seen.put_nowait(connected_with(self).write_message("too late"))
            except Exception as error:
                seen.put_nowait(error)

    client = await visited(Handler)
    client.close()
    assert await client.read_message() is None
    assert await seen.get() is None


async def test_nothing_is_sent_to_a_page_that_has_gone(
    kernel, connection, widget, page, monkeypatch
):
    gone: list[object] = []
    monkeypatch.setattr(
        ZMQChannelsWebsocketConnection, "disconnect", lambda self: gone.append(self)
    )
    event = widget("custom")
    kernel("busy", event)
    kernel("idle", event)
    kernel("busy", widget("custom"))
    connection.disconnect()
    await asyncio.sleep(1.5 * NOTICED)
    assert gone == [connection]
    assert page.empty()


def v1(count: int, *offsets: int, rest: bytes = b"") -> bytes:
    return b"".join(number.to_bytes(8, "little") for number in (count, *offsets)) + rest


def old(count: int, *offsets: int, rest: bytes = b"") -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in (count, *offsets)) + rest


@pytest.mark.parametrize(
    ("frame", "is_v1"),
    [
        (b"", True),
        (v1(1 << 40, rest=b"123456789"), True),  # 17 bytes, and a loop of hours
        (v1(6, 56, 56, 56, 56, 56), True),  # one offset less than it says
        (v1(6, 0, 56, 56, 56, 56, 56), True),  # the head as a channel
        (v1(6, 56, 57, 56, 56, 56, 56, rest=b"s"), True),  # backwards
        (v1(6, 56, 56, 56, 56, 56, 57), True),  # beyond the end
        (v1(2, 24, 24), True),  # no message
        (old(1 << 31 | 5), False),
        (old(0x7FFFFFFF, 8), False),
        (old(0), False),
        (old(1, 4), False),
    ],
)
def test_a_frame_is_held_to_what_its_head_says(frame: bytes, is_v1: bool) -> None:
    with pytest.raises(ValueError, match="frame"):
        connection_module.check_frame(frame, is_v1)


def test_frames_as_jupyter_makes_them_pass(session: Session) -> None:
    message = session.msg("comm_msg", {"data": {}})
    parts = [b"{}", b"{}", b"{}", b"{}", b"a buffer", b""]
    connection_module.check_frame(serialize_msg_to_ws_v1(parts, "shell"), True)
    whole = {**message, "buffers": [b"a buffer", b""], "channel": "shell"}
    connection_module.check_frame(serialize_binary_message(whole), False)


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, '{"channel": "shell"}', "7"])
async def test_what_is_no_message_closes_the_connection_without_a_traceback(
    connection: PromptConnection, text: str
) -> None:
    closed: list[int] = []
    connection.websocket_handler.selected_subprotocol = None
    connection.websocket_handler.close = lambda code, reason: closed.append(code)
    connection.channels = {"shell": SimpleNamespace(closed=lambda: False)}
    connection._trait_values["parent"] = SimpleNamespace(
        parent=SimpleNamespace(allowed_message_types=[])
    )
    connection.handle_incoming_message(text)
    assert closed == [connection_module.PROTOCOL_ERROR]
