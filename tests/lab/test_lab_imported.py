"""Networks of other people: from their file to the edge, drawn against in the lab, out again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_nb import Lab, LocalEdge, Network
from mnist_nb.drawing.samples import samples
from mnist_nb.network import import_file, read_weights, to_onnx
from tests.support.onnx_graphs import GRAPHS
from tests.support.other_programs import saved
from tests.support.shown import wait_for

pytestmark = pytest.mark.edge


def lenet() -> bytes:
    rng = np.random.default_rng(5)
    state: dict[str, Any] = {}
    for name, shape in {
        "0": (6, 1, 5, 5),
        "3": (16, 6, 5, 5),
        "7": (120, 400),
        "9": (84, 120),
        "11": (10, 84),
    }.items():
        scale = 1.5 / np.sqrt(np.prod(shape[1:]))
        state[f"{name}.weight"] = (rng.normal(size=shape) * scale).astype(np.float32)
        state[f"{name}.bias"] = (rng.normal(size=shape[0]) * 0.1).astype(np.float32)
    return saved(state)


HOW = {"mean": 0.1307, "std": 0.3081}
NETWORKS: dict[str, tuple[Callable[[], bytes], dict[str, Any]]] = {
    "lenet": (lenet, {"activation": "tanh", "pooling": "avg"}),
    "depthwise": (lambda: GRAPHS["depthwise"]().done(), {}),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_from_their_file_to_the_edge_and_out_again(name: str, tmp_path: Path) -> None:
    build, more = NETWORKS[name]
    path = tmp_path / f"{name}.safetensors"
    path.write_bytes(import_file(build(), **HOW, **more).content)
    network = Network.load(path)
    with LocalEdge(ttl=0) as edge:
        edge.releases().push(path, force="untrained")
        lab = Lab(network, edge.url)
        try:
            for digit in (2, 5):
                lab.drawing = samples()[digit]
                shown = wait_for(lab, same_weights="true", edge_stale="false", agree="true")
                assert shown.section["edge-sha256"] == network.sha256
                assert float(shown.section["max-diff"]) < 1e-5
        finally:
            lab.close()
    again = read_weights(import_file(to_onnx(network.weights)).content)
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    np.testing.assert_allclose(
        Network(again).predict(images), network.predict(images), rtol=0, atol=1e-5
    )
