"""The processes of an edge."""

import psutil


def family(pid: int | None) -> list[psutil.Process]:
    """The host of an edge and all below it: node, workerd."""
    assert pid is not None
    host = psutil.Process(pid)
    found = [host, *host.children(recursive=True)]
    names = [process.name() for process in found]
    assert any("workerd" in name for name in names), names
    return found
