"""What the edge would refuse for an overflow is refused here, before anything is sent."""

from pathlib import Path

import numpy as np
import pytest

from mnist_nb.errors import WeightsError
from mnist_nb.network import read_weights, write_weights
from mnist_nb.network.candidate import read_candidate
from mnist_nb.network.ops import Sigmoid, Tanh
from mnist_nb.network.overflow import TRIAL
from tests.soak.scale import scaled
from tests.support.files import network, pack
from tests.support.hostile import EDGE_ONLY
from tests.support.kernel_host import Refused, WasmKernel
from tests.support.networks import random_network


def edge_takes(content: bytes) -> bool:
    try:
        answer = WasmKernel(read_weights(content)).classify(TRIAL.reshape(2, 28, 28))
    except Refused:
        return False
    return bool(np.isfinite(answer).all())


def is_pushed(path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    try:
        read_candidate(path)
    except WeightsError as error:
        return "overflow float32" not in str(error)
    return True


def test_what_is_pushed_the_edge_takes(tmp_path: Path) -> None:
    """Not the reverse: gelu here overflows from 1e19 on. And tanh may hide an infinity."""
    rng = np.random.default_rng(18)
    pushed = []
    for _ in range(scaled(150, 5000)):
        weights = read_weights(random_network(rng))
        if any(isinstance(layer, Tanh | Sigmoid) for layer in weights.architecture.layers):
            continue
        tensors = {name: tensor.copy() for name, tensor in weights.tensors.items()}
        for name in sorted(tensors):  # safetensors gives them in any order
            if rng.random() < 0.3:
                power = np.float32(10.0) ** np.float32(rng.uniform(-38, 38))
                tensors[name] = np.clip(tensors[name] * power, -3e38, 3e38)
        content = write_weights(weights.architecture, tensors)
        pushed.append(is_pushed(tmp_path / "scaled.safetensors", content))
        assert edge_takes(content) or not pushed[-1], content[:2000]
    assert 0.2 < np.mean(pushed) < 0.9


@pytest.mark.parametrize("value", [3e38, -3e38])
def test_an_overflow_of_the_last_layer(tmp_path: Path, value: float) -> None:
    layers = [{"op": "flatten"}, {"op": "linear", "weight": "w"}]
    content = pack({"w": np.full((10, 784), value, np.float32)}, network(layers))
    assert not edge_takes(content)
    assert not is_pushed(tmp_path / "w.safetensors", content)
    assert not is_pushed(tmp_path / "w.safetensors", EDGE_ONLY["overflows float32"][0])
