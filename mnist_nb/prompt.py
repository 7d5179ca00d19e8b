"""Messages of a kernel that reach the page at once, and no more of them than it needs.

A stroke of the pen is many small messages, and two things stand in their way.

Tornado leaves Nagle's algorithm on in its websockets: while the page has not acknowledged one small
packet, TCP holds the next back. So they waited for the acknowledgement, which comes with the next
event of the mouse, or without one after 40 ms.

And a kernel says "busy" and "idle" around every event of a widget. JupyterLab shows that in its
toolbar, its status bar and the icon of the tab, which the browser loads anew each time: at 60
events a second that costs several times as much as the bars. So "busy" is told only of an event
that takes longer than an eye would notice.
"""

from contextlib import suppress
from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClosedError

NOTICED = 0.1  # seconds
_SHORT = 64  # bytes; what a status says is shorter


class PromptConnection(ZMQChannelsWebsocketConnection):
    """For `ServerApp.kernel_websocket_connection_class` of a Jupyter server."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._held: dict[str, object] = {}  # timers, by the id of the event that made it busy

    def connect(self) -> Any:
        """Connect the page with its kernel; see the base class."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Send a message on to the page; see the base class."""
        state, event = self._status(outgoing_msg)
        loop = IOLoop.current()
        if state == "busy":
            self._held[event] = loop.call_later(NOTICED, self._tell, event, stream, outgoing_msg)
            return
        if state == "idle" and (timer := self._held.pop(event, None)) is not None:
            loop.remove_timeout(timer)
        super().handle_outgoing_message(stream, outgoing_msg)

    def _tell(self, event: str, stream: Any, busy: list[Any]) -> None:
        del self._held[event]
        if not stream.closed():
            with suppress(WebSocketClosedError):
                super().handle_outgoing_message(stream, busy)

    def _status(self, message: list[Any]) -> tuple[str, str]:
        """The kernel's state and the event of a widget that made it so; ("", "") if neither."""
        _, (_, header, parent, _, content, *_) = self.session.feed_identities(message)
        if len(content) < _SHORT and self.session.unpack(header)["msg_type"] == "status":
            cause = self.session.unpack(parent)
            if cause.get("msg_type") == "comm_msg":
                return self.session.unpack(content)["execution_state"], cause["msg_id"]
        return "", ""
