"""Which network answers on this machine: a menu of those at hand."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

import ipywidgets as widgets

from mnist_nb.errors import WeightsError
from mnist_nb.network import MAX_BYTES, Network, shipped_weights

MOST = 20  # files of one's own


class NetworkMenu(widgets.Dropdown):  # type: ignore[misc]  # ipywidgets is untyped
    """The files that come with mnist-nb and those in the working folder, one of them chosen.

    Args:
        chosen: called with the network that somebody chose.
        guard: wraps what happens then, and shows its errors.
    """

    def __init__(
        self,
        chosen: Callable[[Network], object],
        guard: Callable[[Callable[..., object]], Callable[..., None]],
    ) -> None:
        super().__init__(
            description="Your machine runs",
            tooltip="The network that answers on your machine",
            layout={"width": "282px", "margin": "0"},
            style={"description_width": "auto"},
        )
        self._chosen, self._is_mine = chosen, False
        self._running: Network | None = None
        self.observe(guard(self._load), "value")

    def show(self, network: Network) -> None:
        """Say that this one runs; it has an entry of its own where no file at hand holds it."""
        self._running = network
        found: list[tuple[str, Path | Network]] = [(path.stem, path) for path in _at_hand()]
        holds = (at for _, at in found if isinstance(at, Path) and _sha256(at) == network.sha256)
        value = next(holds, network)
        if value is network:
            found.append((network.name or network.sha256[:8], network))
        self._is_mine = True  # the change: nobody chose
        self.options = found
        self.value = value
        self._is_mine = False

    def _load(self, change: dict[str, Path | Network]) -> None:
        if self._is_mine:
            return
        at = change["new"]
        try:
            self._chosen(Network.load(at) if isinstance(at, Path) else at)
        except WeightsError:
            assert self._running is not None
            self.show(self._running)
            raise


def _at_hand() -> list[Path]:
    found = []
    for name in ("mnist", "small"):
        with suppress(WeightsError):  # not installed
            found.append(shipped_weights(name))
    own = (at for at in sorted(Path.cwd().glob("*.safetensors")) if at.is_file())
    return found + list(islice((at for at in own if at.stat().st_size <= MAX_BYTES), MOST))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
