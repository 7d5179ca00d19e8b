"""Train the network that mnist-nb ships: `python model/train.py --out model/mnist.safetensors`.

Needs PyTorch and what else `pip install -e '.[train]'` brings. It learns from three kinds of
examples: MNIST's training images; digits written with a pen, drawn by `rasterize`, the function
that also draws what a user drew; and things that are no digit, for which no answer is right.
MNIST's test images are not looked at here.

The network is small, and alone it learns its training images by heart before it has understood
them. So three larger ones are trained first, and it learns to answer as they do together (Hinton,
Vinyals, Dean: "Distilling the Knowledge in a Neural Network", 2015). Then it starts anew with other
random numbers; the best of these students on the validation digits is the one that ships.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import data
import not_digits
import numpy as np
import torch
import torch.nn.functional as F
from networks import DigitNet, Teacher, export
from numpy.typing import NDArray
from torch import Tensor, nn

from mnist_nb.drawing import Drawing, rasterize

BATCH = 128  # digits; besides
OTHERS = 16  # not digits
REDRAWN = 12  # times that each pen drawing is drawn anew, of which an epoch sees
COPIES = 3  # of each, as there are far fewer strokes than images
TEACHERS, SCHOOLING = 3, 12  # epochs of each
LESSONS = 6  # epochs of bent digits that the teachers say their answers to
SOFTER = 3  # the temperature of these answers
FALSE_ALARMS = 0.01  # the share of validation digits that may be called "not sure"


def bend(images: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, slant, scale, shift and bend images (N, 1, 28, 28) a little, each in its own way."""
    n = len(images)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=generator) * (high - low) + low

    angle, slant = uniform(-0.12, 0.12), uniform(-0.12, 0.12)
    width, height = uniform(0.92, 1.08), uniform(0.92, 1.08)
    cos, sin = angle.cos(), angle.sin()
    shift_x, shift_y = uniform(-0.04, 0.04), uniform(-0.04, 0.04)  # in halves of the image
    row_x = torch.stack([cos * width, (slant * cos - sin) * width, shift_x], 1)
    row_y = torch.stack([sin * height, (slant * sin + cos) * height, shift_y], 1)
    grid = F.affine_grid(torch.stack([row_x, row_y], 1), list(images.shape), align_corners=False)
    bends = F.interpolate(uniform(-0.07, 0.07, 2, 5, 5), size=(28, 28), mode="bicubic")
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


class Examples:
    """What there is to learn from, in batches that are another each epoch.

    Args:
        seed: of all that is random in them.
    """

    def __init__(self, seed: int) -> None:
        self.rng, self.generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
        images, labels = data.images("train")
        drawings, digits = data.drawings("train")
        redrawn = [draw_again(d, self.rng) for _ in range(REDRAWN) for d in drawings]
        self.pixels = _grey(images)  # (N, 1, 28, 28)
        self.redrawn = _grey(np.array(redrawn)).reshape(REDRAWN, len(digits), 1, 28, 28)
        self.others = _grey(not_digits.training_set(20_000, self.rng))
        targets = np.concatenate([labels, *[digits] * COPIES])
        self.targets = torch.from_numpy(targets.astype(int))
        self.batches = math.ceil(len(self.targets) / BATCH)

    def epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield digits (n, 1, 28, 28), each bent in its own way, and their labels (n,)."""
        copies = self.rng.choice(REDRAWN, COPIES, replace=False)
        inputs = torch.cat([self.pixels, *self.redrawn[copies]])
        for chosen in torch.randperm(len(inputs), generator=self.generator).split(BATCH):
            yield bend(inputs[chosen], self.generator), self.targets[chosen]

    def strange(self) -> Tensor:
        """Return images (OTHERS, 1, 28, 28) of what is no digit, bent too."""
        chosen = torch.randint(len(self.others), (OTHERS,), generator=self.generator)
        return bend(self.others[chosen], self.generator)


def fit(
    net: nn.Module, losses: Callable[[], Iterator[Tensor]], steps: int, rate: float, decay: float
) -> Iterator[nn.Module]:
    """Train a network; after each epoch yield the average of its last states.

    Args:
        net: is trained in place.
        losses: yields the loss of each batch of an epoch.
        steps: so many batches in all; then it ends.
        rate: the highest learning rate; it comes after a fifth of the steps.
        decay: how much of the average stays at each step.
    """
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(decay), use_buffers=True
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps, pct_start=0.2)
    done = 0
    while done < steps:
        net.train()
        for loss in losses():
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            average.update_parameters(net)
            done += 1
        yield average.module


def teacher(examples: Examples) -> nn.Module:
    """Train a teacher, on the digits alone."""
    # Channels last: a quarter faster with as many channels as these.
    net = Teacher().to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def losses() -> Iterator[Tensor]:
        for images, labels in examples.epoch():
            yield F.cross_entropy(net(images), labels)

    *_, trained = fit(net, losses, SCHOOLING * examples.batches, 6e-3, 0.998)
    return trained.eval()


class Lessons:
    """Bent digits and what the teachers say to them, kept, as asking them again takes too long.

    Args:
        teachers: who are asked; their answers are averaged.
        examples: to ask them about.
    """

    def __init__(self, teachers: list[nn.Module], examples: Examples) -> None:
        images, labels, answers = [], [], []
        for _ in range(LESSONS):
            for bent, digits in examples.epoch():
                with torch.no_grad():  # softened, so that it tells which wrong answers were near
                    said = sum((net(bent) / SOFTER).softmax(1) for net in teachers)
                images.append((bent * 255).round().byte())
                labels.append(digits)
                answers.append(said / len(teachers))
        self.images, self.labels = torch.cat(images), torch.cat(labels)  # (N, 1, 28, 28), (N,)
        self.answers = torch.cat(answers)  # (N, 10)
        self.examples = examples

    def epoch(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield images (n, 1, 28, 28), their labels (n,) and the teachers' answers (n, 10)."""
        order = torch.randperm(len(self.images), generator=self.examples.generator)
        for chosen in order.split(BATCH)[: len(order) // BATCH]:
            yield self.images[chosen] / 255, self.labels[chosen], self.answers[chosen]


def student(lessons: Lessons, repeats: int) -> Iterator[tuple[nn.Module, dict[str, float]]]:
    """Train the network itself; after each repeat yield it and its validation scores 0..1."""
    net = DigitNet()

    def losses() -> Iterator[Tensor]:
        for images, labels, answers in lessons.epoch():
            strange = lessons.examples.strange()
            logits, other = net(torch.cat([images, strange])).split([len(labels), OTHERS])
            told = F.kl_div((logits / SOFTER).log_softmax(1), answers, reduction="batchmean")
            # What is no digit has no right answer: each of the ten should get a tenth.
            none = F.cross_entropy(other, torch.full_like(other, 0.1))
            yield 0.1 * F.cross_entropy(logits, labels) + 0.9 * SOFTER**2 * told + 0.06 * none

    steps = repeats * (len(lessons.images) // BATCH)
    for trained in fit(net, losses, steps, 4e-3, 0.999):
        yield trained, choose(trained)


def choose(net: nn.Module) -> dict[str, float]:
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


def score(net: nn.Module) -> float:
    """Return the share of MNIST's validation images that a network reads right."""
    images, labels = data.images("validation")
    return float((logits_of(net, images).argmax(1).numpy() == labels).mean())


def logits_of(net: nn.Module, images: NDArray[np.uint8]) -> Tensor:
    """Return logits (N, 10) of images uint8 (N, 28, 28), as the network gives when it is used."""
    net.eval()
    with torch.no_grad():
        return torch.cat([net(part) for part in _grey(images).split(500)])


def _grey(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images.astype(np.float32) / 255).reshape(-1, 1, 28, 28)


def main() -> None:
    """Train teachers, then students; keep the best."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("model/mnist.safetensors"))
    parser.add_argument("--repeats", type=int, default=4, help="of the lessons, 6 epochs each")
    help = "of one student each; all but the best are kept in seeds/ beside OUT"
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help=help)
    arguments = parser.parse_args()
    training = {
        "data": "MNIST train 0..54,999; UCI pen digits train 0..5,743; letters, scribbles, blots",
        "epochs": arguments.repeats * LESSONS,
        "teachers": f"{TEACHERS} of {SCHOOLING} epochs",
    }
    start = time.perf_counter()

    def say(what: str) -> None:
        print(f"{what}  {time.perf_counter() - start:.0f} s", flush=True)

    torch.manual_seed(0)
    examples = Examples(seed=0)
    say("examples are drawn")
    teachers = []
    for number in range(1, TEACHERS + 1):
        teachers.append(teacher(examples))
        say(f"teacher {number}/{TEACHERS}  mnist_validation {score(teachers[-1]):.4f}")
    lessons = Lessons(teachers, examples)
    say("lessons are written")
    scores = {}
    for seed in arguments.seeds:
        torch.manual_seed(seed)
        file = arguments.out.parent / "seeds" / f"{seed}.safetensors"
        file.parent.mkdir(parents=True, exist_ok=True)
        for repeat, (net, metrics) in enumerate(student(lessons, arguments.repeats), 1):
            file.write_bytes(export(net, training | {"seed": seed}, metrics))
            scores[file] = metrics["mnist_validation"] + metrics["strokes_validation"]
            numbers = "  ".join(f"{name} {number:.4f}" for name, number in metrics.items())
            say(f"student {seed}, repeat {repeat}/{arguments.repeats}  {numbers}")
    best = max(scores, key=lambda file: scores[file])
    best.replace(arguments.out)
    say(f"{arguments.out} is student {best.stem}")


if __name__ == "__main__":
    main()
