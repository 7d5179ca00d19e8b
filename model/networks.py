"""The network that is trained, the larger ones that teach it, and the file that comes of it."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_nb.network import (
    Architecture,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Gelu,
    Layer,
    Linear,
    MaxPool2d,
    write_weights,
)

MEAN, STD = 0.1307, 0.3081
HIDDEN = 32


def convolutions(pooled: int) -> Iterator[Layer]:
    """Yield the three, each with batch norm and GELU, and after so many a maximum of 2 x 2."""
    for i in (1, 2, 3):
        yield Conv2d(f"conv{i}.weight", f"conv{i}.bias")
        yield BatchNorm2d(f"conv{i}.norm")
        yield Gelu()
        if i <= pooled:
            yield MaxPool2d(2, 2)
    yield Flatten()


class Answering(nn.Module):
    """A network that answers, three 3x3 convolutions with batch norm first; its name and layers."""

    name: str
    channels: tuple[int, int, int]
    layers: tuple[Layer, ...]

    def __init__(self) -> None:
        super().__init__()
        a, b, c = self.channels
        self.conv1, self.norm1 = nn.Conv2d(1, a, 3), nn.BatchNorm2d(a)
        self.conv2, self.norm2 = nn.Conv2d(a, b, 3), nn.BatchNorm2d(b)
        self.conv3, self.norm3 = nn.Conv2d(b, c, 3), nn.BatchNorm2d(c)


class DigitNet(Answering):
    """The original's architecture: three convolutions, two linear layers."""

    name = "mnist-cnn"
    channels = (8, 16, 24)
    layers = (*convolutions(pooled=0), Linear("fc1.weight"), Gelu(), Linear("fc2.weight"))

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(self.channels[2] * 22 * 22, HIDDEN, bias=False)
        self.fc2 = nn.Linear(HIDDEN, 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, 10) of images (N, 1, 28, 28) with grey levels 0..1."""
        x = (x - MEAN) / STD
        x = F.gelu(self.norm1(self.conv1(x)))  # (N, 8, 26, 26)
        x = F.gelu(self.norm2(self.conv2(x)))  # (N, 16, 24, 24)
        x = F.gelu(self.norm3(self.conv3(x)))  # (N, 24, 22, 22)
        x = F.gelu(self.fc1(x.flatten(1)))  # (N, 11616) -> (N, 32)
        return self.fc2(x)  # type: ignore[no-any-return]


class SmallNet(Answering):
    """The small sister: pooling between the convolutions, and one linear layer."""

    name = "mnist-small"
    channels = (12, 16, 32)
    layers = (*convolutions(pooled=2), Linear("fc2.weight"))

    def __init__(self) -> None:
        super().__init__()
        self.fc2 = nn.Linear(self.channels[2] * 3 * 3, 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, 10) of images (N, 1, 28, 28) with grey levels 0..1."""
        x = (x - MEAN) / STD
        x = F.max_pool2d(F.gelu(self.norm1(self.conv1(x))), 2)  # (N, 12, 13, 13)
        x = F.max_pool2d(F.gelu(self.norm2(self.conv2(x))), 2)  # (N, 16, 5, 5)
        x = F.gelu(self.norm3(self.conv3(x)))  # (N, 32, 3, 3)
        return self.fc2(x.flatten(1))  # type: ignore[no-any-return]


class Teacher(nn.Sequential):
    """Five 3x3 convolutions with pooling: more sure of itself, and not what a 28 x 28 pad needs.

    Args:
        width: channels of the first one; the next two have twice as many, the last two four times.
    """

    def __init__(self, width: int) -> None:
        def conv(before: int, after: int) -> list[nn.Module]:
            layer = nn.Conv2d(before, after, 3, padding=1, bias=False)
            return [layer, nn.BatchNorm2d(after), nn.ReLU()]

        super().__init__(
            *conv(1, width),  # (N, width, 28, 28)
            nn.MaxPool2d(2),
            *conv(width, 2 * width),  # (N, 2 width, 14, 14)
            *conv(2 * width, 2 * width),
            nn.MaxPool2d(2),
            *conv(2 * width, 4 * width),  # (N, 4 width, 7, 7)
            *conv(4 * width, 4 * width),
            nn.MaxPool2d(2, ceil_mode=True),  # (N, 4 width, 4, 4)
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(4 * width * 4 * 4, 10),
        )


def export(net: Answering, training: dict[str, Any], metrics: dict[str, float]) -> bytes:
    """Return the weights file of a trained network, calibrated by `metrics["temperature"]`."""
    tensors = {
        re.sub(r"^norm(\d)", r"conv\1.norm", name): tensor.detach().numpy()
        for name, tensor in net.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    tensors["fc2.weight"] = tensors["fc2.weight"] / np.float32(metrics["temperature"])
    architecture = Architecture(
        name=net.name,
        layers=net.layers,
        labels=tuple("0123456789"),
        mean=MEAN,
        std=STD,
        metrics={name: round(number, 4) for name, number in metrics.items()},
        training=training,
    )
    return write_weights(architecture, tensors)
