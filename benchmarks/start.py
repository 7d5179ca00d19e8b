"""How soon it is there: `make lab`, the local edge, a cold object's first answer, the import."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil

from benchmarks.harness import Section, Target, rows, take_turns, target
from mnist_nb import EdgeClient, LocalEdge, rasterize
from mnist_nb.drawing.samples import samples

ROOT = Path(__file__).parents[1]
QUICK = {"rounds": 1, "labs": 0}
NUMPY, OURS = "python, import numpy", "python, import numpy, mnist_nb"
READY, COLD, LAB = "LocalEdge ready", "first answer of a cold object", "make lab, until it serves"


def python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def edge_ready(cold: list[float]) -> float:
    """Return seconds until a LocalEdge with an empty bucket serves; note its first cold answer."""
    start = perf_counter()
    with LocalEdge() as edge:
        took = perf_counter() - start
        cold.append(cold_answer(edge))
    return took


def cold_answer(edge: LocalEdge) -> float:
    """Return seconds of the first answer after the object was evicted."""
    image = rasterize(samples()[3])
    assert edge.pid is not None
    with EdgeClient(edge.url, timeout=20) as client:
        client.classify(image)
        os.kill(edge.pid, signal.SIGUSR2)
        while True:  # until the eviction has happened
            start = perf_counter()
            is_cold = client.classify(image).cold
            took = perf_counter() - start
            if is_cold:
                return took


def memory() -> float:
    """Return the MB that an edge which answers takes; pages that several have by their share."""
    with LocalEdge() as edge, EdgeClient(edge.url, timeout=20) as client:
        for _ in range(300):
            client.classify(rasterize(samples()[3]))
        host = psutil.Process(edge.pid)
        processes = [host, *host.children(recursive=True)]
        return sum(process.memory_full_info().pss for process in processes) / 2**20


def lab() -> float:
    """Return seconds from `make lab` to the line that says where JupyterLab is."""
    left_out = ("MAKE", "MFLAGS", "MNIST_NB_EDGE", "DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    env = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    start = perf_counter()
    process = subprocess.Popen(
        ["make", "lab"],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        if not any(line.startswith("lab ") for line in process.stdout):
            raise RuntimeError("`make lab` ended before JupyterLab was there")
        return perf_counter() - start
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=30)


def measure(rounds: int = 15, labs: int = 5) -> dict[str, Section]:
    """Return the section "start"."""
    cold: list[float] = []
    calls = {
        NUMPY: lambda: python("import numpy"),
        OURS: lambda: python("import numpy, mnist_nb"),
        READY: lambda: edge_ready(cold),
    }
    times = dict(take_turns(calls, rounds, 1, min(1, rounds - 1)))
    times[COLD] = cold[-rounds:]  # without those of the warm-up
    missing = {}
    if labs and Path(sys.prefix).resolve() == (ROOT / ".venv").resolve() and shutil.which("make"):
        times |= take_turns({LAB: lab}, labs, 1, 1)
    else:
        missing[LAB] = "only measured by `make bench`"
    beyond = np.array(times[OURS]) - np.array(times[NUMPY])
    targets = [
        target(name, np.array(values) * 1e3, bound, at_most=True, unit=" ms", least=least * 1e3)
        for name, values, bound, least in (
            ("import mnist_nb beyond numpy's own", beyond, 80, float(beyond.min())),
            (READY, times[READY], 900, min(times[READY])),
            (COLD, times[COLD], 25, min(times[COLD])),
        )
    ]
    if sys.platform == "linux":
        targets.append(Target("LocalEdge, memory", memory(), 200, at_most=True, unit=" MB"))
    about = (
        "each in processes of its own; the edge starts with an empty bucket; a cold object, asked "
        "over an open connection, has to fetch and pack its weights first; `make lab` finds all "
        "installed"
    )
    return {"start": Section("Start", about, "ms", rows(times, 1e3), targets, missing)}
