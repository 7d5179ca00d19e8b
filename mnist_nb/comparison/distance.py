"""What distance would add: a real connection on this machine that is made slow and lossy.

    with Distance(edge.url, rtt_ms=90, loss=0.01) as far:
        EdgeClient(far.url).classify(image)

A proxy stands between client and edge and holds the bytes back for as long as they would have been
on the way. Client, HTTP and edge are the real ones; the way follows what TCP does:

- Data goes in segments of 1,448 bytes. Only so many may be on the way unconfirmed (the congestion
  window): 10 at the start, and one more for each that is confirmed, a round trip later.
- A lost segment is sent again after a round trip when at least three others follow it, which makes
  the receiver complain, and else when a timer ends: a round trip and 200 ms, the double after each
  further loss. All that comes behind it waits. A loss halves the window.
- A new connection costs a round trip before its first byte.

Bandwidth is not limited, and a secure connection (https) would take another round trip at its
start. Windows, the 200 ms and the three are those of Linux; RFC 5681 and 6298 describe them.
"""

import asyncio
import random
import threading
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from mnist_nb.edge import normal_url
from mnist_nb.errors import InputError, SetupError

SEGMENT = 1448  # bytes
FIRST_WINDOW = 10.0  # segments
TIMER = 0.2  # seconds beyond a round trip
MOST_RTT, MOST_LOSS = 2000.0, 0.3
_READ = 1 << 16

PLACES = {  # typical round trips in milliseconds over the internet, to a data centre
    "this machine": 0.0,
    "same city": 5.0,
    "same continent": 30.0,
    "across the Atlantic": 90.0,
    "around the globe": 250.0,
}


class Distance:
    """A proxy on 127.0.0.1 that puts an edge far away. Use it in a `with`, or `start` and `stop`.

    Args:
        url: of an edge on plain http, such as a local one.
        rtt_ms: round trip in milliseconds, 0 to 2000; may be changed while it runs.
        loss: share of the segments that get lost, 0 to 0.3; may be changed too.
        seed: the same seed loses the same segments.

    Raises:
        InputError: a number is out of range, or the URL is https.
    """

    def __init__(self, url: str, rtt_ms: float = 0.0, loss: float = 0.0, seed: int = 1) -> None:
        self._target = urlsplit(normal_url(url))
        if self._target.scheme != "http":
            raise InputError(
                f"{url} is https, and what is encrypted cannot be held back: give http"
            )
        self.rtt_ms, self.loss = rtt_ms, loss
        self.random = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def rtt_ms(self) -> float:
        """Round trip in milliseconds."""
        return self._rtt_ms

    @rtt_ms.setter
    def rtt_ms(self, value: float) -> None:
        if not 0 <= value <= MOST_RTT:
            raise InputError(f"a round trip is 0 to {MOST_RTT:g} ms, got {value!r}")
        self._rtt_ms = float(value)

    @property
    def loss(self) -> float:
        """Share of the segments that get lost."""
        return self._loss

    @loss.setter
    def loss(self, value: float) -> None:
        if not 0 <= value <= MOST_LOSS:
            raise InputError(f"a loss is a share 0 to {MOST_LOSS:g}, got {value!r}")
        self._loss = float(value)

    @property
    def url(self) -> str:
        """Where the far edge is, for a client.

        Raises:
            SetupError: it is not running.
        """
        if self._server is None:
            raise SetupError("the far edge is not running: call start(), or use it in a `with`")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{self._target.path}"

    def start(self) -> Self:
        """Listen on a free port; nothing when it does already."""
        if self._server is None:
            loop = self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=loop.run_forever, daemon=True)
            self._thread.start()
            opening = asyncio.start_server(self._accept, "127.0.0.1", 0)
            self._server = asyncio.run_coroutine_threadsafe(opening, loop).result()
        return self

    def stop(self) -> None:
        """Close all connections; nothing when it is stopped."""
        if self._server is not None and self._loop is not None and self._thread is not None:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._server = self._loop = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Distance({self.rtt_ms:g} ms, loss {self.loss:.1%})"

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _accept(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        forth: asyncio.StreamWriter | None = None
        try:
            far, forth = await asyncio.open_connection(
                self._target.hostname, self._target.port or 80
            )
            began = asyncio.get_running_loop().time()
            ways = (
                _Way(self, near, forth, began + self.rtt_ms / 1000),
                _Way(self, far, back, began),
            )
            await asyncio.gather(*(way.carry() for way in ways))
        except (OSError, asyncio.CancelledError):
            pass  # the client sees a closed connection, as it would of a real one
        finally:
            for writer in (back, forth):
                if writer is not None:
                    writer.close()
            self._talks.discard(talk)


class _Way:
    """One direction of a connection."""

    def __init__(
        self,
        distance: Distance,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        opens: float,
    ) -> None:
        self._distance, self._reader, self._writer = distance, reader, writer
        self._time = asyncio.get_running_loop().time
        self._free = opens  # when the next segment may be sent at the earliest
        self._last = opens  # when the last one arrived: what is behind waits for it
        self._window, self._threshold = FIRST_WINDOW, float("inf")
        self._unconfirmed: deque[float] = deque()  # when each segment's confirmation is here
        self._queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def carry(self) -> None:
        """Bring bytes from one side to the other until it has no more."""
        delivery = asyncio.create_task(self._deliver())
        try:
            while chunk := await self._reader.read(_READ):
                for arrival, segment in self._sent(chunk):
                    self._queue.put_nowait((arrival, segment))
            self._queue.put_nowait((self._last, b""))
            await delivery
        finally:
            delivery.cancel()

    async def _deliver(self) -> None:
        while True:
            arrival, segment = await self._queue.get()
            if (wait := arrival - self._time()) > 0:
                await asyncio.sleep(wait)
            if not segment:
                if self._writer.can_write_eof():
                    self._writer.write_eof()
                return
            self._writer.write(segment)
            await self._writer.drain()

    def _sent(self, chunk: bytes) -> Iterator[tuple[float, bytes]]:
        """Yield each segment of a chunk with the time at which it arrives."""
        pieces = [chunk[i : i + SEGMENT] for i in range(0, len(chunk), SEGMENT)]
        for index, piece in enumerate(pieces):
            rtt = self._distance.rtt_ms / 1000
            sent = max(self._time(), self._free)
            while self._unconfirmed and self._unconfirmed[0] <= sent:
                self._confirm()
            while len(self._unconfirmed) >= int(self._window):
                sent = max(sent, self._confirm())
            delay = self._repairs(rtt, followers=len(pieces) - index - 1)
            arrival = max(self._last, sent + rtt / 2 + delay)
            self._free, self._last = sent, arrival
            self._unconfirmed.append(arrival + rtt / 2)
            yield arrival, piece

    def _confirm(self) -> float:
        # Below the threshold the window doubles each round trip, above it grows by one segment.
        self._window += 1 if self._window < self._threshold else 1 / self._window
        return self._unconfirmed.popleft()

    def _repairs(self, rtt: float, followers: int) -> float:
        """Seconds that a segment is late because it got lost, maybe more than once."""
        late, timer = 0.0, rtt + TIMER
        while self._distance.loss and self._distance.random.random() < self._distance.loss:
            self._threshold = self._window = max(2.0, self._window / 2)
            if followers >= 3 and not late:
                late += rtt
            else:
                late, timer = late + timer, 2 * timer
        return late
