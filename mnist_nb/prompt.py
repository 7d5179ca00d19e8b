"""Messages of a kernel that reach the page at once.

Tornado leaves Nagle's algorithm on in its websockets: while the page has not acknowledged one small
packet, TCP holds the next back. A stroke of the pen is many small messages, so that they waited for
the acknowledgement, which comes with the next event of the mouse, or without one after 40 ms.
"""

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """For `ServerApp.kernel_websocket_connection_class` of a Jupyter server."""

    def connect(self) -> Any:
        """Connect the page with its kernel; see the base class."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
