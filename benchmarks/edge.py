"""The edge: our bytes beside the original's JSON, LocalEdge beside `wrangler dev`, and batches."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import numpy as np
from harness import Ratio, Section, rows, take_turns

from mnist_nb import EdgeClient, LocalEdge, Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.edge.node import find_deploy, find_node, node_env
from mnist_nb.network.weights import shipped_weights


@contextmanager
def wrangler_dev() -> Iterator[str]:
    """Yield the address of `npx wrangler dev` as it comes, with the shipped weights."""
    deploy, env = find_deploy(), node_env()
    wrangler = [find_node(), deploy / "node_modules/wrangler/bin/wrangler.js"]
    with tempfile.TemporaryDirectory() as state:
        there = ["--persist-to", state]
        put = ["r2", "object", "put", "models/mnist.safetensors", "--local", "--file"]
        quiet = {"check": True, "cwd": deploy, "env": env, "stdout": subprocess.DEVNULL}
        subprocess.run([*wrangler, *put, shipped_weights(), *there], **quiet)
        process = subprocess.Popen(
            [*wrangler, "dev", "--port", "0", "--ip", "127.0.0.1", *there],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            cwd=deploy,
            env=env,
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if found := re.search(r"Ready on (http://\S+)", line):
                    yield found[1]
                    break
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=20)


def measure(rounds: int = 200) -> dict[str, Section]:
    """Return the sections "edge" and "edge batch"."""
    ten = np.array([rasterize(drawing) for drawing in samples()])
    image = ten[3:4]
    with LocalEdge() as local, wrangler_dev() as dev, httpx.Client(trust_env=False) as http:
        binary = EdgeClient(local.url, timeout=20)
        as_json = EdgeClient(local.url, timeout=20, protocol="json")
        other = EdgeClient(dev, timeout=20)
        other_json = EdgeClient(dev, timeout=20, protocol="json")
        health, same = f"{local.url}/healthz", Network.load().predict(image)
        contenders = {
            "LocalEdge, our bytes": lambda: binary.classify(image),
            "LocalEdge, the original's JSON": lambda: as_json.classify(image),
            "LocalEdge, nothing to do": lambda: http.get(health),
            "wrangler dev, our bytes": lambda: other.classify(image),
            "wrangler dev, the original's JSON": lambda: other_json.classify(image),
        }
        for client in (binary, as_json, other, other_json):
            assert np.abs(client.classify(image).probabilities - same).max() < 1e-5
        one = take_turns(contenders, rounds, 3)
        many = batches(binary, ten, max(3, rounds // 50))
    table = rows(one, 1e3)
    kernel = _kernel_ms()
    noop, ours = np.array(one["LocalEdge, nothing to do"]), np.array(one["LocalEdge, our bytes"])
    if kernel:
        table["the kernel alone, in Node"] = dict.fromkeys(
            ("p10", "median", "p90", "least"), kernel
        )
    limit = noop * 1e3 + (kernel or 0)
    ratios = [
        Ratio(
            "our bytes / (nothing to do + the kernel)",
            float(np.median(ours * 1e3 / limit)),
            1.3,
            float(ours.min() * 1e3 / limit.min()),
            at_most=True,
        )
    ]
    about = "one image a request, one request at a time, one connection; measured at the client"
    return {"edge": Section("One image at the edge", about, "ms", table, ratios), **many}


def batches(client: EdgeClient, ten: np.ndarray, rounds: int) -> dict[str, Section]:
    """Return the section "edge batch": 1,000 and 10,000 images with a progress bar."""
    from rich.console import Console
    from rich.progress import Progress

    def classify(count: int) -> None:
        images = np.resize(ten, (count, 28, 28))
        with Progress(console=Console(file=sys.stderr), transient=True) as bar:
            task = bar.add_task("images", total=count)
            client.classify(images, progress=lambda done, _: bar.update(task, completed=done))

    sizes = (1_000, 10_000)
    contenders = {f"{size:,} images": lambda size=size: classify(size) for size in sizes}
    times = take_turns(contenders, rounds, 1, 1)
    each = {
        f"{size:,} images": [seconds / size for seconds in times[f"{size:,} images"]]
        for size in sizes
    }
    few, all_ = (np.array(each[name]) for name in contenders)
    ratios = [
        Ratio("images a second, 10,000 images", float(1 / np.median(all_)), 4000, 1 / all_.min()),
        Ratio(
            "per image, 10,000 / 1,000 images",
            float(np.median(all_ / few)),
            1.05,
            float(all_.min() / few.min()),
            at_most=True,
        ),
    ]
    about = "through EdgeClient and LocalEdge, with a progress bar, for each image"
    return {"edge batch": Section("Many images at the edge", about, "ms", rows(each, 1e3), ratios)}


def _kernel_ms() -> float | None:
    """The kernel's own time for one image, as `kernel.py` last wrote it on this machine."""
    import json

    from harness import RESULTS

    if not RESULTS.exists():
        return None
    section = json.loads(RESULTS.read_text()).get("kernel")
    return section["rows"]["kernel"]["median"] / 1e3 if section else None


if __name__ == "__main__":
    from harness import to_text

    for section in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200).values():
        print(to_text(section))
