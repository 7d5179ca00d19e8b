"""Where both sides of a lab part, layer by layer."""

import pytest

from mnist_nb import AsyncEdgeClient, EdgeClient, Lab, LocalEdge
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import InputError

pytestmark = pytest.mark.edge


@pytest.mark.parametrize("given", ["edge", "url", "client", "async client"])
def test_a_lab_compares_its_layers(network, given):
    with LocalEdge() as edge, EdgeClient(edge.url, timeout=30) as client:
        other = AsyncEdgeClient(edge.url)
        chosen = {"edge": edge, "url": edge.url, "client": client, "async client": other}[given]
        lab = Lab(network, chosen)
        with pytest.raises(InputError, match="nothing is drawn"):
            lab.trace()
        lab.drawing = samples()[7]
        found = lab.trace()
        lab.close()
    assert found.first is None
    assert found.other_sha256 == network.sha256
    assert len(found.layers) >= 9
