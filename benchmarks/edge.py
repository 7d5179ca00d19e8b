"""The edge: our bytes beside the original's JSON, LocalEdge beside `wrangler dev`, and batches.

The kernel alone runs in the same rounds, so that what the way to it costs can be told: in Node, and
in the Durable Object itself. workerd checks each access to a WebAssembly memory against its size,
which Node leaves to the processor, so the same bytes take longer there. `wrangler dev` comes after
that, since no one has two edges at work on one machine, each finding the caches as the other left
them.
"""

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import httpx
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from benchmarks.harness import Row, Section, Target, ratio, rows, take_turns, target
from benchmarks.kernel import BATCH, Contenders, contenders
from mnist_nb import EdgeClient, LocalEdge, Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.network.file_format import shipped_weights
from tests.support.variant import variant
from tests.support.wrangler_dev import wrangler_dev

QUICK = {"rounds": 10}
# The Worker as deployed, and one path more: the object runs the kernel several times.
AGAIN = """
import worker, { Classifier as Deployed } from "./worker";
export class Classifier extends Deployed {
  async again(images, times) {
    const { model } = await this.current();
    for (let i = 0; i < times; i++) await model.kernel.classify(images);
  }
}
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/again") return worker.fetch(request, env);
    const images = new Uint8Array(await request.arrayBuffer());
    const times = Number(searchParams.get("times"));
    await env.CLASSIFIER.getByName("default").again(images, times);
    return new Response(null);
  },
};
"""
OURS, NOTHING, KERNEL = "LocalEdge, our bytes", "LocalEdge, nothing to do", "the kernel alone"
FEW, MANY = 1_000, 10_000

Calls = dict[str, Callable[[], object]]


def measure(rounds: int = 200) -> dict[str, Section]:
    """Return the sections "edge alone", "edge" and "edge batch"."""
    ten = np.array([rasterize(drawing) for drawing in samples()])
    one = ten[3:4]
    with (
        tempfile.TemporaryDirectory() as state,
        tempfile.TemporaryDirectory() as place,
        variant(Path(place), AGAIN),
        LocalEdge() as local,
        contenders(None) as alone,
        httpx.Client(trust_env=False) as http,
    ):
        calls = {
            OURS: ways("LocalEdge", local.url, one)[OURS],
            NOTHING: lambda: http.get(f"{local.url}/healthz"),
            KERNEL: lambda: alone.round("kernel")["kernel"],
        }
        single = take_turns(calls, 2 * rounds, 3)
        with EdgeClient(local.url, timeout=60) as client:
            batch = batches(client, http, alone, max(3, rounds // 8))
            many = progress(client, ten, max(3, rounds // 20))
        with wrangler_dev(shipped_weights(), Path(state)) as dev:
            calls = ways("LocalEdge", local.url, one) | ways("wrangler dev", dev, one)
            times = take_turns(calls, rounds, 3)
    noop, kernel, ours = (np.array(single[name]) for name in (NOTHING, KERNEL, OURS))
    least = float(ours.min() / (noop.min() + kernel.min()))
    name = "our bytes / (nothing to do + the kernel)"
    targets = [target(name, ours / (noop + kernel), 1.3, at_most=True, least=least)]
    about = "one image a request, one request at a time over one connection, at the client"
    same = "`nothing to do` is GET /healthz, which asks the same Durable Object; the kernel runs in"
    return {
        "edge alone": Section(
            "One image at the edge, and what it costs to get there",
            f"{about}; {same} Node",
            "ms",
            rows(single, 1e3),
            targets,
        ),
        "edge": Section("One image at the edge", about, "ms", rows(times, 1e3)),
        "edge batch": Section(
            "Many images at the edge, each",
            f"through EdgeClient and LocalEdge; {FEW:,} and {MANY:,} with a progress bar",
            "ms",
            batch[0] | many[0],
            [*batch[1], *many[1]],
        ),
    }


def ways(where: str, url: str, image: NDArray[np.uint8]) -> Calls:
    """Return a call for each way to ask an edge; all give the right answer."""
    found: Calls = {}
    expected = Network.load().predict(image)
    for how, protocol in {"our bytes": "binary", "the original's JSON": "json"}.items():
        client = EdgeClient(url, timeout=20, protocol=protocol)
        if np.abs(client.classify(image).probabilities - expected).max() > 1e-5:
            raise RuntimeError(f"{where}, {how}: another answer than numpy's")
        found[f"{where}, {how}"] = lambda client=client: client.classify(image)
    return found


def batches(
    client: EdgeClient, http: httpx.Client, alone: Contenders, rounds: int
) -> tuple[dict[str, Row], list[Target]]:
    """Return what 256 images in a request take, beside the kernel alone."""
    body = alone.images.tobytes()

    def again(times: int) -> None:
        answer = http.post(f"{client.url}/again?times={times}", content=body, timeout=60)
        answer.raise_for_status()

    edge, kernel = f"{BATCH} images a request", f"the kernel alone in {{}}, {BATCH} images"
    calls: Calls = {
        edge: lambda: client.classify(alone.images),
        kernel.format("Node"): lambda: alone.round("kernel, batch")["kernel, batch"],
        "once": lambda: again(1),
        "five times": lambda: again(5),
    }
    times = dict(take_turns(calls, rounds, 1, 5))
    once, five = np.array(times.pop("once")), np.array(times.pop("five times"))
    here = kernel.format("workerd")
    times[here] = ((five - once) / 4).tolist()
    name = f"edge's share of the images a second of the kernel in {{}}, batch {BATCH}"
    # The least times of two requests are of two moments: their difference would mean nothing.
    within = target(name.format("workerd"), np.array(times[here]) / times[edge], 0.9)
    in_node = ratio(times, kernel.format("Node"), edge, name.format("Node"), 0.9)
    return rows(times, 1e3 / BATCH), [within, in_node]


def progress(
    client: EdgeClient, ten: NDArray[np.uint8], rounds: int
) -> tuple[dict[str, Row], list[Target]]:
    """Return what an image takes among 1,000 and 10,000, with a progress bar."""
    screen = Console(file=io.StringIO(), force_terminal=True)  # the bar is drawn, but not shown

    def classify(count: int) -> float:
        start = perf_counter()
        with Progress(console=screen) as bar:
            task = bar.add_task("images", total=count)
            images = np.resize(ten, (count, 28, 28))
            client.classify(images, lambda done, _: bar.update(task, completed=done))
        return (perf_counter() - start) / count

    few, many = f"{FEW:,} images", f"{MANY:,} images"
    times = take_turns({few: lambda: classify(FEW), many: lambda: classify(MANY)}, rounds, 1, 1)
    speed = 1 / np.array(times[many])
    return rows(times, 1e3), [
        target(f"images a second, {many}", speed, 4000, least=float(speed.max())),
        ratio(times, many, few, f"an image of {many} / of {few}", 1.05, at_most=True),
    ]
