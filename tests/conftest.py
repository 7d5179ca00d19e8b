"""What all tests share."""

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from mnist_nb import EdgeClient, LocalEdge, Network
from mnist_nb.training import datasets

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # as in servers/jupyterlab

# Files whose one test takes longer than all that comes after them would: they begin first.
LONG = ("test_model_card.py", "test_03.py", "test_contract.py", "test_servers.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG)


def _needs_data() -> None:
    if not os.environ.get("MNIST_NB_DATA"):
        pytest.skip("MNIST_NB_DATA is not set: no MNIST and no pen strokes to test with")


@pytest.fixture(scope="session")
def mnist_test() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """MNIST's 10,000 test images and labels."""
    _needs_data()
    return datasets.mnist("test")


@pytest.fixture(scope="session")
def pen_digits() -> tuple[list[object], NDArray[np.uint8]]:
    """The pen strokes as drawings, and their labels."""
    _needs_data()
    return datasets.pen_strokes()  # type: ignore[return-value]


@pytest.fixture(scope="session")
def network() -> Network:
    """The network that comes with mnist-nb."""
    return Network.load()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What ipycanvas sends to the browser: one entry a message."""
    from ipycanvas import canvas

    messages: list[Any] = []

    def record(manager: object, command: Any, buffers: Any = ()) -> None:
        messages.append(command)

    monkeypatch.setattr(canvas._CanvasManager, "_send_custom", record)
    return messages


@pytest.fixture(scope="session")
def edge() -> Iterator[LocalEdge]:
    """One real edge for the tests of a folder; those that stop or break one start their own."""
    with LocalEdge(ttl=0) as running:
        yield running


@pytest.fixture(scope="session")
def client(edge: LocalEdge) -> Iterator[EdgeClient]:
    with EdgeClient(edge.url, timeout=20) as open_client:
        yield open_client


@pytest.fixture(scope="session")
def images() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (1030, 28, 28), dtype=np.uint8)


@pytest.fixture
def gone() -> Callable[[list[psutil.Process]], list[psutil.Process]]:
    """Waits up to 10 s for processes to end, and gives those that did not."""

    def wait(processes: list[psutil.Process]) -> list[psutil.Process]:
        _, alive = psutil.wait_procs(processes, timeout=10)
        return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]

    return wait
