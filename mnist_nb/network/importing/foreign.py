"""What a file is, from its first bytes: one that can be imported, or one sentence what to do.

A file is known by its content; its name only counts where the content is bare numbers.
"""

import io
import re
import zipfile
from typing import Literal

from mnist_nb.errors import WeightsError
from mnist_nb.network.importing import import_burn, import_pytorch
from mnist_nb.tensors import MAX_HEADER

Kind = Literal["bin", "bpk", "state dict", "safetensors", "onnx"]

_KERAS = (
    "In Python keras.models.load_model(file).export('model.onnx', format='onnx') makes an ONNX "
    "file of it, which can be imported"
)
_PICKLE = (
    "a pickle of Python objects, which may run any program and is not opened. Where its classes "
    "are at hand: torch.save(model.state_dict(), 'state.pt'), or numpy arrays with safetensors"
)
_TO_ONNX = "export the model as ONNX where it was made, which can be imported"
# Marks at a place in the file, and what the file is.
_MARKS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"version https://git-lfs", "a git-lfs pointer, not the file: run `git lfs pull`"),
    (0, b"\x89HDF\r\n\x1a\n", f"Keras' HDF5 (.h5). {_KERAS}"),
    (
        0,
        b"\x93NUMPY",
        "an array of numpy: save all tensors by name with safetensors.numpy.save_file",
    ),
    (0, b"\x1f\x8b", "packed with gzip: gunzip it first"),
    (0, b"GGUF", f"GGUF, of language models: {_TO_ONNX}"),
    (4, b"TFL3", f"TensorFlow Lite: {_TO_ONNX}"),
    (0, b"\x08\x01\x12", f"a SavedModel of TensorFlow: {_TO_ONNX} (tf2onnx)"),
    (0, b"<?xml", f"XML, such as the layers of an OpenVINO model: {_TO_ONNX}"),
)
_WORDS: tuple[tuple[bytes, str], ...] = (  # in the first 256 bytes, in small letters
    (
        b"burn_core::record",
        "MessagePack of Burn (.mpk). In Burn load it and record it again with "
        "BinFileRecorder::<FullPrecisionSettings> (0.14), or as Burnpack",
    ),
    (b"modeltopology", f"the layers of a TensorFlow.js model: {_TO_ONNX}"),
    (b"<html", "a web page: download the file itself, on GitHub by its 'raw' link"),
    (b"<!doctype html", "a web page: download the file itself, on GitHub by its 'raw' link"),
)


def kind_of(content: bytes, name: str = "") -> Kind:
    """Return which reader takes a file.

    Args:
        content: all of it.
        name: that of the file.

    Raises:
        WeightsError: none does; with what the file is, where it is known, and what to do.
    """
    head = content[:256]
    if head.startswith(import_burn.BPK_MAGIC):
        return "bpk"
    if import_burn.BIN_MARK in head and not _message_pack(head):
        return "bin"
    if head.startswith(import_pytorch.OLD_MAGIC):
        return "state dict"
    if head.startswith(import_pytorch.ZIP_MAGIC):
        return _in_zip(content)
    if is_safetensors(content):
        if is_ours(content):
            raise WeightsError("it is a weights file of mnist-nb already: use it as it is")
        return "safetensors"
    what = next((said for at, mark, said in _MARKS if head[at:].startswith(mark)), None)
    what = what or next((said for mark, said in _WORDS if mark in head.lower()), None)
    if what is None and re.match(rb"\x80[\x02-\x05]", head):
        what = _PICKLE
    if what is None and re.match(rb"\x08[\x03-\x20]", head):
        return "onnx"
    if what is None and re.search(r"group\d+-shard", name):
        what = f"numbers of a TensorFlow.js model without its layers: {_TO_ONNX}"
    if what is None:
        raise WeightsError(
            "expected a state dict of PyTorch, safetensors, ONNX, or Burn's .bin or .bpk, found a "
            f"file that begins with {content[:8].hex(' ') or 'nothing'} at byte 0"
        )
    raise WeightsError(f"it is {what}")


def is_foreign(head: bytes) -> bool:
    """Say whether the start of a file, MAX_HEADER bytes, is one that `kind_of` has a word for."""
    if is_ours(head):
        return False
    try:
        return bool(kind_of(head))
    except WeightsError as error:
        return str(error).startswith("it is ")


def is_safetensors(content: bytes) -> bool:
    """Say whether a file begins as safetensors do: the length of a header, and JSON."""
    return content[5:8] == b"\0\0\0" and content[8:9] == b"{"


def is_ours(content: bytes) -> bool:
    """Say whether a safetensors file describes its layers, in any version of our format."""
    return is_safetensors(content) and b"mnist-nb.network/" in content[: 8 + MAX_HEADER]


def _message_pack(head: bytes) -> bool:
    return head[:1] in (b"\x82", b"\x83") and b"metadata" in head


def _in_zip(content: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist() if content.count(b"PK\1\2") <= 10_000 else []
    except import_pytorch.ZIP_ERRORS:
        return "state dict"  # whose reader says what is wrong
    if any(name.endswith(".weights.h5") for name in names):
        raise WeightsError(f"it is a model of Keras (.keras). {_KERAS}")
    if names and all(name.endswith(".npy") for name in names):
        raise WeightsError(
            "it is a collection of numpy's arrays (.npz): save them by their names in a state dict "
            "with safetensors.numpy.save_file"
        )
    return "state dict"
