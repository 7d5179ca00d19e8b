"""Other people's weights: what they mean is kept, and what is wrong is refused with the place."""

import contextlib
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from mnist_nb import Network
from mnist_nb.errors import WeightsError
from mnist_nb.network.file_format import MAX_BYTES, read_weights
from mnist_nb.network.importing.convert import convert
from tests.network.conftest import LINE, W
from tests.support.other_programs import (
    archive,
    bpk,
    burn_bin,
    burn_bpk,
    cbor,
    pickled,
    saved,
    tensor,
)


@pytest.fixture
def burn():
    if not os.environ.get("MNIST_NB_DATA"):
        pytest.skip("MNIST_NB_DATA is not set: no files of Burn to test with")
    folder = Path(os.environ["MNIST_NB_DATA"]) / "burn"
    if not folder.is_dir():
        pytest.skip("MNIST_NB_DATA has no folder burn")
    return folder


# --- Burn ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key", "parameters"),
    [("mnist.bin", "mnist_bin", 376_856), ("model.bpk", "model_bpk", 260_554)],
)
def test_files_of_burn_give_what_pytorch_computed(burn, name, key, parameters):
    expected = np.load(burn / "expected.npz")
    network = Network(read_weights(convert(burn / name)))
    here = network.predict(expected["images"])
    np.testing.assert_allclose(here, expected[key], rtol=0, atol=1e-6)
    assert network.parameters == parameters
    assert network.name == Path(name).stem
    assert network.architecture.training["imported_from"].startswith("Burn")


@pytest.mark.parametrize("biases", [True, False])
def test_every_tensor_of_a_bin_is_kept(biases):
    content, tensors = burn_bin(biases=biases)
    found = read_weights(convert(content)).tensors
    assert found.keys() == tensors.keys()
    for name, array in tensors.items():
        np.testing.assert_array_equal(found[name], array.T if array.ndim == 2 else array)


def test_every_tensor_of_a_bpk_is_kept():
    content, tensors = burn_bpk()
    found = read_weights(convert(content)).tensors
    assert len(found) == len(tensors)
    for name, array in tensors.items():
        name = name.replace("beta", "bias").replace("gamma", "weight")
        np.testing.assert_array_equal(found[name], array.T if array.ndim == 2 else array)


def one(**fields):
    return bpk({"tensors": {"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} | fields}})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (burn_bin(version="0.13.2")[0], r"byte 72: expected version 0.14, found '0.13.2'"),
        (burn_bin()[0] + b"more", "expected the end of the file, found 4 bytes more"),
        (burn_bin()[0][:-1], r"expected 1 bytes of the activation, found 0 to the end"),
        (b"NRUB", "byte 4: expected 2 bytes of version, found 0 to the end: truncated"),
        (bpk({}, version=2), "byte 4: expected version 1, found 2"),
        (bpk({}), "'tensors', found none"),
        (bpk([]), "'tensors', found none"),
        (b"NRUB\1\0" + b"\xff" * 4, "byte 10: expected 4,294,967,295 bytes of header, found 0"),
        (bpk(b"\x9b" + b"\xff" * 8), "expected 18,446,744,073,709,551,615 items, found 0"),
        (bpk(b"\xbb" + b"\xff" * 8), "expected 18,446,744,073,709,551,615 items, found 0"),
        (bpk(b"\x7b" + b"\xff" * 8), "expected 18,446,744,073,709,551,615 bytes of text"),
        (bpk(b"\x81" * 5000), "9 deep"),
        (bpk(b"\xfb" + bytes(8)), "false, true or null"),
        (bpk(b"\x5f"), "a CBOR number"),
        (bpk(b"\x61\xff"), "UTF-8"),
        (bpk(b"\xa1\x01\x01"), "a new text as key"),
        (bpk(b"\xa2" + cbor("a") * 4), "a new text as key"),
        (one(dtype="I32"), "expected dtype"),
        (one(shape=[1, "x"]), "expected dtype"),
        (one(shape=[0], data_offsets=[0, 0]), "'w' as F32 .0,., found 0 bytes"),
        (one(shape=[1 << 62, 1 << 62]), "inside 0 bytes, found 0 to 4"),
        (one(data_offsets=[8, 4]), "8 to 4"),
        (one(data_offsets=[1 << 63, (1 << 63) + 4]), "inside 0 bytes"),
    ],
)
def test_what_is_wrong_in_a_file_of_burn_is_said_with_its_place(content, says):
    with pytest.raises(WeightsError, match=says):
        convert(content)


def test_tensors_that_overlap_are_refused():
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    with pytest.raises(WeightsError, match="'v' inside 0 bytes, found 0 to 4"):
        convert(bpk({"tensors": {"w": entry, "v": entry}}, bytes(4)))


# --- any file ------------------------------------------------------------------------------------

FILES = {"bin": burn_bin()[0], "bpk": burn_bpk()[0], "pt": saved(LINE)}


@pytest.mark.parametrize("kind", FILES)
def test_any_cut_is_refused_and_any_flipped_byte_survived(kind):
    content = FILES[kind]
    rng = np.random.default_rng(0)
    cuts = {*range(0, 300, 23), *rng.integers(0, len(content), 10), len(content) - 1}
    for cut in cuts:
        with pytest.raises(WeightsError):
            convert(content[:cut])
    tracemalloc.start()
    for place in [*range(0, 600, 23), *rng.integers(0, len(content), 20)]:
        damaged = bytearray(content)
        damaged[place] ^= int(rng.integers(1, 256))
        with contextlib.suppress(WeightsError):  # and nothing else
            convert(bytes(damaged))
    assert tracemalloc.get_traced_memory()[1] < 8 * len(content) + (1 << 20)
    tracemalloc.stop()


def test_any_flipped_byte_of_a_pickle_is_survived():
    good = pickled({"fc.weight": tensor("0", W)})
    rng = np.random.default_rng(1)
    for _ in range(1500):
        damaged = bytearray(good)
        for _ in range(rng.integers(1, 4)):
            damaged[rng.integers(len(good))] = int(rng.integers(256))
        with contextlib.suppress(WeightsError):
            convert(archive(bytes(damaged), {"data/0": W.tobytes()}))


def test_what_is_no_such_file(tmp_path):
    with pytest.raises(WeightsError, match="begins with nothing at byte 0"):
        convert(b"")
    with pytest.raises(WeightsError, match="begins with 47 49 46 38 39 61 at byte 0"):
        convert(b"GIF89a")
    with pytest.raises(WeightsError, match="No such file"):
        convert(tmp_path / "none.pt")
    (tmp_path / "some.pt").touch()
    os.truncate(tmp_path / "some.pt", 8 * MAX_BYTES + 1)
    with pytest.raises(WeightsError, match=r"some.pt cannot be imported: .*at most"):
        convert(tmp_path / "some.pt")


def test_what_our_format_cannot_hold_is_refused_before_it_is_copied():
    wide = np.zeros((10000, 784), np.float32)
    with pytest.raises(WeightsError, match="its tensors take 31,"):
        convert(saved({"a.weight": wide, "b.weight": np.zeros((10, 10000), np.float32)}))


def test_a_zip_file_cannot_claim_more_than_it_has():
    content = bytearray(saved(LINE))
    place = content.rindex(b"PK\x01\x02")  # the last member's entry in the directory
    struct.pack_into("<II", content, place + 20, 0xFFFFFFF0, 0xFFFFFFF0)
    with pytest.raises(WeightsError, match=r"zip file|more than"):
        convert(bytes(content))
