"""How fast is the edge's kernel, beside onnxruntime-web, its own scalar build and the machine.

    cd benchmarks && npm ci && python kernel.py [--rounds 200] [--json FILE]

All contenders run in one Node process, in rounds of a few calls each, after a warm-up. A ratio is
the median of the ratios within a round; beside it stands that of the least times, as on a busy
machine whoever takes longer is interrupted more often. The peak is that of 128-bit multiplies and
adds in WebAssembly (peak.c), measured in the same rounds. Batches of 256 go through a `LocalEdge`
too, alternating with the kernel alone: `edge` is its throughput as a share of the kernel's.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mnist_nb import EdgeClient, LocalEdge, Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.edge.node import find_deploy, find_node, node_env
from mnist_nb.network.interchange import to_onnx
from mnist_nb.network.weights import shipped_weights

HERE = Path(__file__).parent
MULTIPLY_ADDS = 2_756_896  # of one image in the shipped network
BATCH = 256
TARGETS = {"of the peak": 0.70, "onnxruntime-web": 2.5, "kernel, scalar build": 9.0, "edge": 0.85}


def build(folder: Path) -> dict[str, Path]:
    """Compile what is not committed: the kernel without SIMD, and the peak."""
    env = {**os.environ, "PYTHON": sys.executable}
    kernel = find_deploy() / "kernel"
    scalar, peak = folder / "scalar.wasm", folder / "peak.wasm"
    subprocess.run(["sh", kernel / "build.sh", scalar, "-mno-simd128"], check=True, env=env)
    compile = [sys.executable, "-m", "ziglang", "cc", "--target=wasm32-freestanding", "-O3"]
    options = ["-msimd128", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all"]
    subprocess.run([*compile, *options, "-o", peak, HERE / "peak.c"], check=True)
    return {"simd": kernel / "kernel.wasm", "scalar": scalar, "peak": peak}


class Contenders:
    """The Node process; each call of `round` is one round of all contenders."""

    def __init__(self, folder: Path) -> None:
        network = Network.load()
        ten = np.array([rasterize(drawing) for drawing in samples()])
        images = np.resize(ten, (BATCH, 28, 28))
        (folder / "images").write_bytes(images.tobytes())
        (folder / "network.onnx").write_bytes(to_onnx(network.weights))
        built = build(folder)
        asked = {
            "deploy": str(find_deploy()),
            "kernels": {name: str(built[name]) for name in ("simd", "scalar")},
            "peak": str(built["peak"]),
            "weights": str(shipped_weights()),
            "onnx": str(folder / "network.onnx"),
            "images": str(folder / "images"),
        }
        self.images = images
        self.process = subprocess.Popen(
            [find_node(), HERE / "kernel.mjs", json.dumps(asked)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=node_env(),
            cwd=HERE,
        )
        self.header = self._read()

    def round(self) -> dict[str, float]:
        """Return microseconds a call."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._read()

    def close(self) -> None:
        self.process.communicate(timeout=10)

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the Node process ended: did you run `npm ci` in benchmarks/ and deploy/?")
        return dict(json.loads(line))


def measure(contenders: Contenders, rounds: int, edge: bool) -> dict[str, Any]:
    """Return the rounds of the contenders; in a quarter also of 256 images through an edge."""
    measured = [contenders.round() for _ in range(rounds)]
    if not edge:
        return {"header": contenders.header, "rounds": measured}
    with LocalEdge() as local, EdgeClient(local.url, timeout=60) as client:
        for _ in range(5):
            client.classify(contenders.images)
        for one in measured[: rounds // 4]:
            start = time.perf_counter()
            client.classify(contenders.images)
            one["edge, batch"] = (time.perf_counter() - start) * 1e6
            one["kernel, batch"] = contenders.round()["kernel, batch"]
    return {"header": contenders.header, "rounds": measured}


def summary(measured: dict[str, Any]) -> dict[str, Any]:
    """Return medians with their spread, and the ratios that the targets are about."""
    rounds, chain_rounds = measured["rounds"], measured["header"]["rounds"]
    names = sorted({name for one in rounds for name in one}, key=list(rounds[0]).index)
    times = {}
    for name in names:
        values = [one[name] for one in rounds if name in one]
        low, middle, high = np.percentile(values, [10, 50, 90])
        times[name] = {"p10": low, "median": middle, "p90": high, "least": min(values)}
    chains = [name for name in names if name.startswith("chains")]

    def peak(one: dict[str, float]) -> float:  # multiply-adds a microsecond
        return max(chain_rounds * 4 * int(name[6:]) / one[name] for name in chains)

    def within(of: Callable[[dict[str, float]], float]) -> float:
        return statistics.median(of(one) for one in rounds)

    best_peak = max(peak(one) for one in rounds)
    least = {name: row["least"] for name, row in times.items()}
    share = MULTIPLY_ADDS / least["kernel"] / best_peak
    # For each: the median of the rounds, and what an undisturbed machine would show.
    ratios = {"of the peak": (within(lambda one: MULTIPLY_ADDS / one["kernel"] / peak(one)), share)}
    for peer in ("onnxruntime-web", "kernel, scalar build"):
        quotient = within(lambda one, peer=peer: one[peer] / one["kernel"])
        ratios[peer] = (quotient, least[peer] / least["kernel"])
    if "edge, batch" in times:
        shares = [o["kernel, batch"] / o["edge, batch"] for o in rounds if "edge, batch" in o]
        edge_share = least["kernel, batch"] / least["edge, batch"]
        ratios["edge"] = (statistics.median(shares), edge_share)
    return {"microseconds": times, "peak_gmac": best_peak / 1e3, "ratios": ratios}


def machine() -> dict[str, str]:
    """Return what the numbers depend on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].partition(":")[2].strip() if models else cpu
    package = json.loads((HERE / "node_modules/onnxruntime-web/package.json").read_text())
    return {
        "cpu": f"{cpu}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "onnxruntime-web": package["version"],
        "ziglang": version("ziglang"),
        "weights": Network.load().sha256[:12],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--no-edge", action="store_true", help="leave the batches of 256 out")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        contenders = Contenders(Path(folder))
        try:
            measured = measure(contenders, options.rounds, not options.no_edge)
        finally:
            contenders.close()
    about = {**machine(), **measured["header"]["versions"]}
    result = summary(measured)
    print("  ".join(f"{name} {value}" for name, value in about.items()))
    print(f"answers differ by at most {measured['header']['spread']:.1e}")
    print(f"peak {result['peak_gmac']:.1f} billion multiply-adds a second\n")
    print(f"{'microseconds a call':24}{'p10':>10}{'median':>10}{'p90':>10}{'least':>10}")
    for name, row in result["microseconds"].items():
        print(f"{name:24}" + "".join(f"{row[key]:10.1f}" for key in row))
    print()
    print(f"{'ratios':24}{'median':>10}{'least':>10}{'target':>10}")
    for name, (median, least) in result["ratios"].items():
        print(f"{name:24}{median:10.2f}{least:10.2f}{TARGETS[name]:10.2f}")
    if options.json:
        options.json.write_text(json.dumps({"about": about, **result, **measured}, indent=1) + "\n")


if __name__ == "__main__":
    main()
