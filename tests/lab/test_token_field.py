"""An edge that wants a token, asked from where no environment variable can be set."""

from mnist_nb import Lab, LocalEdge, Network
from mnist_nb.drawing.samples import samples
from tests.support.shown import wait_for


def is_shown(lab: Lab) -> bool:
    return "mnist-nb-hidden" not in lab.token_field._dom_classes


def test_the_lab_asks_for_the_token_and_goes_on(network: Network, monkeypatch) -> None:
    monkeypatch.delenv("MNIST_NB_EDGE_TOKEN", raising=False)
    with LocalEdge(ttl=0, vars={"EDGE_TOKEN": "open-sesame"}) as edge:
        lab = Lab(network, edge.url)
        try:
            assert not is_shown(lab)
            wait_for(lab, edge_state="offline")
            assert is_shown(lab)
            lab.token_field.value = "wrong"
            assert lab.token_field.value == ""
            lab.token_field.value = "open-sesame"
            lab.drawing = samples()[3]
            wait_for(lab, edge_stale="false", edge_winner="3")
            assert not is_shown(lab)
            with lab.edge_client() as client:
                assert client.classify(lab.pad.image).probabilities.argmax() == 3
            assert "sesame" not in repr(lab.get_state()) + repr(lab.token_field.get_state())
        finally:
            lab.close()
