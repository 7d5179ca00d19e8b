"""The processes of an edge."""

import psutil

from mnist_nb.local_edge import LocalEdge


def family(pid: int | None) -> list[psutil.Process]:
    """The host of an edge and all below it: node, workerd."""
    assert pid is not None
    host = psutil.Process(pid)
    found = [host, *host.children(recursive=True)]
    names = [process.name() for process in found]
    assert any("workerd" in name for name in names), names
    return found


def runtime_of(edge: LocalEdge) -> psutil.Process:
    """The workerd process of an edge."""
    below = psutil.Process(edge.pid).children(recursive=True)
    (found,) = [process for process in below if process.name().startswith("workerd")]
    return found
