"""One network on this machine: our numpy beside onnxruntime, PyTorch and a textbook's numpy."""

import sys
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from harness import Ratio, Section, Times, ratio, rows, take_turns
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mnist_nb import Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.network.interchange import to_onnx

BATCH = 256
Images = NDArray[np.uint8]
Classify = Callable[[Images], NDArray[np.float32]]


def naive_numpy(network: Network) -> Classify:
    """The layers as a textbook writes them: im2col, channels first, erf by math."""
    from math import erf

    tensors = network.weights.tensors
    gelu = np.frompyfunc(lambda x: x * (1 + erf(x / 2**0.5)) / 2, 1, 1)

    def conv(x: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        windows = sliding_window_view(x, (3, 3), (2, 3))  # (N, I, H, W, 3, 3)
        y = np.einsum("nihwab,oiab->nohw", windows, weight) + bias[:, None, None]
        gamma, beta, mean, var = (
            tensors[f"{name}.norm.{part}"][:, None, None]
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        y = (y - mean) / np.sqrt(var + 1e-5) * gamma + beta
        return gelu(y).astype(np.float32)

    def classify(images: Images) -> NDArray[np.float32]:
        entry = network.architecture
        x = (images[:, None] / np.float32(entry.scale) - entry.mean) / entry.std
        for name in ("conv1", "conv2", "conv3"):
            x = conv(x.astype(np.float32), name)
        x = gelu(x.reshape(len(x), -1) @ tensors["fc1.weight"].T).astype(np.float32)
        x = np.exp(x @ tensors["fc2.weight"].T)
        return x / x.sum(axis=1, keepdims=True)

    return classify


def onnxruntime(network: Network, threads: int) -> Classify:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = ort.InferenceSession(
        to_onnx(network.weights), options, providers=["CPUExecutionProvider"]
    )

    def classify(images: Images) -> NDArray[np.float32]:
        return session.run(None, {"image": images[:, None]})[0]

    return classify


def pytorch(network: Network, threads: int, compiled: bool) -> Classify:
    import torch
    from torch import nn

    channels = [1, 8, 16, 24]
    modules: list[nn.Module] = []
    for i, (before, after) in enumerate(pairwise(channels), 1):
        conv, norm = nn.Conv2d(before, after, 3), nn.BatchNorm2d(after)
        for module, name in ((conv, f"conv{i}"), (norm, f"conv{i}.norm")):
            for part in ("weight", "bias", "running_mean", "running_var"):
                if hasattr(module, part):
                    tensor = torch.from_numpy(network.weights.tensors[f"{name}.{part}"].copy())
                    getattr(module, part).data.copy_(tensor)
        modules += [conv, norm, nn.GELU()]
    linears = [nn.Linear(24 * 22 * 22, 32, bias=False), nn.Linear(32, 10, bias=False)]
    for i, linear in enumerate(linears, 1):
        linear.weight.data.copy_(torch.from_numpy(network.weights.tensors[f"fc{i}.weight"].copy()))
    modules += [nn.Flatten(), linears[0], nn.GELU(), linears[1], nn.Softmax(1)]
    net = nn.Sequential(*modules).eval()
    run = torch.compile(net) if compiled else net
    entry = network.architecture

    def classify(images: Images) -> NDArray[np.float32]:
        torch.set_num_threads(threads)
        with torch.inference_mode():
            x = torch.from_numpy(images[:, None]).float() / entry.scale
            return run((x - entry.mean) / entry.std).numpy()

    return classify


def contenders(network: Network) -> tuple[dict[str, Classify], dict[str, str]]:
    """Return who can be measured here, and who cannot with the reason."""
    found: dict[str, Classify] = {"numpy, ours": network.predict}
    missing = {}
    makers: dict[str, Callable[[], Classify]] = {
        "numpy, naive": lambda: naive_numpy(network),
        "onnxruntime, 1 thread": lambda: onnxruntime(network, 1),
        "onnxruntime, 2 threads": lambda: onnxruntime(network, 2),
        "PyTorch eager, 1 thread": lambda: pytorch(network, 1, compiled=False),
        "PyTorch eager, 2 threads": lambda: pytorch(network, 2, compiled=False),
        "PyTorch compiled, 1 thread": lambda: pytorch(network, 1, compiled=True),
    }
    image = np.array([rasterize(samples()[3])])
    ours = network.predict(image)
    for name, make in makers.items():
        try:
            classify = make()
            theirs = classify(image)
        except Exception as error:  # a peer that does not work here is told, not measured
            missing[name] = f"{type(error).__name__}: {error}".splitlines()[0][:120]
            continue
        # They have to agree before their times mean anything.
        assert np.abs(theirs - ours).max() < 1e-5, f"{name} computes another network"
        found[name] = classify
    return found, missing


def ratios(times: Times, batch: bool) -> list[Ratio]:
    made = []
    if "onnxruntime, 1 thread" in times:
        name = "numpy / onnxruntime, 1 thread" + (f", batch {BATCH}" if batch else "")
        target = 1.5 if batch else 1.0
        made.append(
            ratio(times, "numpy, ours", "onnxruntime, 1 thread", name, target, at_most=True)
        )
    if "PyTorch eager, 1 thread" in times and not batch:
        name = "PyTorch eager, 1 thread / numpy"
        made.append(ratio(times, "PyTorch eager, 1 thread", "numpy, ours", name, 2.0))
    return made


def measure(rounds: int = 200) -> dict[str, Section]:
    """Return the sections "numpy" and "numpy batch"."""
    network = Network.load()
    ten = np.array([rasterize(drawing) for drawing in samples()])
    batch = np.resize(ten, (BATCH, 28, 28))
    found, missing = contenders(network)
    about = "numpy's BLAS has one thread; answers of all agree to 1e-5 before the clock starts"
    one = take_turns({name: lambda c=c: c(ten[3:4]) for name, c in found.items()}, rounds, 3)
    sections = {
        "numpy": Section(
            "One image on this machine", about, "ms", rows(one, 1e3), ratios(one, False), missing
        )
    }
    found.pop("numpy, naive", None)  # a second a batch
    many = take_turns({n: lambda c=c: c(batch) for n, c in found.items()}, rounds // 8, 1, 3)
    sections["numpy batch"] = Section(
        f"{BATCH} images on this machine, for each image",
        about,
        "ms",
        rows(many, 1e3 / BATCH),
        ratios(many, True),
        missing,
    )
    return sections


if __name__ == "__main__":
    from harness import to_text

    for section in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200).values():
        print(to_text(section))
