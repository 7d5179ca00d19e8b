"""A local edge whose socket outlives its runtime."""

import os
import socket
from pathlib import Path

from mnist_nb.edge.host import Host
from mnist_nb.edge.local import LocalEdge


class HeldEdge(LocalEdge):
    """As LocalEdge, but workerd inherits its socket: connections wait while it is started again."""

    def _launch(self, deploy: Path) -> None:
        with socket.create_server(("127.0.0.1", self.port), backlog=512) as listener:
            port, descriptor = listener.getsockname()[1], listener.fileno()
            settings = {"port": port, "state": None, "vars": self._vars, "socket": descriptor}
            self._host = Host(deploy, settings, descriptor)
        self._owner = os.getpid()
