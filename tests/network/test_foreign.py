"""What a file is that cannot be read: one sentence, and what to do. And what checkpoints hold."""

import gzip
import io
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from mnist_nb.errors import WeightsError, WeightsUnclear
from mnist_nb.network import import_file, read_candidate, read_weights, shipped_weights
from mnist_nb.network.importing.import_pytorch import OLD_MAGIC, read_state_dict
from tests.network.conftest import LINE, W
from tests.support.other_programs import archive, named, pickled, saved, tensor, text, whole


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as out:
        for name in names:
            out.writestr(name, b"x")
    return content.getvalue()


FILES: dict[str, tuple[bytes, str]] = {
    "git-lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "run `git lfs pull`",
    ),
    "web page": (b"\n<!DOCTYPE html>\n<html><body>", "a web page: download the file itself"),
    "keras": (
        zipped("metadata.json", "config.json", "model.weights.h5"),
        r"Keras \(.keras\).*format='onnx'",
    ),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(50), r"Keras' HDF5 \(.h5\).*format='onnx'"),
    "burn": (
        b"\x83\xa8metadata\x85\xa5float\xa3f32\xd9aburn_core::record::file::Named",
        "MessagePack of Burn",
    ),
    "pickle": (
        b"\x80\x04\x95" + bytes(20),
        "a pickle of Python objects, which may run any program",
    ),
    "npz": (zipped("w.npy", "b.npy"), r"numpy's arrays \(.npz\)"),
    "npy": (b"\x93NUMPY\x01\x00" + bytes(50), "an array of numpy"),
    "gzip": (gzip.compress(b"x"), "gunzip it first"),
    "tflite": (b"\x1c\0\0\0TFL3" + bytes(20), "TensorFlow Lite"),
    "savedmodel": (b"\x08\x01\x12\xff" + bytes(20), "a SavedModel of TensorFlow"),
    "openvino": (b'<?xml version="1.0"?>\n<net name="x" version="11">', "OpenVINO"),
    "tfjs": (b'{"format": "layers-model", "modelTopology": {}}', "TensorFlow.js"),
    "torchscript": (
        zipped("net/data.pkl", "net/code/__torch__/net.py", "net/version"),
        "it is TorchScript",
    ),
    "ours": (shipped_weights().read_bytes(), "a weights file of mnist-nb already"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_is_named_with_what_to_do(what: str) -> None:
    content, says = FILES[what]
    with pytest.raises(WeightsError, match=says):
        import_file(content)


def test_numbers_alone_are_known_by_their_name(tmp_path: Path) -> None:
    path = tmp_path / "group1-shard1of1.bin"
    path.write_bytes(np.linspace(-1, 1, 100, dtype=np.float32).tobytes())
    with pytest.raises(WeightsError, match=r"numbers of a TensorFlow.js model without its layers"):
        import_file(path)


def test_a_push_reads_what_an_import_reads(tmp_path: Path) -> None:
    for name, content in (("a.pt", saved(LINE)), ("a.st", safetensors.numpy.save(LINE))):
        (tmp_path / name).write_bytes(content)
        assert read_candidate(tmp_path / name).weights.architecture.name == "a"
    (tmp_path / "b.keras").write_bytes(FILES["keras"][0])
    with pytest.raises(WeightsError, match="Keras"):
        read_candidate(tmp_path / "b.keras")
    (tmp_path / "c.safetensors").write_bytes(shipped_weights().read_bytes())
    assert read_candidate(tmp_path / "c.safetensors").content == shipped_weights().read_bytes()


# --- checkpoints ----------------------------------------------------------------------------------


def items(**entries: bytes) -> bytes:
    return b"}(" + b"".join(text(name) + value for name, value in entries.items()) + b"u"


STATE = pickled({"fc.weight": tensor("0", W)})[2:-1]  # without PROTO and STOP
SCALAR = (
    named("numpy._core.multiarray.scalar")
    + b"("
    + (named("numpy.dtype") + b"(" + text("f8") + b"\x89\x88tR")
    + (b"(" + whole(3) + text("<") + b"NNN" + whole(-1) * 2 + whole(0) + b"tb")
    + (
        named("_codecs.encode")
        + b"("
        + text("\x00\x01\x02\x03\x04\x05\x06\x07")
        + text("latin1")
        + b"tR"
    )
    + b"tR"
)
BESIDE = {
    "a device": named("torch.device") + b"(" + text("cpu") + b"tR",
    "arguments": named("argparse.Namespace") + b")\x81" + items(lr=whole(3)) + b"b",
    "a scalar of numpy": SCALAR,
    "a number": whole(7),
}


@pytest.mark.parametrize("wrapper", ["model", "net", "model_state", "state_dict", "anything"])
@pytest.mark.parametrize("beside", BESIDE)
def test_the_state_dict_of_a_checkpoint(wrapper: str, beside: str) -> None:
    entries = items(epoch=whole(3), **{wrapper: STATE}, beside=BESIDE[beside])
    content = archive(b"\x80\x02" + entries + b".", {"data/0": W.tobytes()})
    tensors = read_state_dict(content).tensors
    np.testing.assert_array_equal(tensors["fc.weight"], W)


def test_two_networks_in_a_file_are_not_chosen_from() -> None:
    entries = items(generator=STATE, discriminator=STATE)
    content = archive(b"\x80\x02" + entries + b".", {"data/0": W.tobytes()})
    with pytest.raises(WeightsError, match="several networks, generator, discriminator"):
        read_state_dict(content)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "module._orig_mod."])
def test_what_wrappers_put_before_names_is_taken_away(prefix: str) -> None:
    content = saved({f"{prefix}{name}": array for name, array in LINE.items()})
    tensors = read_state_dict(content).tensors
    assert list(tensors) == list(LINE)


def test_arrays_of_numpy_in_the_pickle() -> None:
    def array(values: Any) -> bytes:
        data = values.tobytes().decode("latin1")
        dtype = named("numpy.dtype") + b"(" + text(values.dtype.str[1:]) + b"\x89\x88tR"
        dtype += b"(" + whole(3) + text("<") + b"NNN" + whole(-1) * 2 + whole(0) + b"tb"
        empty = named("numpy._core.multiarray._reconstruct") + b"(" + named("numpy.ndarray")
        empty += (
            b"(" + whole(0) + b"t" + named("_codecs.encode") + b"(" + text("b") + text("latin1")
        )
        sides = b"(" + b"".join(map(whole, values.shape)) + b"t"
        numbers = named("_codecs.encode") + b"(" + text(data) + text("latin1") + b"tR"
        return empty + b"tRtR(" + whole(1) + sides + dtype + b"\x89" + numbers + b"tb"

    values = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    content = archive(b"\x80\x02" + items(w=array(values)) + b".")
    np.testing.assert_array_equal(read_state_dict(content).tensors["w"], values)


def old(pickle: bytes, storages: dict[str, Any]) -> bytes:
    """What torch.save wrote before PyTorch 1.6."""
    start = OLD_MAGIC + b"\x80\x02" + whole(1001) + b"." + b"\x80\x02}."
    keys = b"\x80\x02](" + b"".join(map(text, storages)) + b"e."
    numbers = b"".join(struct.pack("<q", a.size) + a.tobytes() for a in storages.values())
    return start + pickle + keys + numbers


def test_the_format_before_1_6() -> None:
    values = np.linspace(-1, 1, 7840, dtype=np.float32).reshape(10, 784)
    content = old(pickled({"fc.weight": tensor("0", values)}), {"0": values})
    np.testing.assert_array_equal(read_state_dict(content).tensors["fc.weight"], values)
    for cut in (20, 60, len(content) // 2, len(content) - 1):
        with pytest.raises(WeightsError):
            read_state_dict(content[:cut])
    with pytest.raises(WeightsError, match="storages, found others"):
        read_state_dict(old(pickled({"fc.weight": tensor("0", values)}), {"x": values}))


def test_safetensors_are_put_in_the_order_in_which_they_run() -> None:
    rng = np.random.default_rng(1)
    shapes = {
        "bn10": 6,
        "conv10": (6, 4, 3, 3),
        "conv2": (4, 1, 3, 3),
        "out": (10, 20),
        "fc": (20, 864),
    }
    state: dict[str, Any] = {}
    for name, shape in shapes.items():
        if isinstance(shape, int):
            for part in ("weight", "bias", "running_mean", "running_var"):
                state[f"{name}.{part}"] = rng.uniform(0.1, 1, shape).astype(np.float32)
        else:
            state[f"{name}.weight"] = rng.normal(size=shape).astype(np.float32) / 10
    imported = import_file(
        safetensors.numpy.save(state), mean=0, std=1, activation="relu", pooling="max"
    )
    entry = read_weights(imported.content).architecture
    kinds = [type(layer).__name__ for layer in entry.layers]
    assert kinds[:6] == ["Conv2d", "Relu", "Conv2d", "BatchNorm2d", "Relu", "MaxPool2d"]
    assert kinds[6:] == ["Flatten", "Linear", "Relu", "Linear"]


# --- files of people ------------------------------------------------------------------------------

CASES = Path(os.environ.get("MNIST_NB_DATA", "/nowhere"), "..", "cases")
READ = {
    "import-wrappers/ckpt_args.pth": None,
    "import-wrappers/ckpt_device.pth": None,
    "import-wrappers/ckpt_npscalar.pth": None,
    "import-wrappers/numpy_values.pth": None,
    "import-wrappers/old.pth": None,
    "import-wrappers/wrap_model_state.pth": None,
    "import-wrappers/wrap_net.pth": None,
    "import-normalisation/mlp-128b.pth": 0.98,
    "import-normalisation/mlp-128-64-to-tensor-only.pth": 0.98,
}
NAMED = {
    "import-mpk/model.mpk": "MessagePack of Burn",
    "import-onnx-keras-lfs/my_model.keras": "Keras",
    "import-onnx-keras-lfs/git-lfs-pointer.pth": "git lfs pull",
    "import-onnx-keras-lfs/mnist.onnx": "'mnist.onnx.data', which is not beside it",
    "import-wrappers/scripted.pt": "TorchScript",
    "import-wrappers/traced.pt": "TorchScript",
    "import-shared-tuples/bomb.pt": "broken pickle",
}


@pytest.mark.parametrize("name", READ | NAMED)
def test_files_of_people(name: str) -> None:
    if not (path := CASES / name).is_file():
        pytest.skip("the folder of cases beside MNIST_NB_DATA is not here")
    if name in NAMED:
        with pytest.raises(WeightsError, match=NAMED[name]):
            import_file(path)
        return
    imported = import_file(path)
    if (least := READ[name]) is None:
        assert "reads only" in imported.note  # they are untrained
    else:
        assert imported.table[0].accuracy >= least
        entry = read_weights(imported.content).architecture
        assert (entry.mean, entry.std) == (0, 1)


def test_the_pools_of_a_lenet_of_people() -> None:
    if not (path := CASES / "import-avgpool/lenet.pth").is_file():
        pytest.skip("the folder of cases beside MNIST_NB_DATA is not here")
    with pytest.raises(WeightsUnclear) as caught:
        import_file(path)
    assert caught.value.table[0].words.startswith("--mean 0.1307 --std 0.3081 (conv2d padding 2")
    entry = read_weights(import_file(path, take=1).content).architecture
    assert sum(type(layer).__name__ == "AvgPool2d" for layer in entry.layers) == 2
