"""State dicts of PyTorch become weights files; nothing in them is run."""

import io
import json
import zipfile

import numpy as np
import pytest

from mnist_nb import Network
from mnist_nb.errors import WeightsError
from mnist_nb.network.file_format import read_weights
from mnist_nb.network.importing.convert import convert
from mnist_nb.network.importing.import_pytorch import read_state_dict
from mnist_nb.network.importing.infer import infer_layers
from tests.network.conftest import LINE, W, ops
from tests.support.other_programs import (
    archive,
    named,
    pickled,
    saved,
    tensor,
    text,
    whole,
)

# --- PyTorch -------------------------------------------------------------------------------------


def test_saved_is_what_pytorch_reads_too():
    torch = pytest.importorskip("torch")
    arrays = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(2, np.float16)}
    content = saved(arrays)
    for name, value in torch.load(io.BytesIO(content), weights_only=True).items():
        np.testing.assert_array_equal(value.numpy(), arrays[name])
        np.testing.assert_array_equal(read_state_dict(content).tensors[name], arrays[name])


def torch_file(tmp_path, module, **options):
    torch = pytest.importorskip("torch")
    torch.save(module.state_dict(), tmp_path / "net.pt", **options)
    return tmp_path / "net.pt"


def logits_agree(module, content, scale=1.0):
    torch = pytest.importorskip("torch")
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    x = (torch.from_numpy(images).float()[:, None] / 255 - 0.1307) / 0.3081
    with torch.no_grad():
        expected = module.eval()(x).numpy()
    found = Network(read_weights(content)).logits(images)
    np.testing.assert_allclose(found, expected, atol=2e-5 * scale, rtol=1e-5)


def trained(module):
    """Give batch norm statistics that are not its first ones."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module.train()
    with torch.no_grad():
        for _ in range(3):
            module(torch.randn(4, 1, 28, 28))
    return module


def sequential(act):
    nn = pytest.importorskip("torch").nn
    return trained(
        nn.Sequential(
            *(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), act()),
            *(nn.Conv2d(4, 3, 5, padding=2, bias=False), act(), nn.BatchNorm2d(3)),
            *(nn.Flatten(), nn.Linear(3 * 784, 16), act(), nn.Linear(16, 10)),
        )
    )


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(("act", "option"), [("GELU", "gelu"), ("ReLU", "relu")])
def test_a_sequential_is_inferred_from_its_numbers(tmp_path, act, option, protocol):
    nn = pytest.importorskip("torch").nn
    module = sequential(getattr(nn, act))
    content = convert(torch_file(tmp_path, module, pickle_protocol=protocol), activation=option)
    assert ops(content) == [
        *("conv2d", "batchnorm2d", option, "conv2d", option, "batchnorm2d"),
        *("flatten", "linear", option, "linear"),
    ]
    logits_agree(module, content)


def digit_net(dtype="float32"):
    torch = pytest.importorskip("torch")
    nn, functional = torch.nn, torch.nn.functional

    class DigitNet(nn.Module):  # as in model/train.py, narrower
        def __init__(self):
            super().__init__()
            self.conv1, self.norm1 = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)
            self.conv2, self.norm2 = nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)
            self.fc1 = nn.Linear(3 * 24 * 24, 8, bias=False)
            self.fc2 = nn.Linear(8, 10, bias=False)

        def forward(self, x):
            x = functional.gelu(self.norm1(self.conv1(x)))
            x = functional.gelu(self.norm2(self.conv2(x)))
            return self.fc2(functional.gelu(self.fc1(x.flatten(1))))

    module = trained(DigitNet())
    for value in [*module.parameters(), *module.buffers()]:  # numbers that dtype holds exactly
        if value.is_floating_point():
            value.data = value.data.to(getattr(torch, dtype)).float()
    return module


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
def test_named_modules_are_inferred_whatever_their_dtype(tmp_path, dtype):
    torch = pytest.importorskip("torch")
    module = digit_net(dtype)
    state = {
        name: value.to(getattr(torch, dtype)) if value.is_floating_point() else value
        for name, value in module.state_dict().items()
    }
    torch.save({"epoch": 3, "state_dict": state, "loss": 0.5}, tmp_path / "checkpoint.pth")
    content = convert(tmp_path / "checkpoint.pth", name="mine", activation="gelu")
    assert ops(content) == [
        *("conv2d", "batchnorm2d", "gelu", "conv2d", "batchnorm2d", "gelu"),
        *("flatten", "linear", "gelu", "linear"),
    ]
    assert read_weights(content).architecture.name == "mine"
    logits_agree(module, content)


def test_parameters_and_views_are_read(tmp_path):
    torch = pytest.importorskip("torch")
    base = torch.arange(2 * 7840, dtype=torch.float32).reshape(784, 20)
    state = {"fc.weight": torch.nn.Parameter(base[:, 3:13].T)}
    torch.save(state, tmp_path / "view.pt")
    found = read_weights(convert(tmp_path / "view.pt")).tensors["fc.weight"]
    np.testing.assert_array_equal(found, base[:, 3:13].T.numpy())


def test_layers_that_are_given(tmp_path):
    nn = pytest.importorskip("torch").nn
    module = trained(
        nn.Sequential(
            *(nn.Conv2d(1, 3, 5, stride=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
            nn.Linear(108, 10),
        )
    )
    path = torch_file(tmp_path, module)
    layers = [
        {"op": "conv2d", "weight": "0.weight", "bias": "0.bias", "stride": 2},
        {"op": "relu"},
        {"op": "maxpool2d", "size": 2},
        {"op": "flatten"},
        {"op": "linear", "weight": "4.weight", "bias": "4.bias"},
    ]
    logits_agree(module, convert(path, layers=json.dumps(layers)))
    given = {"layers": layers, "labels": list("abcdefghij"), "name": "letters"}
    entry = read_weights(convert(path, layers=json.dumps(given))).architecture
    assert (entry.name, entry.labels) == ("letters", tuple("abcdefghij"))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{", "not JSON"),
        ("7", "a list, or an object"),
        ("{}", "a list, or an object"),
        ("[]", "1 to 64 layers"),
        ('{"layers": 7}', "layers is an array"),
        ('{"layers": [], "lables": []}', "unknown entry 'lables'"),
        ('[{"op": "linear", "weight": "no"}]', "'no' is not in"),
        ('[{"op": "linear", "weight": {}}]', "weight is a text"),
        ('[{"op": "flatten"}, {"op": "linear", "weight": "fc.weight", "bias": "b"}]', "'b' is not"),
    ],
)
def test_wrong_layers_are_refused(given, says):
    with pytest.raises(WeightsError, match=says):
        convert(saved(LINE), layers=given)


def norms(*prefixes, channels=4):
    names = ("weight", "bias", "running_mean", "running_var")
    return {f"{prefix}.{name}": (channels,) for prefix in prefixes for name in names}


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        ({"conv1.weight": (4, 1, 3, 3), **norms("bn1", "bn2")}, "not in the order"),
        ({"norm.weight": (4,), "norm.bias": (4,)}, r"norm.weight \(4,\), .* is no Conv2d"),
        ({"lstm.weight_ih": (4, 4)}, "lstm.weight_ih"),
        ({"weight": (10, 700)}, "fits nothing before it"),
        ({"a.weight": (10, 784), **norms("b")}, r"b of \(4,\) fits nothing before it"),
        ({}, "no weights"),
        ({f"{i}.weight": (10, 784) for i in range(70)}, "1.weight|1 of .10, 784. fits nothing"),
    ],
)
def test_what_cannot_be_inferred_says_how_to_give_it(shapes, says):
    with pytest.raises(WeightsError, match=says) as caught:
        infer_layers(shapes)
    assert "--layers layers.json" in str(caught.value)


def evil(call):
    return archive(b"\x80\x02" + call + b".")


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (named("os.system") + text("touch ran") + b"\x85R", "os.system"),
        (named("posix.system") + text("touch ran") + b"\x85R", "posix.system"),
        (named("builtins.eval") + text("open('ran', 'w')") + b"\x85R", "builtins.eval"),
        (text("os") + text("system") + b"\x93" + text("touch ran") + b"\x85R", "os.system"),
        (named("torch.load") + text("x") + b"\x85R", "torch.load"),
        (named("torch._utils.os.system") + text("touch ran") + b"\x85R", "_utils.os.system"),
        (named("numpy.load") + text("x") + b"\x85R", "numpy.load"),
    ],
)
def test_a_pickle_that_names_anything_else_is_refused_and_not_run(
    call, name, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError, match=rf"data.pkl, byte \d+: .*{name}', which is refused"):
        convert(evil(call))
    assert list(tmp_path.iterdir()) == []


STORAGE = b"(" + text("storage") + named("torch.FloatStorage") + text("0") + text("cpu")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (b"ios\nsystem\n(", "an instruction of a state dict, found 0x69"),
        (b"(" + named("collections.OrderedDict") + b"o", "found 0x6f"),
        (b"B" + b"\xff" * 4, "found 0x42"),
        (b"X" + b"\xff" * 4, "expected 4,294,967,295 bytes of a text, found 1 to the end"),
        (b"Nr" + b"\xff" * 4 + b"j" + b"\xff" * 4, "names and tensors"),
        (b"\x8a\xff", "255 bytes of a number"),
        (b"h\x07", "broken pickle .KeyError."),
        (b"R", "broken pickle .IndexError."),
        (b"t", "broken pickle .IndexError."),
        (b"NNs", "broken pickle"),
        (b"}]Ns", "broken pickle .TypeError."),
        (b"})\x85q\0h\0\x86Ns", "broken pickle .TypeError."),
        (b"}(NNNu", "broken pickle"),
        (b"Na", "broken pickle"),
        (b"X\1\0\0\0\xff", "UTF-8"),
        (b"c" + b"x" * 300, "more than 200 bytes"),
        (
            named("torch._utils._rebuild_tensor_v2") + b")R",
            "expected the arguments of torch._utils",
        ),
        (named("collections.OrderedDict") + b"N\x85R", "expected the arguments of collections"),
        (named("torch.FloatStorage") + b")R", "expected the arguments of torch.FloatStorage"),
        (b"}b", "broken pickle"),
        (b"N", "expected a state dict"),
        (b"}", "expected a state dict"),
        (b"}" + text("w") + whole(7) + b"s", "expected a state dict"),
        (b"", "broken pickle .IndexError."),
    ],
)
def test_a_broken_pickle_is_refused(call, says):
    with pytest.raises(WeightsError, match=says):
        convert(evil(call))


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (tensor("0", W, shape=(10, 785)), "do not fit data/0 of 31,360 bytes"),
        (tensor("0", W, offset=1), "do not fit"),
        (tensor("0", W, offset=-1), "expected the arguments"),
        (tensor("0", W, strides=(785, 1)), "do not fit"),
        (tensor("0", W, strides=(-784, 1)), "expected the arguments"),
        (tensor("0", W, shape=(2**31 - 1, 4), strides=(0, 0)), "more than 33,554,432 numbers"),
        (tensor("0", W, shape=(7841, 1), strides=(0, 0)), "do not fit"),
        (tensor("0", W, shape=(0, 784)), "do not fit"),
        (tensor("0", W, shape=(1,) * 9), "expected the arguments"),
        (tensor("0", W, shape=(1,), strides=()), "expected the arguments"),
        (tensor("1", W), "'data/1' is not in the zip file"),
        (tensor("../../x", W), "is not in the zip file"),
        (tensor("0", W, kind="Quantized"), "torch.QuantizedStorage', which is refused"),
        (tensor("0", W, kind="Long", shape=(5, 1)), "whole numbers"),
        (tensor("0", W, shape=(1, 1, 1)), "is no Conv2d"),
    ],
)
def test_tensors_that_do_not_fit_their_numbers(entry, says):
    with pytest.raises(WeightsError, match=says):
        convert(archive(pickled({"fc.weight": entry}), {"data/0": W.tobytes()}))


def test_values_that_are_not_finite_are_refused():
    for value in (np.nan, 1e300):
        content = saved({"fc.weight": np.full((10, 784), value, np.float64)})
        with pytest.raises(WeightsError, match="not finite"):
            convert(content)


def test_zip_files_that_torch_does_not_write():
    good = pickled({"fc.weight": tensor("0", W)})
    for content, says in (
        (archive(good, {"data/0": W.tobytes()}, zipfile.ZIP_DEFLATED), "is compressed"),
        (archive(good, {"data/0": W.tobytes(), "byteorder": b"big"}), "byteorder is little"),
        (archive(good, {"b/data.pkl": b""}), "one data.pkl in the zip file, found 2"),
        (b"PK\x03\x04" + bytes(100), "not a zip file"),
        (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "its pickles, byte 0"),
    ):
        with pytest.raises(WeightsError, match=says):
            convert(content)
