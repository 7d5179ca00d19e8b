"""The weights file: what is written is read, and what is wrong is refused with the reason."""

import contextlib
import json
import struct

import numpy as np
import pytest

from mnist_nb.errors import WeightsError
from mnist_nb.network.architecture import Architecture, Flatten, Linear
from mnist_nb.network.file_format import (
    FORMAT,
    MAX_BYTES,
    read_weights,
    shipped_weights,
    write_weights,
)
from tests.support.networks import random_network

NETWORK = {
    "name": "line",
    "input": {"shape": [1, 28, 28], "scale": 255, "mean": 0.1, "std": 0.3},
    "layers": [{"op": "flatten"}, {"op": "linear", "weight": "w"}],
    "labels": list("0123456789"),
}
WEIGHT = np.ones((10, 784), np.float32)
DATA = WEIGHT.tobytes()


def file_of(network, data=DATA, header=None, fmt=FORMAT):
    """Put a file together by hand, so that it can be wrong in any way."""
    if header is None:
        header = {"w": {"dtype": "F32", "shape": [10, 784], "data_offsets": [0, len(data)]}}
    text = network if isinstance(network, str) else json.dumps(network)
    head = json.dumps({"__metadata__": {"format": fmt, "network": text}} | header).encode()
    return struct.pack("<Q", len(head)) + head + data


def changed(**fields):
    return {**NETWORK, **fields}


def with_input(**fields):
    return changed(input={**NETWORK["input"], **fields})


def layers(*entries):
    return changed(layers=list(entries))


def test_the_file_made_by_hand_is_valid():
    weights = read_weights(file_of(NETWORK))
    assert weights.architecture.name == "line"
    assert weights.architecture.layers == (Flatten(), Linear("w"))
    assert weights.tensors["w"].shape == (10, 784)
    assert len(weights.sha256) == 64


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_is_read(seed):
    content = random_network(np.random.default_rng(seed))
    weights = read_weights(content)
    again = write_weights(weights.architecture, weights.tensors)
    assert read_weights(again).architecture == weights.architecture
    for name, tensor in weights.tensors.items():
        np.testing.assert_array_equal(read_weights(again).tensors[name], tensor)
    assert write_weights(weights.architecture, weights.tensors) == again


def test_the_shipped_file_is_the_default_architecture():
    weights = read_weights(shipped_weights())
    assert weights.parameters == 376_856
    assert read_weights(shipped_weights("small")).parameters == 9_504
    assert shipped_weights("small").stat().st_size <= 50_000
    shapes = weights.architecture.shapes({n: t.shape for n, t in weights.tensors.items()})
    assert shapes[0] == (8, 26, 26)
    assert shapes[-1] == (10,)
    text = weights.architecture.to_json()
    assert Architecture.from_json(text) == weights.architecture


def nan_at(index):
    data = WEIGHT.copy()
    data.flat[index] = np.nan
    return data.tobytes()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "0 bytes"),
        (b"\x01\x02", "too short"),
        (struct.pack("<Q", 1 << 60) + b"{}", "truncated"),
        (struct.pack("<Q", 2) + b"[]", "__metadata__"),
        (struct.pack("<Q", 2) + b"{]", "not JSON"),
        (struct.pack("<Q", 4) + b"\xff\xfe\xfd\xfc", "not JSON"),
        (struct.pack("<Q", 100_000) + b"[" * 100_000, "not JSON"),
        (b"GIF89a" + bytes(100), "truncated, or not a safetensors"),
        (file_of(NETWORK)[:-4], "safetensors"),
        (file_of(NETWORK) + b"more", "safetensors"),
        (bytes(MAX_BYTES + 1), "at most"),
        (file_of(NETWORK, fmt="other/3"), "other/3"),
        (file_of(NETWORK, nan_at(77)), "not finite"),
        (
            file_of(NETWORK, header={"w": {"dtype": "F32", "shape": [10, 784]}}),
            "safetensors",
        ),
        (
            file_of(
                NETWORK,
                header={"w": {"dtype": "F32", "shape": [10, 784], "data_offsets": [0, 99999999]}},
            ),
            "safetensors",
        ),
        (
            file_of(
                NETWORK,
                bytes(8 * 7840),
                {"w": {"dtype": "F64", "shape": [10, 784], "data_offsets": [0, 8 * 7840]}},
            ),
            "float64",
        ),
        (
            file_of(
                NETWORK,
                bytes(2 * 7840),
                {"w": {"dtype": "BF16", "shape": [10, 784], "data_offsets": [0, 2 * 7840]}},
            ),
            "cannot be used",
        ),
        (file_of("{"), "not JSON"),
        (file_of("[1]"), "an array"),
        (file_of(changed(layers=[])), "1 to 64 layers"),
        (file_of(changed(layers=[{"op": "relu"}] * 65)), "65"),
        (file_of(changed(layers="no")), "layers"),
        (file_of(changed(labels=[1, 2])), "labels"),
        (file_of(changed(labels=["0"] * 9)), "9 labels"),
        (file_of({k: v for k, v in NETWORK.items() if k != "name"}), "'name' is missing"),
        (file_of(with_input(shape=[1, 32, 32])), "32"),
        (file_of(with_input(std=0)), "above 0"),
        (file_of(with_input(mean="x")), "finite number"),
        (file_of(with_input(scale=True)), "finite number"),
        (file_of(layers({"op": "fft"})), "fft"),
        (file_of(layers(7)), "layer 0"),
        (file_of(layers({"op": "relu", "slope": 0.1})), "slope"),
        (file_of(changed(name="n" * 201)), "200"),
        (file_of(layers({"op": "linear", "weight": "w"})), "flatten it first"),
        (file_of(layers({"op": "flatten"}, {"op": "linear", "weight": "v"})), "'v' is not in"),
        (file_of(layers({"op": "conv2d", "weight": "w"})), "expected .out, 1, k, k"),
        (file_of(layers({"op": "conv2d", "weight": "w", "stride": 0})), "1..28"),
        (file_of(layers({"op": "conv2d", "weight": "w", "stride": 1.5})), "1.5"),
        (file_of(layers({"op": "conv2d", "weight": "w", "padding": "full"})), "full"),
        (file_of(layers({"op": "maxpool2d", "size": 29})), "29"),
        (file_of(layers({"op": "flatten"}, {"op": "maxpool2d", "size": 2})), "rows"),
        (file_of(layers({"op": "batchnorm2d", "prefix": "n", "eps": 0})), "eps"),
        (file_of(layers({"op": "batchnorm2d", "prefix": "n"})), "n.weight"),
    ],
)
def test_what_is_wrong_is_refused_with_the_reason(content, says):
    with pytest.raises(WeightsError, match=says):
        read_weights(content)


def test_any_cut_and_any_flipped_byte_of_the_header_is_survived():
    content = random_network(np.random.default_rng(5))
    header = 8 + int.from_bytes(content[:8], "little")
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        damaged[rng.integers(0, header)] ^= int(rng.integers(1, 256))
        with contextlib.suppress(WeightsError):  # and nothing else
            read_weights(bytes(damaged[: rng.integers(0, len(content) + 1)]))
    with pytest.raises(WeightsError):
        read_weights(content[:-1])


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(WeightsError, match="No such file"):
        read_weights(tmp_path / "none.safetensors")
    with pytest.raises(WeightsError, match="cannot read"):
        read_weights(tmp_path)
