"""Messages of a kernel that reach the page at once, and no more of them than it needs.

A stroke of the pen is many small messages, and two things stand in their way.

Tornado leaves Nagle's algorithm on in its websockets: while the page has not acknowledged one small
packet, TCP holds the next back. So they waited for the acknowledgement, which comes with the next
event of the mouse, or without one after 40 ms.

And a kernel says "busy" and "idle" around every event of a widget. JupyterLab shows that in its
toolbar, its status bar and the icon of the tab, which the browser loads anew each time: at 60
events a second that costs several times as much as the bars. So "busy" is told only of an event
that takes longer than an eye would notice. "idle" must arrive, as the page then forgets the event,
but nothing waits for it where the event was a custom message, such as those of a canvas: it comes
when the pen rests. (A slider does wait: for "idle" before it sends its next value.)

And what a page sends is looked at first. Jupyter's server believes the count at the head of a
frame, so that 17 bytes of one visitor would stop it for all.
"""

import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClosedError

NOTICED = 0.1  # seconds
REST = 0.1  # seconds without an event
FEW, PAUSE = 8, 0.02  # so many "idle" at a time, seconds apart: a pen may begin anew meanwhile
MANY = 1000  # "idle" at most that wait: a quarter of a minute of drawing without a rest
_SHORT = 64  # bytes; what a status says is shorter
_BYTES = "v1.kernel.websocket.jupyter.org"  # the protocol of JupyterLab; another is left alone
_CUSTOM = b'"method":"custom"'  # within a string these quotes would be escaped
PROTOCOL_ERROR = 1002  # of RFC 6455
# What a message can be that is not one: no JSON, too deep, without its parts, of other types.
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


def check_frame(frame: bytes, is_v1: bool) -> None:
    """Hold the table at the head of a frame to the frame itself.

    Args:
        frame: of a websocket.
        is_v1: whether it is of the protocol `v1.kernel.websocket.jupyter.org`: the count of offsets
            and they, of 8 bytes each, little-endian: the channel, at least four parts, and the end.
            Else of the older one: 4 bytes, big-endian, for each part.

    Raises:
        ValueError: it says that there is more than there is, or in another order.
    """
    order, width, least = ("<Q", 8, 6) if is_v1 else (">I", 4, 1)
    count = int.from_bytes(frame[:width], "little" if is_v1 else "big")
    head = width * (count + 1)
    if not least <= count <= len(frame) // width or head > len(frame):
        raise ValueError(f"a frame of {len(frame)} bytes says that it has {count} offsets")
    offsets = [*struct.unpack(f"{order[0]}{count}{order[1]}", frame[width:head]), len(frame)]
    if offsets[0] != head or any(a > b for a, b in pairwise(offsets)):
        raise ValueError("the offsets of a frame are not those of its parts")


class PromptConnection(ZMQChannelsWebsocketConnection):
    """For `ServerApp.kernel_websocket_connection_class` of a Jupyter server."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._held: dict[str, object] = {}  # timers, by the id of the event that made it busy
        self._custom: set[str] = set()  # ids of events that are custom messages
        self._idle: deque[tuple[Any, list[Any]]] = deque()  # streams and messages
        self._rest: object = None  # a timer

    def connect(self) -> Any:
        """Connect the page with its kernel; see the base class."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()

    def disconnect(self) -> Any:
        """Forget what waits for a page that has gone; see the base class."""
        for timer in (*self._held.values(), self._rest):
            if timer is not None:
                IOLoop.current().remove_timeout(timer)
        self._held.clear()
        self._idle.clear()
        self._rest = None
        return super().disconnect()  # type: ignore[no-untyped-call]

    @property
    def write_message(self) -> Callable[..., object]:
        """Send to the page. That it goes meanwhile is no error, and not for the log."""

        def write(message: Any, binary: bool = False) -> object:
            with suppress(WebSocketClosedError):
                written = self.websocket_handler.write_message(message, binary=binary)
                written.add_done_callback(lambda done: done.cancelled() or done.exception())
                return written
            return None

        return write

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Send a message of the page on to the kernel; see the base class."""
        is_v1 = self.subprotocol == _BYTES
        try:
            if isinstance(incoming_msg, bytes):
                check_frame(incoming_msg, is_v1)
                if is_v1 and _CUSTOM in incoming_msg:
                    _, (header, *_) = deserialize_msg_from_ws_v1(incoming_msg)  # type: ignore[no-untyped-call]
                    self._custom.add(self.session.unpack(header)["msg_id"])
            super().handle_incoming_message(incoming_msg)
        except _BROKEN:
            self.websocket_handler.close(PROTOCOL_ERROR, "not a message of Jupyter's protocol")

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Send a message on to the page; see the base class."""
        state, event = self._status(outgoing_msg)
        loop = IOLoop.current()
        if state == "busy":
            self._held[event] = loop.call_later(NOTICED, self._tell, event, stream, outgoing_msg)
            return
        if state == "idle":
            is_custom = event in self._custom
            self._custom.discard(event)
            if (timer := self._held.pop(event, None)) is not None:
                loop.remove_timeout(timer)
                if is_custom:
                    self._idle.append((stream, outgoing_msg))
                    self._release_after(REST)
                    return
        super().handle_outgoing_message(stream, outgoing_msg)

    def _tell(self, event: str, stream: Any, busy: list[Any]) -> None:
        del self._held[event]
        self._send(stream, busy)

    def _release_after(self, seconds: float) -> None:
        if len(self._idle) > MANY:
            self._send(*self._idle.popleft())
        loop = IOLoop.current()
        if self._rest is not None:
            loop.remove_timeout(self._rest)
        self._rest = loop.call_later(seconds, self._release)

    def _release(self) -> None:
        self._rest = None
        for _ in range(min(FEW, len(self._idle))):
            self._send(*self._idle.popleft())
        if self._idle:
            self._release_after(PAUSE)

    def _send(self, stream: Any, message: list[Any]) -> None:
        if not stream.closed():
            with suppress(WebSocketClosedError):
                super().handle_outgoing_message(stream, message)

    def _status(self, message: list[Any]) -> tuple[str, str]:
        """The kernel's state and the event of a widget that made it so; ("", "") if neither."""
        _, (_, header, parent, _, content, *_) = self.session.feed_identities(message)
        if len(content) < _SHORT and self.session.unpack(header)["msg_type"] == "status":
            cause = self.session.unpack(parent)
            if cause.get("msg_type") == "comm_msg":
                return self.session.unpack(content)["execution_state"], cause["msg_id"]
        return "", ""
