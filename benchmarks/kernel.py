"""The edge's kernel in Node, beside others in WebAssembly, its scalar build and the machine's peak.

Its stages are timed one by one, on what the stage before left. All contenders run in one Node
process, in rounds of a few calls each, after a warm-up. The peak is that of 128-bit multiplies
and adds in WebAssembly (peak.c), measured in the same rounds. The scalar build is the kernel's
own source; plain.c is the same network as one would first write it down. The other peers need
`npm ci` in this folder.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import HERE, Section, ratio, rows, target
from mnist_nb import Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.local_edge.node import find_deploy, find_node, node_env
from mnist_nb.network.export_onnx import to_onnx
from mnist_nb.network.file_format import shipped_weights

MULTIPLY_ADDS = 2_756_960  # of one image in the shipped network, as its layers define them
NEEDED = 1_084_256  # with 36 products for 16 places where the kernel does so; its sums not counted
BATCH = 256
PEERS = ("plain C, no SIMD", "onnxruntime-web", "tfjs, wasm", "tfjs, cpu")
QUICK = {"rounds": 12}


def build(folder: Path) -> dict[str, str]:
    """Compile what is not committed: the kernel otherwise, the peak, and plain C."""
    env = {**os.environ, "PYTHON": sys.executable}
    made = {name: str(folder / f"{name}.wasm") for name in ("scalar", "stages", "peak", "plain")}
    script = find_deploy() / "kernel/build.sh"
    subprocess.run(["sh", script, made["scalar"], "-mno-simd128"], check=True, env=env)
    env["KERNEL"] = str(HERE / "stages.c")
    subprocess.run(["sh", script, made["stages"]], check=True, env=env)
    options = {
        "peak": ["--target=wasm32-freestanding", "-msimd128", "-nostdlib", "-Wl,--no-entry"],
        "plain": ["--target=wasm32-wasi", "-mexec-model=reactor"],  # has erff and expf
    }
    for name, some in options.items():
        compile = [sys.executable, "-m", "ziglang", "cc", "-O3", "-Wl,--strip-all", *some]
        subprocess.run([*compile, "-o", made[name], HERE / f"{name}.c"], check=True)
    return made


def folded(network: Network, file: Path) -> dict[str, Any]:
    """Write the tensors of the shipped architecture as tfjs has them; return where they are."""
    tensors, found = network.weights.tensors, []
    for name in ("conv1", "conv2", "conv3"):
        weight, bias, mean, var = (
            tensors[f"{name}.norm.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = weight / np.sqrt(var + 1e-5)
        found.append(tensors[f"{name}.weight"].transpose(2, 3, 1, 0) * scale)  # HWIO
        found.append((tensors[f"{name}.bias"] - mean) * scale + bias)
    by_channel = tensors["fc1.weight"].reshape(32, 24, 22, 22)
    found.append(by_channel.transpose(2, 3, 1, 0).reshape(-1, 32))  # channel-last, (in, out)
    found.append(tensors["fc2.weight"].T)
    file.write_bytes(b"".join(t.astype("<f4").tobytes() for t in found))
    starts = np.cumsum([0, *(t.size for t in found)]).tolist()
    entry = network.architecture
    return {
        "file": str(file),
        "shapes": [[start, *t.shape] for start, t in zip(starts, found, strict=False)],
        "input": {"scale": entry.scale, "mean": entry.mean, "std": entry.std},
    }


class Contenders:
    """The Node process; each call of `round` is one round of all contenders.

    Attributes:
        images: 256 of them, uint8.
        header: what the process said of itself: version, spread, rounds, missing.
    """

    def __init__(self, folder: Path, peers: Sequence[str] | None) -> None:
        network = Network.load()
        ten = np.array([rasterize(drawing) for drawing in samples()])
        self.images = np.resize(ten, (BATCH, 28, 28))
        (folder / "images").write_bytes(self.images.tobytes())
        (folder / "network.onnx").write_bytes(to_onnx(network.weights))
        kernels = {"simd": str(find_deploy() / "kernel/kernel.wasm")}
        asked: dict[str, Any] = {
            "deploy": str(find_deploy()),
            "kernels": kernels,
            "weights": str(shipped_weights()),
            "onnx": str(folder / "network.onnx"),
            "folded": folded(network, folder / "folded"),
            "images": str(folder / "images"),
            "peers": list(peers or ()),
        }
        if peers is not None:
            made = build(folder)
            kernels |= {name: made.pop(name) for name in ("scalar", "stages")}
            asked |= made
        self.process = subprocess.Popen(
            [find_node(), HERE / "kernel.mjs", json.dumps(asked)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=node_env(),
            cwd=HERE,
        )
        self.header = self._read()

    def round(self, *names: str) -> dict[str, float]:
        """Return seconds a call, of these contenders or of all."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(names) + "\n")
        self.process.stdin.flush()
        return {name: float(us) / 1e6 for name, us in self._read().items()}

    def close(self) -> None:
        """End the process."""
        self.process.communicate(timeout=20)

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the Node process ended; its own message is above")
        return dict(json.loads(line))


@contextmanager
def contenders(peers: Sequence[str] | None) -> Iterator[Contenders]:
    """Yield the Node process; without `peers` it has the kernel alone, neither scalar nor peak."""
    with tempfile.TemporaryDirectory() as folder:
        running = Contenders(Path(folder), peers)
        try:
            yield running
        finally:
            running.close()


def measure(rounds: int = 200) -> dict[str, Section]:
    """Return the section "kernel"."""
    with contenders(PEERS) as running:
        header = running.header
        measured = [running.round() for _ in range(rounds)]
    if header["spread"] > 1e-5:
        raise RuntimeError(f"the contenders' answers differ by {header['spread']}: not one network")
    times = {name: [one[name] for one in measured] for name in measured[0]}
    batch = np.array(times.pop("kernel, batch")) / BATCH
    chains = {name: int(name[6:]) for name in times if name.startswith("chains")}
    # Multiply-adds a second: of the best number of chains in each round, and of the kernel.
    stages = [name for name in times if name.startswith("of it ")]
    done = [header["rounds"] * 4 * many / np.array(times.pop(n)) for n, many in chains.items()]
    peak, speed = np.max(done, axis=0), MULTIPLY_ADDS / np.array(times["kernel"])
    share, least = speed / peak, float(speed.max() / peak.max())
    own = NEEDED / MULTIPLY_ADDS
    targets = [
        target("kernel's share of the SIMD peak", share, 0.75, least=least),
        target("the same, by the products of its own way", share * own, 0.5, least=least * own),
    ]
    bounds = {"onnxruntime-web": 4.5, "kernel, scalar build": 9.0, "plain C, no SIMD": 9.0}
    for peer, bound in bounds.items():
        if peer in times:
            targets.append(ratio(times, peer, "kernel", f"{peer} / kernel", bound))
    times["kernel, in batches of 256, an image"] = batch.tolist()
    together = np.median(np.sum([times[name] for name in stages], axis=0))
    about = (
        f"one image, one thread, in Node {header['version'].removeprefix('v')}; SIMD peak "
        f"{np.median(peak) / 1e9:.1f} billion multiply-adds a second; an image counts as the "
        f"{MULTIPLY_ADDS / 1e6:.2f} million of its layers, of which the kernel's way to convolve "
        f"needs {NEEDED / 1e6:.2f}; the stages together take {together * 1e6:.0f} µs; all answers "
        f"agree to {header['spread']:.0e}"
    )
    table = rows(times, 1e6)
    return {"kernel": Section("The edge's kernel", about, "µs", table, targets, header["missing"])}
