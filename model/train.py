"""Train the network that mnist-nb ships: `python model/train.py --out model/mnist.safetensors`.

Needs PyTorch and what else `pip install -e '.[train]'` brings. It learns from three kinds of
examples: MNIST's training images; digits written with a pen, drawn by `rasterize`, the function
that also draws what a user drew; and things that are no digit, for which no answer is right.
MNIST's test images are not looked at here.
"""

import argparse
import math
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import data
import not_digits
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

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
BATCH = 128  # digits; besides
OTHERS = 16  # not digits
REDRAWN = 12  # times that each pen drawing is drawn anew, of which an epoch sees
COPIES = 4  # of each, as there are far fewer strokes than images
FALSE_ALARMS = 0.01  # the share of validation digits that may be called "not sure"

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

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, 10) of images (N, 1, 28, 28) with grey levels 0..1."""
        x = (x - MEAN) / STD
        x = F.gelu(self.norm1(self.conv1(x)))  # (N, 8, 26, 26)
        x = F.gelu(self.norm2(self.conv2(x)))  # (N, 16, 24, 24)
        x = F.gelu(self.norm3(self.conv3(x)))  # (N, 24, 22, 22)
        # Not to lean on single places; with all channels of a place at once it costs nothing.
        x = x * F.dropout(torch.ones_like(x[:, :1]), 0.1, self.training)
        x = F.gelu(self.fc1(x.flatten(1)))  # (N, 11616) -> (N, 32)
        return self.fc2(x)  # type: ignore[no-any-return]


def bend(images: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, slant, scale, shift and bend images (N, 1, 28, 28) a little, each in its own way."""
    n = len(images)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=generator) * (high - low) + low

    angle, slant = uniform(-0.15, 0.15), uniform(-0.15, 0.15)
    width, height = uniform(0.9, 1.1), uniform(0.9, 1.1)
    cos, sin = angle.cos(), angle.sin()
    shift_x, shift_y = uniform(-0.04, 0.04), uniform(-0.04, 0.04)  # in halves of the image
    row_x = torch.stack([cos * width, (slant * cos - sin) * width, shift_x], 1)
    row_y = torch.stack([sin * height, (slant * sin + cos) * height, shift_y], 1)
    grid = F.affine_grid(torch.stack([row_x, row_y], 1), list(images.shape), align_corners=False)
    bends = F.interpolate(uniform(-0.09, 0.09, 2, 5, 5), size=(28, 28), mode="bicubic")
    bent = F.grid_sample(images, grid + bends.permute(0, 2, 3, 1), align_corners=False)
    # Then a thicker or thinner pen: towards the strongest or the weakest of the pixels around.
    thicker, thinner = F.max_pool2d(bent, 3, 1, 1), -F.max_pool2d(-bent, 3, 1, 1)
    change = uniform(-0.3, 0.3, 1, 1, 1)
    return bent + change.clamp(min=0) * (thicker - bent) + change.clamp(max=0) * (bent - thinner)


def draw_again(drawing: Drawing, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Rasterise strokes as another hand may have drawn them: turned, slanted, with another pen."""
    angle, slant = rng.uniform(-0.2, 0.2), rng.uniform(-0.35, 0.35)
    stretch = math.exp(rng.uniform(-0.2, 0.2))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    change = turn @ np.array([[stretch, slant], [0, 1]])
    every = int(rng.integers(1, 4))  # a fast pen is seen at fewer places
    strokes = []
    for stroke in drawing.strokes:
        if len(stroke) > 3 * every:
            stroke = np.concatenate([stroke[:-1:every], stroke[-1:]])
        wobble = rng.normal(0, 0.006 * drawing.size[0], stroke.shape)  # an unsteady hand
        wobble = np.cumsum(wobble, axis=0) * 0.3 + wobble * 0.3 if len(stroke) > 2 else 0
        strokes.append((stroke + wobble) @ change.T)
    return rasterize(Drawing(strokes, drawing.size), pen=not_digits.pen_width(rng))


def train(epochs: int, seed: int) -> Iterator[tuple[nn.Module, dict[str, float]]]:
    """Train; after each epoch yield the averaged network and its validation scores 0..1."""
    torch.manual_seed(seed)
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    images, labels = data.images("train")
    drawings, digits = data.drawings("train")
    pixels = _grey(images)  # (N, 1, 28, 28)
    redrawn = _grey(np.array([draw_again(d, rng) for _ in range(REDRAWN) for d in drawings]))
    others = _grey(not_digits.training_set(20_000, rng))
    targets = torch.from_numpy(np.concatenate([labels, *[digits] * COPIES]).astype(int))

    net = DigitNet()
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    steps = epochs * math.ceil(len(targets) / BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, steps, pct_start=0.2)
    for _ in range(epochs):
        net.train()
        copies = rng.choice(REDRAWN, COPIES, replace=False)
        parts = [redrawn[c * len(digits) : (c + 1) * len(digits)] for c in copies]
        inputs = torch.cat([pixels, *parts])
        for chosen in torch.randperm(len(targets), generator=generator).split(BATCH):
            strange = torch.randint(len(others), (OTHERS,), generator=generator)
            logits = net(bend(torch.cat([inputs[chosen], others[strange]]), generator))
            digit, other = logits.split([len(chosen), OTHERS])
            # What is no digit has no right answer: each of the ten should get a tenth.
            loss = F.cross_entropy(digit, targets[chosen])
            loss = loss + 0.06 * F.cross_entropy(other, torch.full_like(other, 0.1))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            average.update_parameters(net)
        yield average.module, choose(average.module)


def choose(net: DigitNet) -> dict[str, float]:
    """Choose the temperature and the threshold of "not sure" on the validation digits.

    The temperature is folded into the last layer, so that the file holds a calibrated network.
    """
    images, labels = data.images("validation")
    drawings, digits = data.drawings("validation")
    drawn = np.array([rasterize(drawing) for drawing in drawings])
    logits = torch.cat([logits_of(net, images), logits_of(net, drawn)])
    targets = torch.from_numpy(np.concatenate([labels, digits]).astype(int))
    # Each of the two sets counts the same.
    weight = torch.cat([torch.full((n,), 0.5 / n) for n in (len(images), len(drawn))])
    candidates = torch.logspace(-0.5, 0.5, 101)
    losses = [
        (F.cross_entropy(logits / t, targets, reduction="none") * weight).sum() for t in candidates
    ]
    temperature = float(candidates[int(torch.stack(losses).argmin())])
    surest = (logits / temperature).softmax(1).max(1)
    right = (surest.indices == targets).split([len(images), len(drawn)])
    threshold = min(
        float(part.quantile(FALSE_ALARMS))
        for part in surest.values.split([len(images), len(drawn)])
    )
    return {
        "mnist_validation": float(right[0].double().mean()),
        "strokes_validation": float(right[1].double().mean()),
        "temperature": temperature,
        "not_sure_below": threshold,
    }


def logits_of(net: nn.Module, images: NDArray[np.uint8]) -> Tensor:
    """Return logits (N, 10) of images uint8 (N, 28, 28), as the network gives when it is used."""
    net.eval()
    with torch.no_grad():
        return torch.cat([net(part) for part in _grey(images).split(500)])


def _grey(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images.astype(np.float32) / 255).reshape(-1, 1, 28, 28)


def export(net: nn.Module, training: dict[str, Any], metrics: dict[str, float]) -> bytes:
    """Return the weights file of a trained network, calibrated by `metrics["temperature"]`."""
    tensors = {
        re.sub(r"^norm(\d)", r"conv\1.norm", name): tensor.detach().numpy()
        for name, tensor in net.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    tensors["fc2.weight"] = tensors["fc2.weight"] / np.float32(metrics["temperature"])
    architecture = Architecture(
        name="mnist-cnn",
        layers=LAYERS,
        labels=tuple("0123456789"),
        mean=MEAN,
        std=STD,
        metrics={name: round(number, 4) for name, number in metrics.items()},
        training=training,
    )
    return write_weights(architecture, tensors)


def main() -> None:
    """Train, export, say where."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("model/mnist.safetensors"))
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    training = {
        "data": "MNIST train 0..54,999; UCI pen digits train 0..5,743; letters, scribbles, blots",
        "epochs": arguments.epochs,
        "seed": arguments.seed,
    }
    start = time.perf_counter()
    for epoch, (net, metrics) in enumerate(train(arguments.epochs, arguments.seed), 1):
        arguments.out.write_bytes(export(net, training, metrics))
        numbers = "  ".join(f"{name} {number:.4f}" for name, number in metrics.items())
        seconds = time.perf_counter() - start
        print(f"epoch {epoch}/{arguments.epochs}  {numbers}  {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
