"""Sixty small networks as people write them in PyTorch, trained on digits that we make ourselves.

Not a file that a test collects: the names here are for tests that have PyTorch.
"""

import io
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from mnist_nb.drawing import homemade, rasterize

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "leakyrelu": nn.LeakyReLU,
}
POOLS: dict[str, Callable[..., nn.Module]] = {"max": nn.MaxPool2d, "avg": nn.AvgPool2d}
SCALINGS = {
    "mnist": (0.1307, 0.3081),
    "unit": (0.0, 1.0),
    "half": (0.5, 0.5),
    "raw": (0.0, 1 / 255),
}


@dataclass(frozen=True)
class Sample:
    """A network, and how it was trained and saved."""

    name: str
    build: Callable[[], nn.Module]
    act: str = "relu"
    pool: str = "max"
    scaling: str = "mnist"
    wrap: str = "plain"
    epochs: int = 4


def perceptron(act: str, *hidden: int, norm: bool = False, drop: bool = False) -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    width = 784
    for size in hidden:
        layers += [nn.Linear(width, size), *([nn.BatchNorm1d(size)] if norm else [])]
        layers += [ACTIVATIONS[act](), *([nn.Dropout(0.2)] if drop else [])]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, 10))


class Named(nn.Module):
    """An MLP with its activations called by function, as in most tutorials."""

    def __init__(self, function: Callable[[Any], Any], hint: str = "", width: int = 48) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = (
            nn.Linear(784, width),
            nn.Linear(width, 24),
            nn.Linear(24, 10),
        )
        if hint:
            setattr(self, hint, ACTIVATIONS[hint]())
        self.function = function

    def forward(self, x: Any) -> Any:
        x = self.function(self.fc1(x.flatten(1)))
        return self.fc3(self.function(self.fc2(x)))


class Example(nn.Module):
    """PyTorch's own MNIST example, narrower; the older one has 5 x 5 windows and two pools."""

    def __init__(self, old: bool = False) -> None:
        super().__init__()
        self.old = old
        k = 5 if old else 3
        self.conv1, self.conv2 = nn.Conv2d(1, 8, k), nn.Conv2d(8, 12, k)
        self.dropout1, self.dropout2 = nn.Dropout(0.25), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(12 * (16 if old else 144), 32), nn.Linear(32, 10)

    def forward(self, x: Any) -> Any:
        if self.old:
            x = F.relu(F.max_pool2d(self.conv1(x), 2))
            x = F.relu(F.max_pool2d(self.conv2(x), 2))
        else:
            x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2)
        x = F.relu(self.fc1(self.dropout1(x).flatten(1)))
        return F.log_softmax(self.fc2(self.dropout2(x)), dim=1)


def lenet(act: str, pool: str) -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), ACTIVATIONS[act](), POOLS[pool](2)),
        *(nn.Conv2d(6, 16, 5), ACTIVATIONS[act](), POOLS[pool](2), nn.Flatten()),
        *(nn.Linear(400, 60), ACTIVATIONS[act](), nn.Linear(60, 42), ACTIVATIONS[act]()),
        nn.Linear(42, 10),
    )


class Blocks(nn.Module):
    """Blocks of convolution, batch norm, activation and pool, then a linear layer."""

    def __init__(self, act: str, pool: str, norm: bool = True) -> None:
        super().__init__()

        def block(a: int, b: int) -> nn.Module:
            parts = [nn.Conv2d(a, b, 3, padding=1), *([nn.BatchNorm2d(b)] if norm else [])]
            return nn.Sequential(*parts, ACTIVATIONS[act](), POOLS[pool](2))

        self.layer1, self.layer2 = block(1, 8), block(8, 16)
        self.fc = nn.Linear(16 * 49, 10)

    def forward(self, x: Any) -> Any:
        return self.fc(self.layer2(self.layer1(x)).flatten(1))


def keras_like(act: str) -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3), ACTIVATIONS[act](), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3), ACTIVATIONS[act](), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(400, 10)),
    )


def conv_conv_pool(act: str) -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), ACTIVATIONS[act]()),
        *(nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6), ACTIVATIONS[act](), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 12, 3, padding=1), nn.BatchNorm2d(12), ACTIVATIONS[act]()),
        *(nn.Conv2d(12, 12, 3, padding=1), nn.BatchNorm2d(12), ACTIVATIONS[act]()),
        *(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12 * 49, 10)),
    )


def strided(act: str) -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 5, stride=2, padding=2), ACTIVATIONS[act]()),
        *(nn.Conv2d(8, 16, 3, stride=2, padding=1), ACTIVATIONS[act]()),
        *(nn.Flatten(), nn.Linear(16 * 49, 10)),
    )


def depthwise(act: str) -> nn.Module:
    def separable(a: int, b: int) -> list[nn.Module]:
        return [
            *(nn.Conv2d(a, a, 3, padding=1, groups=a, bias=False), nn.BatchNorm2d(a)),
            *(ACTIVATIONS[act](), nn.Conv2d(a, b, 1, bias=False), nn.BatchNorm2d(b)),
            ACTIVATIONS[act](),
        ]

    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), ACTIVATIONS[act]()),
        *(nn.MaxPool2d(2), *separable(8, 16), nn.MaxPool2d(2), *separable(16, 24)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 10)),
    )


class GlobalMean(nn.Module):
    """Convolutions, then the mean over rows and columns."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 12, 5), nn.Conv2d(12, 24, 5)
        self.pool, self.relu = nn.MaxPool2d(2), nn.ReLU()
        self.gap, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(24, 10)

    def forward(self, x: Any) -> Any:
        x = self.pool(self.relu(self.conv1(x)))
        return self.fc(self.gap(self.relu(self.conv2(x))).flatten(1))


def samples() -> list[Sample]:
    """The sixty."""
    acts = ("relu", "tanh", "sigmoid", "gelu")
    found = [
        Sample(f"mlp-{act}-{s}", lambda act=act: perceptron(act, 64), act, scaling=s)  # type: ignore[misc]
        for act in acts
        for s in ("mnist", "unit", "half")
    ]
    found += [
        Sample(f"lenet-{a}-{p}-{s}", lambda a=a, p=p: lenet(a, p), a, p, s)  # type: ignore[misc]
        for a, p, s in (
            *(("relu", "max", "mnist"), ("relu", "avg", "unit"), ("tanh", "avg", "unit")),
            *(("tanh", "max", "mnist"), ("sigmoid", "avg", "unit"), ("gelu", "max", "half")),
            *(("relu", "avg", "mnist"), ("relu", "max", "half")),
        )
    ]
    found += [
        Sample(f"blocks-{a}-{p}-{s}-{n}", lambda a=a, p=p, n=n: Blocks(a, p, n), a, p, s)  # type: ignore[misc]
        for a, p, s, n in (
            *(("relu", "max", "mnist", True), ("relu", "max", "unit", True)),
            *(("relu", "avg", "half", True), ("tanh", "max", "unit", True)),
            *(("gelu", "max", "mnist", True), ("relu", "max", "mnist", False)),
            *(("relu", "max", "unit", False), ("relu", "avg", "mnist", False)),
        )
    ]
    wraps = ("plain", "model", "net", "model_state", "state_dict", "module.", "_orig_mod.")
    found += [
        Sample(f"example-{w}", Example, scaling="mnist", wrap=w) for w in (*wraps, "old", "st")
    ]
    found += [
        Sample(f"old-example-{s}-{w}", lambda: Example(old=True), scaling=s, wrap=w)
        for s, w in (("mnist", "plain"), ("unit", "net"), ("half", "st"))
    ]
    found += [
        Sample("named-relu", lambda: Named(F.relu), wrap="model"),
        Sample("named-relu-hint", lambda: Named(F.relu, "relu"), scaling="unit"),
        Sample("named-gelu-hint", lambda: Named(F.gelu, "gelu"), "gelu"),
        Sample("named-tanh-hint", lambda: Named(torch.tanh, "tanh"), "tanh", scaling="half"),
        Sample("named-leaky-hint", lambda: Named(F.leaky_relu, "leakyrelu"), "leakyrelu"),
        Sample("named-raw", lambda: Named(F.relu, "relu"), scaling="raw"),
        Sample("mlp-norm", lambda: perceptron("relu", 48, 24, norm=True), scaling="unit"),
        Sample("mlp-drop", lambda: perceptron("relu", 64, 32, drop=True), scaling="half"),
        Sample("mlp-norm-drop", lambda: perceptron("relu", 48, norm=True, drop=True), wrap="old"),
        *(Sample(f"keras-{s}", lambda: keras_like("relu"), scaling=s) for s in ("unit", "mnist")),
        *(Sample(f"ccp-{s}", lambda: conv_conv_pool("relu"), scaling=s) for s in ("mnist", "half")),
        *(Sample(f"strided-{s}", lambda: strided("relu"), scaling=s) for s in ("mnist", "unit")),
        *(
            Sample(f"depthwise-{s}", lambda: depthwise("relu"), scaling=s, epochs=20)
            for s in ("mnist", "unit")
        ),
        *(Sample(f"mean-{s}", GlobalMean, scaling=s, epochs=20) for s in ("mnist", "unit")),
        Sample("line", lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), scaling="unit"),
    ]
    return found


@cache
def digits() -> tuple[Any, Any]:
    drawings, labels = homemade(1500, seed=4)
    images = np.stack([rasterize(drawing) for drawing in drawings])
    return torch.from_numpy(images).float()[:, None] / 255, torch.from_numpy(labels).long()


def trained(sample: Sample) -> nn.Module:
    """Build a network and train it for some seconds."""
    torch.manual_seed(len(sample.name))
    module = sample.build()
    mean, std = SCALINGS[sample.scaling]
    images, labels = digits()
    images = (images - mean) / std
    rate = 2e-4 if sample.scaling == "raw" else 4e-3
    optimizer = torch.optim.Adam(module.parameters(), rate)
    module.train()
    for _ in range(sample.epochs * (3 if sample.act == "sigmoid" else 1)):
        order = torch.randperm(len(images))
        for i in range(0, len(order), 75):
            pick = order[i : i + 75]
            loss = F.cross_entropy(module(images[pick]), labels[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return module.eval()


def saved(module: nn.Module, wrap: str) -> bytes:
    """The file of a network, with what people put around a state dict."""
    state: Any = module.state_dict()
    if wrap == "st":
        import safetensors.torch

        return safetensors.torch.save({name: tensor.contiguous() for name, tensor in state.items()})
    if wrap.endswith("."):
        state = OrderedDict((f"{wrap}{name}", tensor) for name, tensor in state.items())
    elif wrap not in ("plain", "old"):
        state = {"epoch": 3, wrap: state, "best": np.float64(0.9), "device": torch.device("cpu")}
    content = io.BytesIO()
    torch.save(state, content, _use_new_zipfile_serialization=wrap != "old")
    return content.getvalue()


def probabilities(
    module: nn.Module, sample: Sample, images: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """What PyTorch says of images uint8 (N, 28, 28)."""
    mean, std = SCALINGS[sample.scaling]
    x = (torch.from_numpy(images).float()[:, None] / 255 - mean) / std
    with torch.no_grad():
        return torch.softmax(module(x), dim=1).numpy()  # type: ignore[no-any-return]
