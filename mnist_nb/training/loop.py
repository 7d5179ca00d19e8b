"""Train a network of the weights format with PyTorch, step by step.

    training = Training(design(LAYERS))
    for step in training.run(images, labels, epochs=3):
        print(step.loss)
    training.save("my-network.safetensors")

PyTorch only finds the gradients. What comes out is a file of the format, and it is judged by the
same numpy network that the lab uses.
"""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import InputError, SetupError, WeightsError
from mnist_nb.network import (
    BatchNorm2d,
    Conv2d,
    Flatten,
    Gelu,
    Linear,
    MaxPool2d,
    Network,
    Relu,
    Weights,
    border,
    reach,
    read_weights,
    write_weights,
)
from mnist_nb.training.design import learned
from mnist_nb.training.no_digits import NO_DIGIT
from mnist_nb.whole_file import write_whole

INSTALL = "pip install 'mnist-nb[train]'"
ABSENT = (
    "PyTorch is not installed here, so nothing is trained; all else works with the network as it "
    f"is. To train: run `{INSTALL}` (from a checkout: `pip install -e '.[train]'`), restart the "
    "kernel, and run the notebook again."
)
Labelled = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def available() -> bool:
    """Is PyTorch installed? It is not imported for that."""
    return find_spec("torch") is not None


@dataclass(frozen=True)
class Step:
    """What there is to see after a step of training.

    Attributes:
        step: how many are done.
        steps: how many there will be.
        loss: mean cross-entropy of its batch; ln 10 = 2.3 is guessing, 0 is certain and right.
        accuracy: share 0..1 of each test set that is right, by its name; {} at most steps.
        seconds: since the start.
    """

    step: int
    steps: int
    loss: float
    accuracy: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0


class Training:
    """A network that is being trained.

    Args:
        start: an untrained network from `design`, or any weights file, to go on with it.

    Raises:
        SetupError: PyTorch is not installed.
    """

    def __init__(self, start: Weights) -> None:
        if not available():
            raise SetupError(ABSENT)
        self.torch: Any = import_module("torch")
        self.functional: Any = import_module("torch.nn.functional")
        self.architecture = start.architecture
        self._tensors = {n: self.torch.from_numpy(t.copy()) for n, t in start.tensors.items()}
        names = [name for layer in self.architecture.layers for name in learned(layer)]
        self._learned = [self._tensors[name].requires_grad_() for name in names]

    def run(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.integer],
        *,
        epochs: int = 3,
        batch: int = 64,
        rate: float = 3e-3,
        seed: int = 1,
        vary: bool = True,
        tests: Mapping[str, Labelled] | None = None,
        looks: int = 12,
    ) -> Iterator[Step]:
        """Train, and yield after each step.

        Args:
            images: uint8 (N, 28, 28).
            labels: (N,), 0..9, or `NO_DIGIT`, where each digit should get the same.
            epochs: how often each image is used.
            batch: images in a step.
            rate: the largest learning rate; it rises in the first fifth and then falls to 0.
            seed: of the order and the variations; the same seed gives the same network.
            vary: turn, slant, scale and shift each image a little, each time in another way.
            tests: images and labels by name, to judge by.
            looks: how often they are judged, the last time at the end.

        Raises:
            InputError: images and labels do not fit together, or there are none.
        """
        if len(images) != len(labels) or not len(images):
            raise InputError(
                f"there are {len(images)} images and {len(labels)} labels: give one each"
            )
        torch = self.torch
        generator = torch.Generator().manual_seed(seed)
        entry = self.architecture
        pixels = torch.from_numpy(images.astype(np.float32)).reshape(-1, 1, 28, 28) / entry.scale
        digits = len(entry.labels)
        wanted = np.eye(digits, dtype=np.float32)[labels.astype(np.int64)]
        wanted[labels == NO_DIGIT] = 1 / digits
        targets = torch.from_numpy(wanted)
        per_epoch = math.ceil(len(images) / batch)
        steps = epochs * per_epoch
        optimizer = torch.optim.AdamW(self._learned, lr=rate, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps + 1, pct_start=0.2)
        due = {round(steps * (look + 1) / looks) for look in range(looks)}
        began = time.perf_counter()
        with self._one_thread():
            for done in range(1, steps + 1):
                at = (done - 1) % per_epoch
                if at == 0:
                    order = torch.randperm(len(targets), generator=generator).split(batch)
                x = pixels[order[at]]
                logits = self._logits(self._varied(x, generator) if vary else x, training=True)
                loss = self.functional.cross_entropy(logits, targets[order[at]])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                scores = self.judge(tests) if tests and done in due else {}
                yield Step(done, steps, loss.item(), scores, time.perf_counter() - began)

    def judge(self, tests: Mapping[str, Labelled]) -> dict[str, float]:
        """Return the share 0..1 of each test set that the network gets right, here in numpy."""
        network = self.network()
        return {name: accuracy(network, *test) for name, test in tests.items()}

    def network(self) -> Network:
        """The network as it is now."""
        return Network(read_weights(self.file()))

    def file(self, name: str | None = None, **training: Any) -> bytes:
        """Return the weights file as it is now.

        Args:
            name: of the network; None keeps it.
            training: notes for the file, such as epochs=3.
        """
        # A threshold of "not sure" was found for other weights and does not hold for these.
        metrics: dict[str, Any] = {}
        entry = replace(
            self.architecture,
            name=name or self.architecture.name,
            metrics=metrics,
            training=training,
        )
        return write_weights(entry, {n: t.detach().numpy() for n, t in self._tensors.items()})

    def save(self, path: Path | str, name: str | None = None, **training: Any) -> Path:
        """Write the weights file; see `file`.

        Raises:
            WeightsError: it cannot be written there.
        """
        path = Path(path)
        try:
            write_whole(path, self.file(name, **training))
        except OSError as error:
            raise WeightsError(f"cannot write {path}: {error.strerror or error}") from None
        return path

    @contextmanager
    def _one_thread(self) -> Iterator[None]:
        """Layers this small are done before threads have met: ten times sooner on a busy one."""
        before = self.torch.get_num_threads()
        self.torch.set_num_threads(1)
        try:
            yield
        finally:
            self.torch.set_num_threads(before)

    def _logits(self, x: Any, training: bool) -> Any:
        """Logits (N, 10) of pixels 0..1 (N, 1, 28, 28): the layers of the format, one by one."""
        entry, tensors, functional = self.architecture, self._tensors, self.functional
        x = (x - entry.mean) / entry.std
        for layer in entry.layers:
            if isinstance(layer, Conv2d):
                weight = tensors[layer.weight]
                x = functional.pad(x, border(layer, reach(layer, weight.shape[-1])) * 2)
                how = layer.stride, 0, layer.dilation, layer.groups
                x = functional.conv2d(x, weight, tensors.get(layer.bias or ""), *how)
            elif isinstance(layer, BatchNorm2d):
                parts = ("running_mean", "running_var", "weight", "bias")
                numbers = [tensors[f"{layer.prefix}.{part}"] for part in parts]
                x = functional.batch_norm(x, *numbers, training=training, eps=layer.eps)
            elif isinstance(layer, MaxPool2d):
                x = functional.pad(x, border(layer, layer.size) * 2, value=-float("inf"))
                x = functional.max_pool2d(x, layer.size, layer.stride)
            elif isinstance(layer, Flatten):
                x = x.flatten(1)
            elif isinstance(layer, Linear):
                x = functional.linear(x, tensors[layer.weight], tensors.get(layer.bias or ""))
            elif isinstance(layer, Relu | Gelu):
                x = functional.relu(x) if isinstance(layer, Relu) else functional.gelu(x)
            else:
                raise InputError(f"{layer} is not trained here: train it where the file is from")
        return x

    def _varied(self, x: Any, generator: Any) -> Any:
        """Turn, slant, scale and shift images (N, 1, 28, 28), each in its own way."""
        torch, n = self.torch, len(x)

        def uniform(low: float, high: float) -> Any:
            return torch.rand(n, generator=generator) * (high - low) + low

        angle, slant = uniform(-0.15, 0.15), uniform(-0.2, 0.2)
        width, height = uniform(0.88, 1.12), uniform(0.88, 1.12)
        cos, sin = angle.cos(), angle.sin()
        row_x = torch.stack([cos * width, (slant - sin) * height, uniform(-0.06, 0.06)], 1)
        row_y = torch.stack([sin * width, cos * height, uniform(-0.06, 0.06)], 1)
        grid = self.functional.affine_grid(
            torch.stack([row_x, row_y], 1), list(x.shape), align_corners=False
        )
        return self.functional.grid_sample(x, grid, align_corners=False)


def accuracy(network: Network, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> float:
    """Return the share 0..1 of images that a network gets right."""
    return float((network.predict(images).argmax(axis=1) == labels).mean())
