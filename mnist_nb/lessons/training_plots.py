"""Watch a training: two plots that grow under the cell, loss and accuracy."""

import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from mnist_nb.lessons.bets import draw_bet
from mnist_nb.lessons.figures import HERE, THERE, THIRD, Shown, axes, drawn, picture
from mnist_nb.training import Step

_EVERY = 1.0  # seconds between two drawings,
_SHARE = 0.1  # and the share of the time that they may take
Bets = tuple[float | None, float | None]
_STYLES = ((HERE, "o", "-"), (THERE, "s", "--"), (THIRD, "^", "-."))


def watch(steps: Iterable[Step], title: str = "Training", bets: Bets = (None, None)) -> list[Step]:
    """Go through the steps of a training, show loss and accuracy live, and return the steps.

    The bets are on the first loss, and on the percent that are right at the first look.
    """
    from IPython.display import display

    seen: list[Step] = []
    handle: Any = None
    due = float("-inf")
    for step in steps:
        seen.append(step)
        began = time.monotonic()
        if step.step == step.steps or began >= due:
            shown = curves(seen, title, bets)
            if handle is None:
                handle = display(shown, display_id=True)  # type: ignore[no-untyped-call]
            if handle is not None:
                handle.update(shown)
            ended = time.monotonic()
            due = ended + max(_EVERY, (ended - began) / _SHARE)
    return seen


@drawn
def curves(seen: list[Step], title: str, bets: Bets = (None, None)) -> Shown:
    """Draw loss and accuracy of the steps so far."""
    from matplotlib.ticker import MaxNLocator

    figure, (left, right) = axes(2, height=3.3, width=9.2)
    at = np.array([step.step for step in seen])
    loss = np.array([step.loss for step in seen])
    left.plot(at, loss, color=HERE, alpha=0.3, linewidth=1)
    wide = min(len(loss), max(1, len(loss) // 25))
    smoothed = f"mean of {wide} steps" if wide > 1 else "each step"
    smooth = np.convolve(loss, np.ones(wide) / wide, "valid")
    left.plot(at[wide - 1 :], smooth, color=HERE, label=smoothed)
    left.axhline(np.log(10), color=THERE, linestyle="--", linewidth=1.5, label="guessing, ln 10")
    left.set_xlim(0, 1.02 * seen[-1].steps)  # the last mark is whole
    left.set_ylim(0, 1.05 * max(2.4, float(loss.max()), bets[0] or 0))
    left.set_xlabel("step")
    left.set_ylabel("loss (cross-entropy, nats)")
    left.legend(fontsize=9.5)
    judged = [step for step in seen if step.accuracy]
    said = []
    for index, name in enumerate(judged[-1].accuracy if judged else ()):
        color, mark, line = _STYLES[index % len(_STYLES)]
        points = [(step.step, 100 * step.accuracy[name]) for step in judged]
        right.plot(*zip(*points, strict=True), color=color, marker=mark, ls=line, ms=5, label=name)
        said.append(f"{name}: {points[-1][1]:.1f} % right")
    right.set_xlim(0, 1.02 * seen[-1].steps)
    right.set_ylim(0, 102)
    right.set_xlabel("step")
    right.set_ylabel("accuracy (% right)")
    if judged:
        right.legend(fontsize=9.5)
    guessed = draw_bet(left, bets[0], at=1)
    guessed += draw_bet(right, bets[1], at=judged[0].step if judged else seen[-1].steps / 12)
    for plot in (left, right):
        plot.xaxis.set_major_locator(MaxNLocator(integer=True))
    step = seen[-1]
    done = f"step {step.step:,} of {step.steps:,}, {step.seconds:.0f} s"
    words = [f"Loss from {loss[0]:.2f} to {smooth[-1]:.2f}", *said]
    return picture(figure, f"{title}: {done}", "; ".join(words) + "." + guessed)
