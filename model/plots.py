"""Draw the model card's pictures: `python model/plots.py`, with what `evaluate.py` measures."""

from pathlib import Path

import judged
import matplotlib
import measures
import numpy as np
from matplotlib.figure import Figure

from mnist_nb import Network

matplotlib.use("svg")
import matplotlib.pyplot as plt  # after the choice of a backend that needs no screen

HERE = Path(__file__).parent
COLUMNS, ROWS = 10, 3

# The same bytes each time, and text as text.
plt.rcParams.update({"svg.hashsalt": "mnist-nb", "svg.fonttype": "none", "font.size": 9})


def calibration(
    sets: dict[str, tuple[measures.Rows, measures.Labels]], path: Path, sha256: str
) -> None:
    """Draw how often the network is right against how sure it says it is."""
    figure, axes = plt.subplots(1, len(sets), figsize=(9, 2.9), sharey=True, layout="constrained")
    for axis, (title, (rows, labels)) in zip(axes, sets.items(), strict=True):
        bins = measures.calibration(rows, labels)
        share, probability, accuracy = bins.T
        axis.plot([0, 1], [0, 1], color="0.6", linewidth=1, label="perfectly calibrated")
        axis.scatter(probability, accuracy, s=12 + 300 * share**0.5, color="tab:blue", alpha=0.7)
        axis.set_title(f"{title}\n{measures.calibration_error(bins):.2%} error")
        axis.set_xlabel("largest probability")
        axis.set_xlim(0, 1)
        axis.set_ylim(0, 1)
    axes[0].set_ylabel("share that is right")
    axes[0].legend(loc="upper left", frameon=False)
    save(figure, path, sha256)


def mistakes(
    sets: dict[str, tuple[measures.Grey, measures.Labels, measures.Rows]], path: Path, sha256: str
) -> None:
    """Draw the images that were read wrong with the largest probability."""
    worst = {}
    for title, (_, labels, rows) in sets.items():
        wrong = np.flatnonzero(rows.argmax(1) != labels)
        if len(wrong):
            worst[title] = wrong[np.argsort(-rows[wrong].max(1), kind="stable")]
    height = {title: min(ROWS, -(-len(wrong) // COLUMNS)) for title, wrong in worst.items()}
    figure, axes = plt.subplots(
        sum(height.values()), COLUMNS, figsize=(7, 1.15 * sum(height.values())), squeeze=False
    )
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.88, hspace=0.75)
    for axis in axes.flat:
        axis.axis("off")
    free = iter(axes.reshape(-1, COLUMNS))
    for title in worst:
        images, labels, rows = sets[title]
        lines = [next(free) for _ in range(height[title])]
        head = f"{title}: {len(worst[title])} wrong of {len(labels):,}"
        lines[0][0].text(0, 1.65, head, transform=lines[0][0].transAxes)
        for axis, index in zip(np.concatenate(lines), worst[title], strict=False):
            axis.imshow(images[index], cmap="gray_r", interpolation="nearest")
            found, p = rows[index].argmax(), rows[index].max()
            axis.set_title(f"{labels[index]} read {found}, {p:.0%}", fontsize=6, pad=2)
    save(figure, path, sha256)


def save(figure: Figure, path: Path, sha256: str) -> None:
    """Write the picture with the weights that it is of, so that a test can tell an old one."""
    figure.savefig(path, metadata={"Date": None, "Description": f"weights sha256 {sha256}"})


def main() -> None:
    """Load, run, draw."""
    network = Network.load(HERE / "mnist.safetensors")
    sets = {
        title: (images, labels, network.predict(images))
        for title, (images, labels) in judged.digits().items()
    }
    rows = {title: (found, labels) for title, (_, labels, found) in sets.items()}
    calibration(rows, HERE / "calibration.svg", network.sha256)
    mistakes(sets, HERE / "mistakes.svg", network.sha256)


if __name__ == "__main__":
    main()
