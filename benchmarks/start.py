"""How soon it is there: the import, the local edge, the first answer of a cold object."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter

import numpy as np
from harness import Ratio, Section, rows

from mnist_nb import EdgeClient, LocalEdge, rasterize
from mnist_nb.drawing.samples import samples


def seconds(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def cold_answers(rounds: int) -> list[float]:
    """Return seconds of the first answer after the object was evicted."""
    image = rasterize(samples()[3])
    found: list[float] = []
    with LocalEdge(ttl=5) as edge, EdgeClient(edge.url, timeout=20) as client:
        client.classify(image)
        assert edge.pid is not None
        while len(found) < rounds:
            os.kill(edge.pid, signal.SIGUSR2)
            while True:  # until the eviction has happened
                start = perf_counter()
                cold = client.classify(image).cold
                if cold:
                    found.append(perf_counter() - start)
                    break
    return found


def measure(rounds: int = 15) -> dict[str, Section]:
    """Return the section "start"."""
    times: dict[str, list[float]] = {name: [] for name in ("numpy", "mnist_nb", "edge")}
    for _ in range(rounds):
        times["numpy"].append(seconds(lambda: python("import numpy")))
        times["mnist_nb"].append(seconds(lambda: python("import numpy, mnist_nb")))
        edge = LocalEdge()
        times["edge"].append(seconds(edge.start))
        edge.stop()
    beyond = np.array(times["mnist_nb"]) - np.array(times["numpy"])
    cold = cold_answers(rounds)
    named = {
        "python, import numpy": times["numpy"],
        "python, import numpy, mnist_nb": times["mnist_nb"],
        "LocalEdge ready": times["edge"],
        "first answer of a cold object": cold,
    }

    def ms(name: str, values: list[float] | np.ndarray, target: float) -> Ratio:
        least = float(min(values)) * 1e3
        return Ratio(name, float(np.median(values)) * 1e3, target, least, at_most=True, unit=" ms")

    ratios = [
        ms("import mnist_nb beyond numpy's", beyond, 80),
        ms("LocalEdge ready", times["edge"], 2500),
        ms("cold first answer", cold, 25),
    ]
    about = "each in a process of its own; a cold object has to fetch and pack its weights first"
    return {"start": Section("Start", about, "ms", rows(named, 1e3), ratios)}


if __name__ == "__main__":
    from harness import to_text

    for section in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 15).values():
        print(to_text(section))
