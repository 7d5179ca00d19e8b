"""Files of other programs, put together by hand so that they can be wrong in any way."""

import io
import math
import struct
import zipfile

import numpy as np

STORAGES = {"f4": "Float", "f2": "Half", "f8": "Double", "i8": "Long", "u2": "BFloat16"}


# --- PyTorch: a pickle of protocol 2 in a zip file ------------------------------------------------


def text(value):
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def whole(value):
    return b"J" + struct.pack("<i", value)


def named(name):
    module, _, attribute = name.rpartition(".")
    return f"c{module}\n{attribute}\n".encode()


def tensor(key, array, shape=None, strides=None, offset=0, kind=None):
    """The pickle of a tensor whose numbers are in data/key."""
    shape = array.shape if shape is None else shape
    if strides is None:
        strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    storage = named(f"torch.{kind or STORAGES[array.dtype.str[1:]]}Storage")
    place = b"(" + text("storage") + storage + text(key) + text("cpu") + whole(array.size) + b"tQ"
    sizes = b"".join(b"(" + b"".join(map(whole, numbers)) + b"t" for numbers in (shape, strides))
    hooks = named("collections.OrderedDict") + b")R"
    call = named("torch._utils._rebuild_tensor_v2")
    return call + b"(" + place + whole(offset) + sizes + b"\x89" + hooks + b"tR"


def archive(pickle, members=None, compression=zipfile.ZIP_STORED):
    """The zip file around a pickle."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as out:
        out.writestr("archive/data.pkl", pickle)
        for key, data in (members or {}).items():
            out.writestr(f"archive/{key}", data)
    return content.getvalue()


def pickled(entries):
    """The pickle of a dictionary whose values are pickled already."""
    items = b"".join(text(name) + value for name, value in entries.items())
    return b"\x80\x02" + named("collections.OrderedDict") + b")R(" + items + b"u."


def saved(arrays):
    """What torch.save(state_dict) writes, with only the members that matter."""
    entries = {name: tensor(str(i), array) for i, (name, array) in enumerate(arrays.items())}
    members = {f"data/{i}": array.tobytes() for i, array in enumerate(arrays.values())}
    return archive(pickled(entries), {"version": b"3\n"} | members)


# --- Burn ----------------------------------------------------------------------------------------


def varint(value):
    if value < 251:
        return bytes([value])
    return (
        b"\xfb" + struct.pack("<H", value)
        if value < 1 << 16
        else b"\xfc" + struct.pack("<I", value)
    )


def burn_bin(seed=0, channels=(2, 3, 4), hidden=5, version="0.14.0", biases=True):
    """Burn 0.14's mnist.bin and the tensors in it, linear weights (in, out)."""
    rng = np.random.default_rng(seed)
    tensors = {}

    def words(value):
        return varint(len(value)) + value.encode()

    def parameter(name, *shape, low=-0.3):
        tensors[name] = rng.uniform(low, 0.3, shape).astype(np.float32)
        data = tensors[name].tobytes()
        axes = b"".join(map(varint, (len(shape), *shape)))
        return words("an-id") + varint(len(data)) + data + axes + b"\x01"

    recorder = "burn_core::record::file::BinFileRecorder<FullPrecisionSettings>"
    parts = [words(w) for w in ("f32", "i32", recorder, version, "FullPrecisionSettings")]
    before = 1
    for i, count in enumerate(channels, 1):
        parts += [parameter(f"conv{i}.weight", count, before, 3, 3)]
        parts += [b"\x01" + parameter(f"conv{i}.bias", count) if biases else b"\0", bytes(8)]
        for name in ("weight", "bias", "running_mean"):
            parts.append(parameter(f"conv{i}.norm.{name}", count))
        parts += [parameter(f"conv{i}.norm.running_var", count, low=0.1), bytes(3)]
        before = count
    parts += [b"\0", parameter("fc1.weight", before * 22 * 22, hidden), b"\0"]
    parts += [parameter("fc2.weight", hidden, 10), b"\0\0"]
    return b"".join(parts), tensors


def cbor(value):
    """CBOR of numbers, texts, lists and dictionaries."""

    def head(kind, number):
        if number < 24:
            return bytes([kind << 5 | number])
        return bytes([kind << 5 | 27]) + number.to_bytes(8, "big")

    if isinstance(value, bool | None):
        return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    items = b"".join(cbor(key) + cbor(item) for key, item in value.items())
    return head(5, len(value)) + items


def bpk(header, data=b"", version=1):
    packed = header if isinstance(header, bytes) else cbor(header)
    start = b"NRUB" + struct.pack("<HI", version, len(packed)) + packed
    return start + bytes(-len(start) % 256) + data


def burn_bpk(seed=0):
    """Burn's model.bpk with fewer channels, and the tensors in it by their names there."""
    rng = np.random.default_rng(seed)
    shapes = {}
    for i, (before, count) in enumerate(((1, 3), (3, 4)), 1):
        shapes |= {f"conv{i}.conv.bias": (count,), f"conv{i}.conv.weight": (count, before, 3, 3)}
        norm = ("beta", "gamma", "running_mean", "running_var")
        shapes |= {f"conv{i}.norm.{name}": (count,) for name in norm}
    for i, (before, count) in enumerate(((100, 6), (6, 7), (7, 10)), 1):
        shapes |= {f"fc{i}.bias": (count,), f"fc{i}.weight": (before, count)}
    entries, data, tensors = {}, b"", {}
    for name, shape in shapes.items():
        tensors[name] = rng.uniform(0.1, 0.4, shape).astype(np.float32)
        place = [len(data), len(data) + tensors[name].nbytes]
        entries[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": place, "param_id": 1}
        data += tensors[name].tobytes()
    return bpk({"tensors": entries, "metadata": {"a": None, "b": True}}, data), tensors
