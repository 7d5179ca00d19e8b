"""propose, status, withdraw and promote, as one types them."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_nb import EdgeClient, LocalEdge, Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.network import write_weights
from mnist_nb.releases.trail import Trail

from .conftest import run

pytestmark = pytest.mark.edge
NETWORK = Network.load()


@pytest.fixture(scope="module")
def edge() -> Iterator[LocalEdge]:
    with LocalEdge(ttl=0) as edge:
        yield edge


@pytest.fixture
def better(tmp_path: Path) -> Path:
    tensors = {name: tensor * np.float32(1.001) for name, tensor in NETWORK.weights.tensors.items()}
    path = tmp_path / "better.safetensors"
    path.write_bytes(write_weights(NETWORK.architecture, tensors))
    return path


def test_a_trial_from_the_command_line(edge: LocalEdge, better: Path):
    done = run("propose", better, "--percent", 100, "--reason", "try it", "--edge", edge.url)
    assert done.exit_code == 0, done.output
    assert "is on trial for 100 % of the images" in done.output
    with EdgeClient(edge.url, timeout=30) as client:
        for drawing in samples():
            client.classify(rasterize(drawing))
    shown = run("status", "--edge", edge.url)
    assert shown.exit_code == 0, shown.output
    assert "on trial; it answered 10 of 10 images, 10 were compared, 0 differ" in shown.output
    assert "served    sure of 1 1 1 1 1 1 1 1 1 1 (by label), not sure of 0" in shown.output
    said = json.loads(run("status", "--json", "--watch", 0, "--edge", edge.url).stdout)
    assert (said["state"], said["compared"]) == ("on trial", 10)
    promoted = run("promote", "--edge", edge.url)
    assert promoted.exit_code == 0, promoted.output
    again = run("promote", "--edge", edge.url)
    assert again.exit_code == 3
    assert "nothing is on trial" in again.output


def test_a_trial_is_withdrawn(edge: LocalEdge, better: Path):
    edge.releases().push(NETWORK.path)
    proposed = run("propose", better, "--shadow", "--json", "--edge", edge.url)
    assert json.loads(proposed.stdout)["shadow"] is True
    gone = run("withdraw", "--edge", edge.url)
    assert "is not on trial any more" in gone.output
    assert "nothing is on trial" in run("status", "--edge", edge.url).output
    twice = run("withdraw", "--edge", edge.url)
    assert twice.exit_code == 3
    assert "nothing is on trial" in twice.output


def test_a_percent_that_is_none_is_told(edge: LocalEdge, better: Path):
    done = run("propose", better, "--percent", 101, "--edge", edge.url)
    assert done.exit_code == 1
    assert "percent is 101" in done.output


@pytest.mark.filterwarnings("default")
def test_a_note_that_the_bucket_does_not_take_is_told_in_a_sentence(
    edge: LocalEdge, better: Path, monkeypatch: pytest.MonkeyPatch
):
    edge.releases().push(NETWORK.path)
    monkeypatch.setattr(Trail, "_keep", lambda self, note: False)
    done = run("propose", better, "--edge", edge.url)
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith("propose of ")
    assert "is done, but its note mnist/releases/" in done.stderr
    assert "UserWarning" not in done.output
