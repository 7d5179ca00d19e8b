"""The edge's kernel in Node, beside onnxruntime-web, its own scalar build and the machine's peak.

All contenders run in one Node process, in rounds of a few calls each, after a warm-up. The peak is
that of 128-bit multiplies and adds in WebAssembly (peak.c), measured in the same rounds. Batches of
256 go through a `LocalEdge` too, alternating with the kernel alone. Needs `npm ci` in this folder.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from harness import Ratio, Section, rows

from mnist_nb import EdgeClient, LocalEdge, Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.edge.node import find_deploy, find_node, node_env
from mnist_nb.network.interchange import to_onnx
from mnist_nb.network.weights import shipped_weights

HERE = Path(__file__).parent
MULTIPLY_ADDS = 2_756_896  # of one image in the shipped network
BATCH = 256


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


def measure(rounds: int = 200) -> dict[str, Section]:
    """Return the section "kernel"."""
    with tempfile.TemporaryDirectory() as folder:
        contenders = Contenders(Path(folder))
        try:
            measured = [contenders.round() for _ in range(rounds)]
            through_edge = batches(contenders, rounds // 4)
        finally:
            contenders.close()
    header = contenders.header
    times = {name: [one[name] / 1e6 for one in measured] for name in measured[0]}
    chains = {name: int(name[6:]) for name in times if name.startswith("chains")}
    # Multiply-adds a second: of the best number of chains in each round, and of the kernel.
    done = {n: header["rounds"] * 4 * count / np.array(times[n]) for n, count in chains.items()}
    peak = np.max(list(done.values()), axis=0)
    kernel = np.array(times["kernel"])
    share = MULTIPLY_ADDS / kernel / peak
    least = MULTIPLY_ADDS / kernel.min() / peak.max()
    ratios = [Ratio("kernel's share of the SIMD peak", float(np.median(share)), 0.75, float(least))]
    for peer, target in {"onnxruntime-web": 2.5, "kernel, scalar build": 9.0}.items():
        theirs = np.array(times[peer])
        quotient = float(np.median(theirs / kernel))
        least = float(theirs.min() / kernel.min())
        ratios.append(Ratio(f"{peer} / kernel", quotient, target, least))
    alone, edge = (np.array(column) for column in zip(*through_edge, strict=True))
    ratios.append(
        Ratio(
            f"edge's share of the kernel's images a second, batch {BATCH}",
            float(np.median(alone / edge)),
            0.9,
            float(alone.min() / edge.min()),
        )
    )
    about = (
        f"one image, in Node {header['versions']['node']}; SIMD peak {peak.max() / 1e9:.1f} billion"
        f" multiply-adds a second; answers differ by at most {header['spread']:.1e}"
    )
    table = rows({n: t for n, t in times.items() if n not in chains}, 1e6)
    table[f"edge, {BATCH} images"] = rows({"edge": list(edge)}, 1e6)["edge"]
    return {"kernel": Section("The edge's kernel", about, "us", table, ratios)}


def batches(contenders: Contenders, rounds: int) -> list[tuple[float, float]]:
    """Return seconds of 256 images: the kernel alone, and through an edge."""
    found = []
    with LocalEdge() as local, EdgeClient(local.url, timeout=60) as client:
        for _ in range(5):
            client.classify(contenders.images)
        for _ in range(rounds):
            start = time.perf_counter()
            client.classify(contenders.images)
            edge = time.perf_counter() - start
            found.append((contenders.round()["kernel, batch"] / 1e6, edge))
    return found


if __name__ == "__main__":
    from harness import to_text

    for section in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200).values():
        print(to_text(section))
