"""Train the network that mnist-nb ships: `python model/train.py --out model/mnist.safetensors`.

Needs PyTorch (`pip install -e '.[train]'`). The data is MNIST's training images and pen strokes
that are drawn anew every epoch by `rasterize`, the function that also draws what a user drew. Kept
out of training: MNIST's last 5,000 training images, and the last strokes of the file
(it is in writing order), as validation. MNIST's test images are not looked at here.
"""

import argparse
import math
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from mnist_nb.datasets import mnist, pen_strokes
from mnist_nb.drawing.raster import rasterize
from mnist_nb.drawing.strokes import Drawing
from mnist_nb.network.architecture import (
    Architecture,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Gelu,
    Layer,
    Linear,
)
from mnist_nb.network.weights import write_weights

MEAN, STD = 0.1307, 0.3081
CHANNELS = (8, 16, 24)
HIDDEN = 32
MNIST_VALIDATION = 5_000
STROKES_VALIDATION = 1_500  # of 7,494: about the file's last six writers

LAYERS: tuple[Layer, ...] = (
    *(
        layer
        for i in (1, 2, 3)
        for layer in (
            Conv2d(f"conv{i}.weight", f"conv{i}.bias"),
            BatchNorm2d(f"conv{i}.norm"),
            Gelu(),
        )
    ),
    Flatten(),
    Linear("fc1.weight"),
    Gelu(),
    Linear("fc2.weight"),
)


class DigitNet(nn.Module):
    """The original's architecture: three 3x3 convolutions with batch norm, two linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(1, CHANNELS[0], 3), nn.BatchNorm2d(CHANNELS[0])
        self.conv2, self.norm2 = nn.Conv2d(CHANNELS[0], CHANNELS[1], 3), nn.BatchNorm2d(CHANNELS[1])
        self.conv3, self.norm3 = nn.Conv2d(CHANNELS[1], CHANNELS[2], 3), nn.BatchNorm2d(CHANNELS[2])
        self.fc1 = nn.Linear(CHANNELS[2] * 22 * 22, HIDDEN, bias=False)
        self.fc2 = nn.Linear(HIDDEN, 10, bias=False)
        self.dropout = nn.Dropout(0.3)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, 10) of images (N, 1, 28, 28) with grey levels 0..1."""
        x = (x - MEAN) / STD
        x = F.gelu(self.norm1(self.conv1(x)))  # (N, 8, 26, 26)
        x = F.gelu(self.norm2(self.conv2(x)))  # (N, 16, 24, 24)
        x = F.gelu(self.norm3(self.conv3(x)))  # (N, 24, 22, 22)
        x = self.dropout(x.flatten(1))  # (N, 11616)
        x = F.gelu(self.fc1(x))  # (N, 32)
        return self.fc2(x)  # type: ignore[no-any-return]


def bend(images: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, slant, scale, shift and bend images (N, 1, 28, 28) a little, each in its own way."""
    n = len(images)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=generator) * (high - low) + low

    angle, slant = uniform(-0.15, 0.15), uniform(-0.15, 0.15)
    width, height = uniform(0.9, 1.1), uniform(0.9, 1.1)
    cos, sin = angle.cos(), angle.sin()
    shift_x, shift_y = uniform(-0.07, 0.07), uniform(-0.07, 0.07)  # in halves of the image
    row_x = torch.stack([cos * width, (slant * cos - sin) * width, shift_x], 1)
    row_y = torch.stack([sin * height, (slant * sin + cos) * height, shift_y], 1)
    grid = F.affine_grid(torch.stack([row_x, row_y], 1), list(images.shape), align_corners=False)
    bends = F.interpolate(uniform(-0.09, 0.09, 2, 5, 5), size=(28, 28), mode="bicubic")
    return F.grid_sample(images, grid + bends.permute(0, 2, 3, 1), align_corners=False)


def draw_again(drawing: Drawing, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Rasterise strokes as another hand may have drawn them: turned, slanted, with another pen."""
    angle, slant = rng.uniform(-0.2, 0.2), rng.uniform(-0.3, 0.3)
    stretch = math.exp(rng.uniform(-0.2, 0.2))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    change = turn @ np.array([[stretch, slant], [0, 1]])
    strokes = []
    for stroke in drawing.strokes:
        wobble = rng.normal(0, 0.006 * drawing.size[0], stroke.shape)  # an unsteady hand
        wobble = np.cumsum(wobble, axis=0) * 0.3 + wobble * 0.3 if len(stroke) > 2 else 0
        strokes.append((stroke + wobble) @ change.T)
    return rasterize(Drawing(strokes, drawing.size), pen=rng.uniform(1.5, 3.3))


def train(epochs: int, seed: int) -> Iterator[tuple[nn.Module, dict[str, float]]]:
    """Train; after each epoch yield the averaged network and its validation scores 0..1."""
    torch.manual_seed(seed)
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    images, labels = mnist("train")
    drawings, digits = pen_strokes()
    keep, keep_strokes = len(images) - MNIST_VALIDATION, len(drawings) - STROKES_VALIDATION
    pixels = _grey(images[:keep])
    targets = torch.from_numpy(np.concatenate([labels[:keep], digits[:keep_strokes]]).astype(int))
    stroke_copies = 2  # there are far fewer strokes than images
    targets = torch.cat([targets, targets[keep:].repeat(stroke_copies - 1)])

    net = DigitNet()
    decay = 0.998
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(decay), use_buffers=True
    )
    batch = 128
    steps = epochs * math.ceil(len(targets) / batch)
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, steps, pct_start=0.2)
    for _ in range(epochs):
        net.train()
        redrawn = [
            draw_again(drawing, rng)
            for _ in range(stroke_copies)
            for drawing in drawings[:keep_strokes]
        ]
        inputs = torch.cat([pixels, _grey(np.array(redrawn))])
        for chosen in torch.randperm(len(targets), generator=generator).split(batch):
            loss = F.cross_entropy(net(bend(inputs[chosen], generator)), targets[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            average.update_parameters(net)
        redrawn_plainly = np.array([rasterize(drawing) for drawing in drawings[keep_strokes:]])
        scores = {
            "mnist_validation": accuracy(average.module, images[keep:], labels[keep:]),
            "strokes_validation": accuracy(average.module, redrawn_plainly, digits[keep_strokes:]),
        }
        yield average.module, scores


def accuracy(net: nn.Module, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> float:
    """Return the share 0..1 of images (N, 28, 28) whose largest logit is the label's."""
    net.eval()
    with torch.no_grad():
        found = [net(part).argmax(1).numpy() for part in _grey(images).split(500)]
    return float((np.concatenate(found) == labels).mean())


def _grey(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images.astype(np.float32) / 255).reshape(-1, 1, 28, 28)


def export(net: nn.Module, training: dict[str, Any], metrics: dict[str, Any]) -> bytes:
    """Return the weights file of a trained network."""
    tensors = {
        re.sub(r"^norm(\d)", r"conv\1.norm", name): tensor.detach().numpy()
        for name, tensor in net.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    architecture = Architecture(
        name="mnist-cnn",
        layers=LAYERS,
        labels=tuple("0123456789"),
        mean=MEAN,
        std=STD,
        metrics=metrics,
        training=training,
    )
    return write_weights(architecture, tensors)


def main() -> None:
    """Train, export, say where."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("model/mnist.safetensors"))
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    training = {
        "data": "MNIST train 0..54,999; UCI pen-based digits train 0..5,993, redrawn every epoch",
        "epochs": arguments.epochs,
        "seed": arguments.seed,
    }
    start = time.perf_counter()
    for epoch, (net, scores) in enumerate(train(arguments.epochs, arguments.seed), 1):
        metrics = {name: round(score, 4) for name, score in scores.items()}
        arguments.out.write_bytes(export(net, training, metrics))
        seconds = time.perf_counter() - start
        print(f"epoch {epoch}/{arguments.epochs}  {metrics}  {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
