"""One network on this machine: our numpy beside onnxruntime, PyTorch and a textbook's numpy."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from math import erf

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmarks.harness import Section, Target, Times, ratio, rows, take_turns
from mnist_nb import Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.network.activations import gelu
from mnist_nb.network.export_onnx import to_onnx
from mnist_nb.network.maps import Convolution

BATCH = 256
OURS = "numpy, ours"
Images = NDArray[np.uint8]
Classify = Callable[[Images], NDArray[np.float32]]
Makers = Mapping[str, Callable[[Network], Classify]]


def naive_numpy(network: Network) -> Classify:
    """The layers as a textbook writes them: windows, channels first, erf by math."""
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
    run = torch.compile(net, dynamic=False) if compiled else net
    entry = network.architecture

    def classify(images: Images) -> NDArray[np.float32]:
        torch.set_num_threads(threads)
        with torch.inference_mode():
            x = torch.from_numpy(images[:, None]).float() / entry.scale
            return run((x - entry.mean) / entry.std).numpy()

    return classify


# With one thread and with two in rounds of their own: idle threads wait in a loop for a while, and
# would take time from whoever has the next turn.
ONE_THREAD: Makers = {
    "numpy, naive": naive_numpy,
    "onnxruntime, 1 thread": partial(onnxruntime, threads=1),
    "PyTorch eager, 1 thread": partial(pytorch, threads=1, compiled=False),
    "PyTorch compiled, 1 thread": partial(pytorch, threads=1, compiled=True),
}
TWO_THREADS: Makers = {
    "onnxruntime, 2 threads": partial(onnxruntime, threads=2),
    "PyTorch eager, 2 threads": partial(pytorch, threads=2, compiled=False),
    "PyTorch compiled, 2 threads": partial(pytorch, threads=2, compiled=True),
}
# PyTorch takes seconds to load, and many more to compile.
QUICK = {
    "rounds": 10,
    "groups": [{name: ONE_THREAD[name] for name in ("numpy, naive", "onnxruntime, 1 thread")}],
}


def measure(rounds: int = 200, groups: list[Makers] | None = None) -> dict[str, Section]:
    """Return the sections "numpy" and "numpy batch"."""
    network = Network.load()
    ten = np.array([rasterize(drawing) for drawing in samples()])
    batch = np.resize(ten, (BATCH, 28, 28))
    one: dict[str, list[float]] = {}
    many: dict[str, list[float]] = {}
    missing: dict[str, str] = {}
    for makers in groups or [ONE_THREAD, TWO_THREADS]:
        found, lacking = contenders(network, makers, ten)
        missing |= lacking
        first = {name: partial(classify, ten[3:4]) for name, classify in found.items()}
        one = take_turns(first, rounds, 3) | one  # ours is that of the first group
        found.pop("numpy, naive", None)  # a second a batch
        all_ = {name: partial(classify, batch) for name, classify in found.items()}
        many = take_turns(all_, max(3, rounds // 8), 1, 3) | many
    one = one | parts(network, ten[3], rounds)
    agree = (
        "products of numpy here are too small for its BLAS to share them among threads; the "
        "answers of all agree to 1e-5; the parts of ours are timed one by one, with what they need "
        "in the cache: a gelu is ten passes of numpy over its numbers, where others take one, and "
        "the linear layers wait for 1.5 MB of weights, as all do"
    )
    title = f"{BATCH} images on this machine, each"
    return {
        "numpy": Section(
            "One image on this machine", agree, "ms", rows(one, 1e3), one_ratios(one), missing
        ),
        "numpy batch": Section(
            title, agree, "ms", rows(many, 1e3 / BATCH), batch_ratios(many), missing
        ),
    }


def parts(network: Network, image: NDArray[np.uint8], rounds: int) -> Times:
    """Return seconds that the kinds of our steps take for an image, each step timed alone."""
    network.predict(image)
    maps = network._idle[0]
    maps.run(image.reshape(1, -1))
    rows = maps._outputs[:1]
    times: dict[str, list[float]] = {}
    steps: list[tuple[str, Callable[[], object]]] = [
        ("convolutions" if isinstance(step, Convolution) else "gelus", step) for step in maps._steps
    ]
    for step in network._rows:
        function = partial(gelu, notes=maps.notes) if step is gelu else step
        name = "gelus" if step is gelu else "linear layers"
        steps.append((name, partial(function, rows)))
        rows = function(rows)
    for name, step in steps:
        (found,) = take_turns({name: step}, rounds, 3, 3).values()
        name = f"of ours {name}"
        times[name] = [a + b for a, b in zip(times.get(name, [0.0] * rounds), found, strict=True)]
    return times


def contenders(
    network: Network, makers: Makers, images: Images
) -> tuple[dict[str, Classify], dict[str, str]]:
    """Return who can be measured here, ours among them, and who cannot with the reason."""
    found: dict[str, Classify] = {OURS: network.predict}
    missing = {}
    ours = network.predict(images)
    for name, make in makers.items():
        try:
            classify = make(network)
            theirs = classify(images)
        except ImportError as error:
            missing[name] = f"{error}: it is not installed"
            continue
        except Exception as error:  # a peer that does not work here is told, not measured
            reason = str(error).strip().splitlines() or [""]
            missing[name] = f"{type(error).__name__}: {reason[0]}"[:120]
            continue
        # They have to agree before their times mean anything.
        if np.abs(theirs - ours).max() > 1e-5:
            raise RuntimeError(f"{name} computes another network")
        found[name] = classify
    return found, missing


def one_ratios(times: Times) -> list[Target]:
    made = []
    if (onnx := "onnxruntime, 1 thread") in times:
        made.append(ratio(times, OURS, onnx, f"numpy / {onnx}", 1.25, at_most=True))
    if (torch := "PyTorch eager, 1 thread") in times:
        made.append(ratio(times, torch, OURS, f"{torch} / numpy", 2.0))
    return made


def batch_ratios(times: Times) -> list[Target]:
    onnx = "onnxruntime, 1 thread"
    name = f"numpy / {onnx}, batch {BATCH}"
    return [ratio(times, OURS, onnx, name, 1.0, at_most=True)] if onnx in times else []
