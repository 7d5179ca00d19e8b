"""A server that sends bytes, whatever it is asked."""

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat


class Endless:
    """Pieces of which the last comes again and again; each server of them begins anew."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return chain(self._pieces, repeat(self._pieces[-1]))


@contextmanager
def serving(pieces: Iterable[bytes], pause: float = 0.0) -> Iterator[str]:
    """A server that sends these to whoever comes, whatever it is asked; its URL."""
    over = threading.Event()

    def serve() -> None:
        while True:
            connection, _ = listening.accept()
            with connection:
                if over.is_set():
                    return
                connection.settimeout(20)
                connection.recv(1 << 16)
                try:
                    for piece in pieces:
                        connection.sendall(piece)
                        if over.wait(pause) if pause else over.is_set():
                            break
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(1 << 16):
                        pass
                except OSError:
                    pass  # the client had enough

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            socket.create_connection(listening.getsockname()).close()
            thread.join()
