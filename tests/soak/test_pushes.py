"""Pushers that are killed at any moment: the edge serves a whole model, and a repeat succeeds."""

import multiprocessing
import random
import signal
import time
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from mnist_nb.local_edge.local_edge import LocalEdge
from mnist_nb.network.file_format import read_weights
from mnist_nb.releases.bucket import BucketSettings
from mnist_nb.releases.releases import Releases
from tests.soak.load import load
from tests.soak.scale import scaled
from tests.support.bucket import Bucket
from tests.support.files import network, pack

pytestmark = pytest.mark.edge

SIZE = 900  # hidden units: a file of 1.4 MB, as the shipped one
LAYERS = [
    {"op": "flatten"},
    {"op": "linear", "weight": "a.w"},
    {"op": "relu"},
    {"op": "linear", "weight": "b.w"},
]
STEPS = 4  # that a push tells: checking, uploading, reading back, moving the pointer


def file(number: int) -> bytes:
    """A good network; each number gives another one."""
    first = np.full((SIZE, 784), 0.001 * number, np.float16)
    second = np.ones((10, SIZE), np.float16)
    return pack({"a.w": first, "b.w": second}, network(LAYERS, name=f"push {number}"))


def pusher(settings: BucketSettings, path: str, steps: Connection) -> None:
    """In a process of its own: push once, telling each step when it begins."""
    Releases(settings).push(path, progress=steps.send)


def test_pushes_killed_at_random_moments(tmp_path: Path) -> None:
    """In each step by turns, at a random moment of it."""
    kills, dice = scaled(2, 50), random.Random(5)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["mnist_nb.releases.releases", __name__])
    path = tmp_path / "weights.safetensors"
    killed, done, kept = 0, 0, 0
    with LocalEdge(ttl=0.2, seed=False) as edge:
        releases, bucket = edge.releases(), Bucket(edge)
        path.write_bytes(file(0))
        moments: list[float] = []
        first = releases.push(path, progress=lambda _: moments.append(time.monotonic()))
        moments.append(time.monotonic())
        lasts = [after - before for before, after in pairwise(moments)]
        assert len(lasts) == STEPS
        good = {first.sha256}
        with load(edge.url, 1) as running:
            for number in range(1, 3 * kills):
                if killed == kills:
                    break
                path.write_bytes(file(number))
                wanted = read_weights(path).sha256
                ours, theirs = processes.Pipe(duplex=False)
                process = processes.Process(target=pusher, args=(edge.bucket, str(path), theirs))
                process.start()
                theirs.close()
                step = number % STEPS
                for _ in range(step + 1):
                    ours.recv()
                process.join(dice.uniform(0, 1.5 * lasts[step]))
                process.kill()
                process.join(20)
                assert process.exitcode in (0, -signal.SIGKILL)
                was_killed = process.exitcode != 0  # else it was done sooner than the dice said
                killed += was_killed
                ours.close()
                process.close()

                current = releases.current()
                assert current is not None
                stored = bucket.s3.get_object(Bucket=bucket.name, Key=current.key)["Body"].read()
                assert read_weights(stored).sha256 == current.sha256
                assert current.sha256 in {*good, wanted}
                done += was_killed and current.sha256 == wanted
                kept += current.sha256 != wanted and releases.has(wanted)

                assert releases.push(path).sha256 == wanted
                releases.wait_until_served(edge, wanted, 20)
                good.add(wanted)
                releases.prune(2, say=len)
        assert {answer.status for answer in running.answers} == {200}
        assert {answer.model for answer in running.answers} <= good
    print(
        f"{killed} pushes killed: {done} had promoted, {kept} only uploaded;"
        f" {len(running.answers)} answers of the edge meanwhile, all good"
    )
    assert killed == kills
