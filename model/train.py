"""Train the network that mnist-nb ships: `python model/train.py --start FOLDER`.

Needs PyTorch and what else `pip install -e '.[train]'` brings, and Omniglot's strokes beside MNIST
and the pen strokes in the folder `MNIST_NB_DATA`. What it learns from is in `examples.py`; MNIST's
test images are not looked at here.

The network is small, and alone it learns its training images by heart before it has understood
them. So four larger ones are trained first, and it learns to answer as they do together (Hinton,
Vinyals, Dean: "Distilling the Knowledge in a Neural Network", 2015). The teachers see clean images;
of what the student sees a fifth is worn (`wear.py`), and its answer should be the same. At last it
learns thick pens, which close loops: the teachers are asked about the same strokes, not closed.

Every part is kept in `model/checkpoints/`, after each epoch too: what was stopped goes on where it
was when it is started again. `--only` does one part, so that several can run beside each other.
"""

import argparse
import hashlib
import re
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import data
import numpy as np
import safetensors.numpy
import torch
import torch.nn.functional as F
from examples import BATCH, OTHERS, Examples, grey, twins
from fitting import fit
from networks import Answering, DigitNet, SmallNet, Teacher, export
from numpy.typing import NDArray
from torch import Tensor, nn
from wear import wear

from mnist_nb.drawing import rasterize

TEACHERS = {1: 16, 2: 16, 3: 16, 4: 32}  # number: width
SCHOOLING = {16: 10, 32: 12}  # epochs of a teacher of that width
LESSONS = "1 2 3 4 5 6"  # epochs of bent digits that the teachers say their answers to
THICK = "1 thick thick"  # of these, and of digits drawn with thick pens, it learns at last
EPOCHS = {"student": 20, "small": 40}  # each as long as one of the lessons
AT_LAST = 3  # epochs
RATES = {"student": 2e-3, "small": 6e-3}  # the one starts trained, the other does not
SOFTER = 3  # the temperature of these answers
MOVED = 0.25  # how far a student goes from the network that it started from, of its whole way
FALSE_ALARMS = 0.01  # the share of validation digits that may be called "not sure"

HERE = Path(__file__).parent
KEPT = HERE / "checkpoints"


def teacher(number: int, examples: Examples) -> nn.Module:
    """Train a teacher, on the digits alone, or take it as it was kept."""
    torch.manual_seed(100 + number)
    # Channels last: a quarter faster with as many channels as these.
    net = Teacher(TEACHERS[number])
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    file = KEPT / f"teacher-{number}.pt"
    if not file.is_file():

        def losses(generator: torch.Generator) -> Iterator[Tensor]:
            for images, labels in examples.epoch(generator):
                yield F.cross_entropy(net(images), labels, label_smoothing=0.02)

        steps = SCHOOLING[TEACHERS[number]] * examples.batches
        for trained in fit(net, losses, steps, 6e-3, 0.998, KEPT / f"teacher-{number}-part.pt"):
            say(f"teacher {number}  mnist_validation {score(trained):.4f}")
        torch.save(trained.state_dict(), file)
    net.load_state_dict(torch.load(file))
    return net.eval()


def lesson(name: str, examples: Examples) -> list[NDArray[np.generic]]:
    """Return bent digits (N, 28, 28), their labels (N,) and the teachers' answers (N, 10).

    Those of "thick" are drawn with thick pens, and the teachers are asked about the same strokes
    drawn with a usual one. They are kept, as asking the teachers again takes too long.
    """
    names = [KEPT / f"lesson-{name}-{what}.npy" for what in ("images", "labels", "answers")]
    if not names[-1].is_file():
        teachers = [teacher(one, examples) for one in TEACHERS]
        parts: list[tuple[NDArray[np.generic], ...]] = []
        for shown, asked, digits in batches(name, examples):
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                logits = [net(asked).float() for net in teachers]
            # Softened, so that it tells which wrong answers were near.
            said = torch.stack([(one / SOFTER).softmax(1) for one in logits]).mean(0)
            parts.append(((shown[:, 0] * 255).round().byte().numpy(), digits.numpy(), said.numpy()))
        for file, columns in zip(names, zip(*parts, strict=True), strict=True):
            np.save(file, np.concatenate(columns))
        say(f"lesson {name}")
    return [np.load(file) for file in names]


def batches(name: str, examples: Examples) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield what a lesson shows, what the teachers are asked (n, 1, 28, 28), and labels (n,)."""
    if name == "thick":
        thick, usual, digits = twins()
        labels = torch.from_numpy(digits.astype(np.int64))
        parts = (all.split(BATCH) for all in (grey(thick), grey(usual), labels))
        yield from zip(*parts, strict=True)
    else:
        for bent, digits in examples.epoch(torch.Generator().manual_seed(int(name))):
            yield bent, bent, digits


class Lessons:
    """Digits and what the teachers say to them.

    Args:
        examples: to ask the teachers about; their answers are averaged.
        names: of the lessons.
    """

    def __init__(self, examples: Examples, names: str) -> None:
        self.examples = examples
        lessons = [lesson(name, examples) for name in names.split()]
        self.images, self.labels, self.answers = (
            np.concatenate(parts) for parts in zip(*lessons, strict=True)
        )

    def epoch(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield images (n, 1, 28, 28), their labels (n,) and the teachers' answers (n, 10)."""
        order = torch.randperm(len(self.images), generator=generator)
        for chosen in order.split(BATCH)[: self.examples.batches]:
            index = chosen.numpy()
            labels, answers = self.labels[index], self.answers[index]
            yield grey(self.images[index]), torch.from_numpy(labels), torch.from_numpy(answers)


def student(
    part: str, examples: Examples, start: Path | None
) -> Iterator[tuple[Answering, dict[str, float]]]:
    """Train a network that answers; after each epoch yield it and its validation scores 0..1.

    Args:
        part: "student-1": the network itself, of seed 1; "small-1": its small sister.
        examples: of what it learns.
        start: a file of the same architecture to begin with.
    """
    kind, _, seed = part.partition("-")
    torch.manual_seed(int(seed))
    net: Answering = DigitNet() if kind == "student" else SmallNet()
    if start:
        before(net, start)

    rate = RATES[kind]
    stages = ((LESSONS, EPOCHS[kind], rate, ""), (THICK, AT_LAST, rate / 2, "-thick"))
    for names, epochs, rate, stage in stages:
        lessons = Lessons(examples, names)
        kept = KEPT / f"{part}{stage}-part.pt"
        loss = partial(losses, net, lessons)
        for trained in fit(net, loss, epochs * examples.batches, rate, 0.999, kept):
            shown = mixed(trained, start, examples) if start else trained
            yield shown, choose(shown)
        net.load_state_dict(trained.state_dict())


def losses(net: nn.Module, lessons: Lessons, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield the loss of each batch of an epoch, of digits and of what is none."""
    for images, labels, answers in lessons.epoch(generator):
        strange = lessons.examples.strange(generator)
        seen = wear(torch.cat([images, strange]), generator)
        logits, other = net(seen).float().split([len(labels), OTHERS])
        told = F.kl_div((logits / SOFTER).log_softmax(1), answers, reduction="batchmean")
        # What is no digit has no right answer: each of the ten should get a tenth.
        none = F.cross_entropy(other, torch.full_like(other, 0.1))
        yield 0.1 * F.cross_entropy(logits, labels) + 0.9 * SOFTER**2 * told + 0.25 * none


def before(net: nn.Module, file: Path) -> None:
    """Give a network the weights of a file of the same architecture."""
    state = {
        re.sub(r"^conv(\d)\.norm", r"norm\1", name): torch.from_numpy(tensor)
        for name, tensor in safetensors.numpy.load_file(file).items()
    }
    net.load_state_dict(state, strict=False)  # all but how many batches a norm has seen


def mixed(net: nn.Module, start: Path, examples: Examples) -> DigitNet:
    """Return a network between a trained one and the one that it started from.

    It keeps what the old one knew, and has much of what the new one has learned (Wortsman and
    others: "Robust fine-tuning of zero-shot models", 2022). What the norms see in it is measured
    anew, over 24 batches.
    """
    middle = DigitNet()
    before(middle, start)
    with torch.no_grad():
        for weight, trained in zip(middle.parameters(), net.parameters(), strict=True):
            weight.lerp_(trained, MOVED)
        for module in middle.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
                module.momentum = None  # the mean of all batches
        middle.train()
        generator = torch.Generator().manual_seed(9)
        for _, (images, _) in zip(range(24), examples.epoch(generator), strict=False):
            middle(wear(torch.cat([images, examples.strange(generator)]), generator))
    return middle.eval()


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
        return torch.cat([net(part) for part in grey(images).split(500)])


def main() -> None:
    """Train teachers, then students; keep the best."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "mnist.safetensors")
    help = "1.safetensors ...: what the students start from; of those shipped, mnist is seed 2"
    parser.add_argument("--start", type=Path, metavar="FOLDER", help=help)
    help = "of one student each; all but the best are kept in seeds/ beside OUT"
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help=help)
    help = "do this part alone: examples, teacher-1, lesson-1, student-1, small-1 ..."
    parser.add_argument("--only", metavar="PART", help=help)
    arguments = parser.parse_args()
    KEPT.mkdir(exist_ok=True)
    examples = Examples(KEPT / "examples.npz")
    part, _, number = (arguments.only or "").partition("-")
    if part == "examples":
        return
    if part == "teacher":
        teacher(int(number), examples)
        return
    if part == "lesson":
        lesson(number, examples)
        return
    if arguments.only:
        learn(arguments.only, examples, arguments.start)
        return
    seeds = arguments.seeds
    scores = {seed: learn(f"student-{seed}", examples, arguments.start) for seed in seeds}
    (arguments.out.parent / "seeds").mkdir(exist_ok=True)
    best = max(scores, key=lambda seed: scores[seed])
    for seed in scores:
        to = arguments.out.parent / "seeds" / f"{seed}.safetensors"
        shutil.copy(KEPT / f"student-{seed}.safetensors", arguments.out if seed == best else to)
    say(f"{arguments.out} is student {best}")
    learn("small-1", examples, None)
    shutil.copy(KEPT / "small-1.safetensors", arguments.out.parent / "small.safetensors")


def learn(part: str, examples: Examples, start: Path | None) -> float:
    """Train a network that answers, keep its file, and return by how much it is preferred."""
    kind, _, seed = part.partition("-")
    training = {
        "data": "MNIST train 0..54,999; UCI pen digits train 0..5,743; Omniglot Greek, Korean,"
        " Latin; rare ways of digits, letters, scribbles, blots, pairs",
        "epochs": EPOCHS[kind] + AT_LAST,
        "teachers": f"{len(TEACHERS)}, widths {sorted(TEACHERS.values())}",
        "seed": int(seed),
    }
    file = KEPT / f"{part}.safetensors"
    if start:
        start = start / f"{seed}.safetensors"
        training["start"] = hashlib.sha256(start.read_bytes()).hexdigest()
    for net, metrics in student(part, examples, start):
        file.write_bytes(export(net, training, metrics))
        say(f"{part}  {'  '.join(f'{k} {v:.4f}' for k, v in metrics.items())}")
    return metrics["mnist_validation"] + metrics["strokes_validation"]


def say(what: str) -> None:
    """Print what was done, and when."""
    print(f"{time.strftime('%H:%M:%S')}  {what}", flush=True)


if __name__ == "__main__":
    main()
