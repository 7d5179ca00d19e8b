"""The page during a trial: the candidate in a third column, gone with it."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from mnist_nb import LocalEdge, Network
from mnist_nb.drawing.samples import samples
from mnist_nb.network import write_weights
from tests.support.page import BAR, Open

pytestmark = [pytest.mark.browser, pytest.mark.edge]

NETWORK = Network.load()
LAST = NETWORK.architecture.layers[-1].weight  # type: ignore[union-attr]


def test_the_candidate_stands_beside_what_serves(open_page: Open, tmp_path: Path) -> None:
    tensors = dict(NETWORK.weights.tensors)
    tensors[LAST] = tensors[LAST][[0, 1, 2, 5, 4, 3, 6, 7, 8, 9]]
    path = tmp_path / "bad.safetensors"
    path.write_bytes(write_weights(NETWORK.architecture, tensors))
    with LocalEdge(ttl=0) as edge:
        releases = edge.releases()
        tab = open_page(edge.url, expect="status of 404")  # the last of the candidate
        tab.wait_ready()
        tab.draw_sample(samples()[1])
        tab.wait_answered()
        assert tab.find("thead th").count() == 3  # the labels, and two sides
        proposal = releases.propose(path, 100)
        tab.page.keyboard.press("Control+z")
        tab.draw_sample(samples()[3])
        third = tab.find("th.is-candidate")
        expect(third).to_contain_text(proposal.sha256[:8])
        answers = tab.find('.mnist-nb-answers[data-candidate-winner="5"][data-edge-winner="3"]')
        answers.wait_for()
        tab.wait_answered()
        assert tab.head == "Both say 3"
        assert tab.detail.endswith("The candidate says 5.")
        tab.wait_said("The candidate says 5.")
        assert tab.weights("local") == NETWORK.sha256[:8]
        assert tab.find('tr[data-digit="5"] td.is-candidate.is-winner').count() == 1
        assert tab.barriers() == ""
        for width in (1060, 360):
            tab.page.set_viewport_size({"width": width, "height": 800})
            content, window = tab.widths()
            assert content <= window
        releases.withdraw()
        tab.draw(BAR)
        expect(third).to_have_count(0)
        tab.wait_answered()
        assert "candidate" not in tab.detail
