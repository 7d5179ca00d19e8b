"""What all views look at: the drawing on the pad, and all that the network makes of it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_nb.drawing import Drawing, rasterize
from mnist_nb.lab import DigitPad, beside
from mnist_nb.network import Layers, Network

# What stands in while nothing is drawn: a 4 whose top is nearly closed, so that there is something
# to weigh. Two strokes of (x, y) on the pad.
SAMPLE = Drawing(
    [
        [(142, 62), (130, 72), (114, 87), (103, 100), (96, 113), (92, 125), (92, 134), (94, 141),
         (100, 146), (113, 148), (129, 147), (145, 145), (162, 139), (175, 133), (178, 132)],
        [(180, 66), (177, 105), (172, 150), (166, 195), (160, 234)],
    ]
)  # fmt: skip


REST = 0.15  # seconds without a move, after which the pen is said to rest
LONGEST = 0.5  # seconds that a view waits for that


class Follower(Protocol):
    """What follows a subject.

    Attributes:
        at_rest: costs the browser so much that it waits until the pen rests, for a moment.
    """

    at_rest: bool

    def prepare(self) -> Callable[[], None]:
        """Look at the newest drawing; what is returned shows it. Neither raises anything."""

    def close(self) -> None:
        """Stop showing anything."""


class Look:
    """One drawing, and what each layer makes of it; computed when first asked for.

    Attributes:
        drawing: the strokes.
        is_sample: True when nothing is drawn and the sample stands in.
        layers: of the network that looks.
    """

    def __init__(self, drawing: Drawing, layers: Layers) -> None:
        self.is_sample = drawing.is_empty
        self.drawing = SAMPLE if drawing.is_empty else drawing
        self.layers, self.network = layers, layers.network

    @cached_property
    def image(self) -> NDArray[np.uint8]:
        """The drawing as the network sees it, uint8 (28, 28)."""
        return rasterize(self.drawing)

    @cached_property
    def outputs(self) -> list[NDArray[np.float32]]:
        """What enters the first layer and what each layer gives; see `Layers.outputs`."""
        return self.layers.outputs(self.image)

    @property
    def logits(self) -> NDArray[np.float32]:
        """What enters the softmax, float32 (labels,)."""
        return self.outputs[-1]

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """What `Network.predict` says, float32 (labels,)."""
        (row,) = self.network.predict(self.image)
        return row  # type: ignore[no-any-return]


class Subject:
    """A pad, a network, and the views that follow the pad.

    A view takes some milliseconds to make, too long for the handlers of the pen. So a coroutine
    beside them makes it, always of the newest drawing, and then waits as long as it worked: half of
    the time is left to the pen. Views of many elements, which take the browser long, wait until
    the pen rests.

    Args:
        network: None loads the one that comes with mnist-nb.

    Attributes:
        pad: the `DigitPad`.
        network: the `Network` that looks at it.
    """

    def __init__(self, network: Network | None = None) -> None:
        self.network = Network.load() if network is None else network
        self.pad = DigitPad()
        self._layers = Layers(self.network)
        self._look: Look | None = None
        self._seen: Drawing | None = None  # what `_look` was made of
        self._followers: dict[type, Follower] = {}
        self._changed = asyncio.Event()
        self._is_asked = self._is_stopped = self._is_running = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.pad.on_change(self._drawn)
        self._show_sample()

    @property
    def look(self) -> Look:
        """The newest drawing, and what the network makes of it."""
        with self.pad.lock:
            drawing = self.pad.drawing  # the same object as long as nobody draws
            if self._look is None or self._seen is not drawing:
                self._seen, self._look = drawing, Look(drawing, self._layers)
            return self._look

    @property
    def image(self) -> NDArray[np.uint8]:
        """What the network sees, uint8 (28, 28); of the sample while nothing is drawn."""
        return self.look.image

    def add(self, follower: Follower) -> None:
        """Let a view follow the pad, in the place of one of its kind: a cell may run again."""
        before = self._followers.pop(type(follower), None)
        if before is not None:
            before.close()
        self._followers[type(follower)] = follower

    def remove(self, follower: Follower) -> None:
        """Let a view follow no longer."""
        if self._followers.get(type(follower)) is follower:
            del self._followers[type(follower)]

    def close(self) -> None:
        """Stop looking, close the views and the pad."""
        self._is_stopped = True
        self._wake()
        for follower in tuple(self._followers.values()):
            follower.close()
        self.pad.close()

    def __repr__(self) -> str:
        return f"Subject({self.network!r}, {self.look.drawing!r})"

    def _show_sample(self) -> None:
        """Show beside an empty pad what the network sees, which is not the empty pad."""
        if self.pad.drawing.is_empty:
            self.pad.view.show(self.pad.pace.number, self.image)

    def _drawn(self, pad: DigitPad) -> None:
        self._show_sample()
        self._is_asked = True
        self._wake()
        if not self._is_running:
            self._is_running = True
            beside(self._run, "mnist-nb-layers")

    def _wake(self) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended meanwhile
                self._loop.call_soon_threadsafe(self._changed.set)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        rested = time.perf_counter()
        while await self._wait(lambda: self._is_asked):
            self._is_asked = False
            began = time.perf_counter()
            self._follow(at_rest=False)
            await self._wait(lambda: False, time.perf_counter() - began)
            moves_on = await self._wait(lambda: self._is_asked, REST)
            if not moves_on or time.perf_counter() - rested > LONGEST:
                self._follow(at_rest=True)
                rested = time.perf_counter()

    def _follow(self, at_rest: bool) -> None:
        followers = [f for f in tuple(self._followers.values()) if f.at_rest == at_rest]
        # All at once in the end, so that the browser paints one frame and not one for each.
        for show in [follower.prepare() for follower in followers]:
            if not self._is_stopped:
                show()

    async def _wait(self, condition: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait for a condition; False when the subject is closed, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (self._is_stopped or condition()):
                    self._changed.clear()
                    await self._changed.wait()
        return not self._is_stopped and condition()
