"""Layers are inferred from the names and shapes of a state dict."""

from typing import Any

import numpy as np
import pytest

from mnist_nb.errors import WeightsError, WeightsUnclear
from mnist_nb.network import convert, import_file, read_weights
from mnist_nb.network.importing.by_digits import UNUSUAL, USUAL, scaled
from mnist_nb.network.importing.infer import infer_layers
from mnist_nb.network.importing.source import Scaling
from mnist_nb.network.numpy_network import Network
from mnist_nb.network.our_digits import our_digits
from tests.network.conftest import ops
from tests.support.other_programs import saved

Shapes = dict[str, tuple[int, ...]]


def conv(name: str, out: int, inside: int, k: int) -> Shapes:
    return {f"{name}.weight": (out, inside, k, k), f"{name}.bias": (out,)}


def line(name: str, out: int, width: int) -> Shapes:
    return {f"{name}.weight": (out, width), f"{name}.bias": (out,)}


def norm(name: str, channels: int) -> Shapes:
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (channels,) for part in parts}


def words(layers: list[dict[str, Any]]) -> str:
    """Layers in short: c3p1 for a convolution of 3 padded by 1, A, P2 ..."""
    short = {"activation": "A", "linear": "L", "flatten": "F", "globalavgpool2d": "G"}
    short |= {"batchnorm2d": "N", "batchnorm1d": "N1"}
    said = []
    for layer in layers:
        text = short.get(layer["op"], "")
        if layer["op"] == "conv2d":
            text = "c" + "".join(
                f"{k[0]}{layer[k]}" for k in ("padding", "stride", "groups") if k in layer
            )
        said.append(text or f"P{layer['size']}")
    return " ".join(said)


COMMON: dict[str, tuple[Shapes, str]] = {
    "PyTorch's example": (
        conv("conv1", 32, 1, 3)
        | conv("conv2", 64, 32, 3)
        | line("fc1", 128, 9216)
        | line("fc2", 10, 128),
        "c A c A P2 F L A L",
    ),
    "its older example": (
        conv("conv1", 10, 1, 5)
        | conv("conv2", 20, 10, 5)
        | line("fc1", 50, 320)
        | line("fc2", 10, 50),
        "c A P2 c A P2 F L A L",
    ),
    "LeNet-5": (
        conv("0", 6, 1, 5)
        | conv("3", 16, 6, 5)
        | line("7", 120, 400)
        | line("9", 84, 120)
        | line("11", 10, 84),
        "cp2 A P2 c A P2 F L A L A L",
    ),
    "two blocks, padded": (
        conv("conv1", 32, 1, 3) | conv("conv2", 64, 32, 3) | line("fc", 10, 3136),
        "cp1 A P2 cp1 A P2 F L",
    ),
    "conv-conv-pool with norms": (
        conv("f.0", 8, 1, 3)
        | norm("f.1", 8)
        | conv("f.3", 8, 8, 3)
        | norm("f.4", 8)
        | conv("f.7", 16, 8, 3)
        | norm("f.8", 16)
        | conv("f.10", 16, 16, 3)
        | norm("f.11", 16)
        | line("c.1", 10, 784),
        "cp1 N A cp1 N A P2 cp1 N A cp1 N A P2 F L",
    ),
    "norms named after the convolutions": (
        conv("conv1", 8, 1, 3)
        | conv("conv2", 16, 8, 3)
        | norm("bn1", 8)
        | norm("bn2", 16)
        | line("fc", 10, 2304),
        "c N A c N A P2 F L",
    ),
    "a perceptron with norms": (
        line("fc1", 64, 784) | norm("bn1", 64) | line("fc2", 10, 64),
        "F L N1 A L",
    ),
    "steps of two": (
        conv("0", 8, 1, 5) | conv("2", 16, 8, 3) | line("5", 10, 784),
        "cp2s2 A cp1s2 A F L",
    ),
    "each channel by itself": (
        conv("0", 8, 1, 3) | conv("3", 8, 1, 3) | conv("5", 16, 8, 1) | line("9", 10, 784),
        "cp1 A P2 cp1g8 A c A P2 F L",
    ),
    "only convolutions": (
        conv("0", 12, 1, 3) | conv("2", 12, 12, 3) | conv("4", 10, 12, 1),
        "c A c A c G F",
    ),
    "a norm after the flatten": (
        conv("conv", 4, 1, 3) | norm("bn", 784) | line("fc", 10, 784),
        "cp1 A P2 F N1 L",
    ),
}


@pytest.mark.parametrize("what", COMMON)
def test_the_most_usual_way_of_common_networks(what: str) -> None:
    shapes, expected = COMMON[what]
    found = infer_layers(shapes)
    assert words(found[0][1]) == expected
    assert [cost for cost, _ in found] == sorted(cost for cost, _ in found)


def test_a_search_without_end_ends() -> None:
    shapes: Shapes = {}
    for i in range(40):
        shapes |= conv(f"c{i}", 8, 8 if i else 1, 3)
    with pytest.raises(WeightsError, match="fits nothing before it"):
        infer_layers(shapes | line("fc", 10, 7))


# --- what digits choose ---------------------------------------------------------------------------


UNIT = Scaling(0, 1)


def nearest(scaling: Scaling = UNIT, hidden: bool = True) -> dict[str, Any]:
    """A network that knows our digits, without training: it compares with means of them."""
    images, labels = our_digits()
    x = images.reshape(-1, 784).astype(np.float64) / 255
    means = np.stack([x[labels == digit].mean(axis=0) for digit in range(10)])  # (10, 784)
    # |x - m|^2 less |x|^2, as a linear layer of x; then of (x - mean) / std.
    weight, bias = 2 * means, -(means**2).sum(axis=1)
    if scaling.invert:
        weight, bias = -weight, bias + weight.sum(axis=1)
    bias = bias + weight.sum(axis=1) * scaling.mean
    weight = weight * scaling.std
    if not hidden:
        return {"fc.weight": weight.astype(np.float32), "fc.bias": bias.astype(np.float32)}
    both = np.concatenate([weight, -weight]), np.concatenate([bias, -bias])
    out = np.concatenate([np.eye(10), -np.eye(10)], axis=1)  # x = relu(x) - relu(-x)
    state = {"fc1.weight": both[0], "fc1.bias": both[1], "fc2.weight": out}
    return {name: array.astype(np.float32) for name, array in state.items()}


@pytest.mark.parametrize("scaling", [s for s, _ in (*USUAL, *UNUSUAL)], ids=str)
def test_the_scaling_of_pixels_is_found(scaling: Scaling) -> None:
    state = nearest(scaling, hidden=False)
    try:
        content = import_file(saved(state)).content
    except WeightsUnclear as unclear:
        rows = [row.words for row in unclear.table]
        assert str(scaling) in rows
        content = convert(saved(state), take=1 + rows.index(str(scaling)))
    given = {"mean": scaling.mean, "std": scaling.std, "invert": scaling.invert}
    right = convert(saved(state), **given)
    images = our_digits()[0][:5]
    found, expected = (Network(read_weights(c)).predict(images) for c in (content, right))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_relu_is_taken_and_said() -> None:
    imported = import_file(saved(nearest()), mean=0.0, std=1.0)
    assert ops(imported.content) == ["flatten", "linear", "relu", "linear"]
    assert "gelu and leakyrelu" in imported.note
    assert imported.table[0].accuracy > 0.9
    told = import_file(saved(nearest()), mean=0.0, std=1.0, activation="relu")
    assert told.note == ""


def test_a_network_that_reads_no_digits_is_imported_and_says_so() -> None:
    rng = np.random.default_rng(3)
    state = {"fc.weight": rng.normal(size=(10, 784)).astype(np.float32)}
    imported = import_file(saved(state))
    assert "reads only" in imported.note
    entry = read_weights(imported.content).architecture
    assert (entry.mean, entry.std) == (0.1307, 0.3081)


def test_turned_pixels_turn_the_first_weights() -> None:
    weights = read_weights(convert(saved(nearest(hidden=False)), mean=0.0, std=1.0))
    turned = scaled(weights, Scaling(0.3, 0.5, invert=True))
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    plain = scaled(weights, Scaling(0.3, 0.5))
    found, expected = Network(turned).logits(images), Network(plain).logits(255 - images)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
