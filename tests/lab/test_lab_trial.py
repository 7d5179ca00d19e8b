"""A third column while something is on trial at the edge, and two again afterwards."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_nb import EdgeClient, Lab, LocalEdge, Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.lab import follow_edge
from mnist_nb.network import write_weights
from tests.support.shown import wait_for

pytestmark = pytest.mark.edge

NETWORK = Network.load()
LAST = NETWORK.architecture.layers[-1].weight  # type: ignore[union-attr]


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """It takes each 3 for a 5, and the other way round."""
    tensors = dict(NETWORK.weights.tensors)
    tensors[LAST] = tensors[LAST][[0, 1, 2, 5, 4, 3, 6, 7, 8, 9]]
    path = tmp_path / "bad.safetensors"
    path.write_bytes(write_weights(NETWORK.architecture, tensors))
    return path


@pytest.fixture
def edge() -> Iterator[LocalEdge]:
    with LocalEdge(ttl=0) as edge:
        yield edge


@pytest.mark.parametrize(("kind", "percent"), [("url", 0), ("client", 100)])
def test_a_trial_is_a_third_column(edge: LocalEdge, bad: Path, percent: int, kind: str) -> None:
    releases = edge.releases()
    lab = Lab(NETWORK, edge.url if kind == "url" else EdgeClient(edge.url, timeout=20))
    try:
        lab.drawing = samples()[3]
        shown = wait_for(lab, edge_winner="3", edge_stale="false", candidate_sha256="")
        assert shown.tried is None
        proposal = releases.propose(bad, percent)
        lab.refresh()
        both = {"candidate_sha256": proposal.sha256, "candidate_winner": "5"}
        shown = wait_for(lab, edge_winner="3", edge_sha256=NETWORK.sha256, **both)
        assert shown.section["same-weights"] == "true"
        tried = Network.load(bad).predict(rasterize(samples()[3]))[0]
        np.testing.assert_allclose(shown.tried.probabilities, tried, atol=1e-5)  # type: ignore[union-attr]
        lab.drawing = samples()[4]
        wait_for(lab, edge_winner="4", candidate_winner="4", edge_stale="false")
        releases.withdraw()
        lab.refresh()
        wait_for(lab, edge_stale="false", candidate_sha256="", candidate_winner="")
        releases.push(bad, force="to see the lab follow")
        lab.refresh()
        wait_for(lab, edge_stale="false", edge_sha256=proposal.sha256, candidate_sha256="")
    finally:
        lab.close()


def test_a_lab_that_begins_during_a_trial_shows_it(edge: LocalEdge, bad: Path) -> None:
    proposal = edge.releases().propose(bad, 100)
    lab = Lab(NETWORK, edge)
    try:
        wait_for(lab, state="empty", candidate_sha256=proposal.sha256)
        lab.drawing = samples()[5]
        wait_for(lab, edge_winner="5", candidate_winner="3", edge_sha256=NETWORK.sha256)
        found = edge.releases().compare_live(edge)
        assert found.compared >= 1
        assert re.search(r"it answered 0 of \d+ images", str(found))  # a lab asks what serves
    finally:
        lab.close()


@pytest.mark.parametrize("drawn", [True, False], ids=["drawn", "empty"])
def test_the_third_column_goes_with_the_trial_while_the_pen_rests(
    edge: LocalEdge, bad: Path, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_edge, "LOOK", 0.05)
    proposal = edge.releases().propose(bad, 0)
    lab = Lab(NETWORK, edge)
    try:
        if drawn:
            lab.drawing = samples()[3]
        wait_for(lab, candidate_sha256=proposal.sha256)
        edge.releases().withdraw()
        wait_for(lab, candidate_sha256="", edge_winner="3" if drawn else "")
    finally:
        lab.close()
