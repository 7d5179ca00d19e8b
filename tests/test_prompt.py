"""Packets to the page leave at once."""

import socket
from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

from mnist_nb.prompt import PromptConnection

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
