"""One real edge for all tests of this folder; those that stop or break one start their own."""

from collections.abc import Callable, Iterator

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from mnist_nb import EdgeClient, LocalEdge

Tree = dict[int, str]


@pytest.fixture(scope="session")
def edge() -> Iterator[LocalEdge]:
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


def family(pid: int | None) -> list[psutil.Process]:
    """The host of an edge and all below it: node, workerd."""
    assert pid is not None
    host = psutil.Process(pid)
    found = [host, *host.children(recursive=True)]
    names = [process.name() for process in found]
    assert any("workerd" in name for name in names), names
    return found
