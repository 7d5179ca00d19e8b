"""A lab whose weights change on one side, then on the other."""

from pathlib import Path

import numpy as np
import pytest

from mnist_nb import Lab, Network
from mnist_nb.drawing.samples import samples
from tests.support.fake_edge import FakeEdge
from tests.support.networks import random_network
from tests.support.shown import shown as table
from tests.support.shown import wait_for


def test_refresh_sees_new_weights_of_the_edge_and_network_loads_them_here(
    lab: Lab, fake_edge: FakeEdge, network: Network
) -> None:
    fake_edge.sha256 = network.sha256
    lab.drawing = samples()[4]
    wait_for(lab, edge_sha256=network.sha256, edge_stale="false", same_weights="true")
    other = Network.load(random_network(np.random.default_rng(3)))
    fake_edge.sha256, fake_edge.answer = other.sha256, other.predict
    assert table(lab).section["same-weights"] == "true"  # nobody has asked yet
    lab.refresh()
    wait_for(lab, edge_sha256=other.sha256, edge_stale="false", same_weights="false")
    lab.network = other
    shown = wait_for(lab, same_weights="true", edge_stale="false")
    assert shown.section["local-sha256"] == other.sha256
    assert float(shown.section["max-diff"]) == 0
    assert lab.network is other
    assert np.array_equal(lab.local, other.predict(lab.pad.image)[0])


def test_weights_may_change_while_the_paper_is_empty(lab: Lab) -> None:
    other = Network.load(random_network(np.random.default_rng(3)))
    lab.network = other
    assert lab.local is None
    assert table(lab).section["local-sha256"] == other.sha256


def test_the_menu_has_the_networks_at_hand_and_loads_the_one_chosen(
    network: Network, fake_edge: FakeEdge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = random_network(np.random.default_rng(3))
    (tmp_path / "mine.safetensors").write_bytes(mine)
    (tmp_path / "damaged.safetensors").write_bytes(b"{}")
    monkeypatch.chdir(tmp_path)
    lab = Lab(network, fake_edge)
    try:
        assert lab.menu.label == "mnist"
        assert [name for name, _ in lab.menu.options] == ["mnist", "small", "damaged", "mine"]
        for name, sha256 in (("mine", Network.load(mine).sha256), ("mnist", network.sha256)):
            lab.menu.label = name
            assert lab.network.sha256 == sha256
            assert table(lab).section["local-sha256"] == sha256
        lab.menu.label = "damaged"
        assert lab.menu.label == "mnist"
        assert lab.network.sha256 == network.sha256
        assert 'role="alert"' in lab.pad.status.value
        lab.network = other = Network.load(random_network(np.random.default_rng(4)))
        assert (lab.menu.value, len(lab.menu.options)) == (other, 5)
    finally:
        lab.close()
