"""Print every number of the model card: `MNIST_NB_DATA=... python model/evaluate.py [FILE ...]`.

What it is judged by is in `judged.py`, and how in `measures.py`. Several files are networks of one
recipe: the first is looked at closely, then the mean of all is given. Without a file it is the
shipped network and the other two seeds beside it, and at last its small sister in short.
"""

import argparse
from pathlib import Path

import data
import judged
import not_digits
import numpy as np
from corruptions import corruptions
from measures import (
    BINS,
    Grey,
    Labels,
    Rows,
    accuracy,
    auroc,
    calibration,
    calibration_error,
    confusion,
    largest,
    passing,
)
from numpy.typing import NDArray

from mnist_nb import Network

HERE = Path(__file__).parent
STRANGE = 1_000  # letters, scribbles and blots each
SPOILT = 1_000  # of MNIST's test images, each in 75 ways
KEPT = 0.985  # of the digits, where it is asked how much else passes
SEED = 20261122


def report(title: str, table: NDArray[np.int64]) -> list[str]:
    """Return lines for the model card from a confusion table (10, 10)."""
    right, total = np.diag(table), table.sum(axis=1)
    digits = [f"{d}: {r / t:.1%}" for d, (r, t) in enumerate(zip(right, total, strict=True))]
    return [
        f"{title}: {right.sum() / total.sum():.2%} "
        f"({total.sum() - right.sum()} of {total.sum():,} wrong)",
        f"  {'  '.join(digits)}",
    ]


def seeds(
    networks: list[Network],
    sets: dict[str, tuple[Grey, Labels]],
    answers: dict[str, tuple[Rows, Labels]],
) -> None:
    """Print the mean of networks of one recipe, of which the first has answered already."""
    for title, (images, labels) in sets.items():
        others = [accuracy(n.predict(images), labels) for n in networks[1:]]
        each = [accuracy(*answers[title]), *others]
        listed = ", ".join(f"{score:.2%}" for score in each)
        print(f"Mean of {len(each)} seeds, {title}: {np.mean(each):.2%} ({listed})")


def strokes(network: Network, base: float) -> None:
    """Print how the strokes kept out are read when they are drawn otherwise."""
    print("\nThe same strokes kept out, drawn otherwise")
    drawings, labels = data.drawings("validation")
    for title, images in judged.variants(drawings):
        score = accuracy(network.predict(images), labels)
        print(f"  {title}: {score:.2%} ({100 * (score - base):+.2f})")


def sureness(network: Network, answers: dict[str, tuple[Rows, Labels]]) -> None:
    """Print how often it is not sure, of digits and of what is none."""
    threshold = network.not_sure_below or 0.0
    print(f'\n"Not sure", as no probability reaches {threshold}')
    for title, (rows, labels) in answers.items():
        unsure = rows.max(axis=1) < threshold
        wrong = int(((rows.argmax(axis=1) != labels) & ~unsure).sum())
        print(f"  {title}: {unsure.mean():.2%} (wrong and sure: {wrong})")
    strange = not_digits.test_sets(STRANGE, SEED)
    strange["signs of people"] = judged.drawn_signs(False)
    strange["signs of people, also those that look like digits"] = judged.drawn_signs(True)
    said = {kind: network.predict(images) for kind, images in strange.items()}
    for kind, rows in said.items():
        print(f"  {kind} (no digits): {(rows.max(axis=1) < threshold).mean():.2%}")
    for count, name in ((1, "largest probability"), (2, "two largest probabilities together")):
        print(f"\nTold from the pen strokes kept out, by the {name}")
        pen = largest(answers["Pen strokes kept out"][0], count)
        for kind, rows in said.items():
            other = largest(rows, count)
            share = passing(pen, other, KEPT)
            print(
                f"  {kind}: AUROC {auroc(pen, other):.4f}, {share:.1%} pass where {KEPT:.1%} stay"
            )


def kinds(network: Network) -> None:
    """Print a table of the pictures by their kind."""
    threshold = network.not_sure_below or 0.0
    print("\nPictures by kind              number   right   unsure   wrong and sure")
    for kind, (images, labels) in judged.pictures().items():
        rows = network.predict(images)
        unsure = rows.max(axis=1) < threshold
        wrong = int(((rows.argmax(axis=1) != labels) & ~unsure).sum())
        right = accuracy(rows, labels)
        print(f"  {kind:<30}{len(labels):>4}{right:>8.1%}{unsure.mean():>9.1%}{wrong:>17}")


def robustness(
    networks: list[Network], images: Grey, labels: Labels
) -> list[dict[str, list[float]]]:
    """Return each one's errors 0..1 by corruption, at each strength, on the first of the images."""
    errors: list[dict[str, list[float]]] = [{} for _ in networks]
    labels = labels[:SPOILT]
    for name, _, spoilt in corruptions(images[:SPOILT], SEED):
        for network, own in zip(networks, errors, strict=True):
            own.setdefault(name, []).append(1 - accuracy(network.predict(spoilt), labels))
    return errors


def mean(errors: dict[str, list[float]]) -> str:
    """Say the mean of all errors."""
    return f"Mean error of {len(errors)} corruptions: {np.mean(list(errors.values())):.2%}"


def sister(
    network: Network, sets: dict[str, tuple[Grey, Labels]], errors: dict[str, list[float]]
) -> None:
    """Print the least that is to be known of another network."""
    print(f"\n{network.name}, {network.parameters:,} parameters, sha256 {network.sha256}")
    threshold = network.not_sure_below or 0.0
    for title, (images, labels) in sets.items():
        rows = network.predict(images)
        unsure = (rows.max(axis=1) < threshold).mean()
        print(f"  {title}: {accuracy(rows, labels):.2%}, not sure {unsure:.2%}")
    print(f"  {mean(errors)}")


def main() -> None:
    """Load, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shipped = [HERE / "mnist.safetensors", *sorted((HERE / "seeds").glob("*.safetensors"))]
    parser.add_argument("files", type=Path, nargs="*", default=shipped)
    files = parser.parse_args().files
    networks = [Network.load(path) for path in files]
    network = networks[0]
    small = [Network.load(HERE / "small.safetensors")] if files is shipped else []
    sets = judged.digits()
    answers = {title: (network.predict(images), labels) for title, (images, labels) in sets.items()}
    tables = {title: confusion(rows, labels) for title, (rows, labels) in answers.items()}

    print(f"{network.name}, {network.parameters:,} parameters, sha256 {network.sha256}")
    for title, table in tables.items():
        print(*report(title, table), sep="\n")
    seeds(networks, sets, answers)
    strokes(network, accuracy(*answers["Pen strokes kept out"]))
    print(f"\nExpected calibration error, {BINS} bins")
    for title, (rows, labels) in answers.items():
        print(f"  {title}: {calibration_error(calibration(rows, labels)):.2%}")
    sureness(network, answers)
    kinds(network)
    print(f"\nErrors on {SPOILT:,} of MNIST's test images, spoilt in five strengths")
    errors, *of_small = robustness([network, *small], *sets["MNIST test"])
    for name, each in errors.items():
        print(f"  {name:<16}" + "".join(f"{error:>8.1%}" for error in each))
    print(mean(errors))
    for title in ("MNIST test", "Pen strokes kept out"):
        print(f"\n{title}, confusion: what it is (row) and what it was read as (column)")
        print("      " + "".join(f"{digit:>6}" for digit in range(10)))
        for digit, row in enumerate(tables[title]):
            print(f"{digit:>6}" + "".join(f"{count:>6}" for count in row))
    if small:
        sister(*small, sets, *of_small)


if __name__ == "__main__":
    main()
