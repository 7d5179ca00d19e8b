"""Messages to the page leave at once, "busy" only when it lasts, and "idle" when the pen rests."""

import asyncio
import json
import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.session import Session
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

from mnist_nb import prompt
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
def session() -> Session:
    return Session(key=b"key")


@pytest.fixture
def connection(session: Session) -> PromptConnection:
    made = PromptConnection(session=session)
    handler = SimpleNamespace(selected_subprotocol="v1.kernel.websocket.jupyter.org")
    made._trait_values["websocket_handler"] = handler  # a kernel's would be checked
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
    monkeypatch.setattr(prompt, "MANY", 5)
    for number in range(8):
        event = widget("custom")
        kernel("busy", event)
        kernel("idle", event)
        assert page.qsize() == max(0, number + 1 - 5)


async def test_a_pen_that_begins_anew_stops_what_came_in_its_rest(
    kernel, widget, page, monkeypatch
):
    monkeypatch.setattr(prompt, "PAUSE", 3600)  # the few are sent, and the others wait
    for _ in range(prompt.FEW + 1):
        event = widget("custom")
        kernel("busy", event)
        kernel("idle", event)
    for _ in range(prompt.FEW):
        assert await page.get() == "idle"
    kernel("busy", event := widget("custom"))
    kernel("idle", event)  # from here on it is counted again
    assert [await page.get() for _ in range(2)] == ["idle"] * 2


async def test_the_json_protocol_is_left_alone(kernel, connection, widget, page):
    connection.websocket_handler.selected_subprotocol = None
    event = widget("custom")
    kernel("busy", event)
    kernel("idle", event)
    assert page.get_nowait() == "idle"
