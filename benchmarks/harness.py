"""Measure contenders side by side: in turns, after a warm-up, as medians with their spread.

Contenders take turns within a round, so that whatever else the machine does falls on all of them
alike. A ratio is the median of the ratios within the rounds. Beside it stands the ratio of the
least times: on a busy machine whoever takes longer is interrupted more often.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

HERE = Path(__file__).parent

Times = Mapping[str, Sequence[float]]  # of each contender, one number a round, in seconds
Row = dict[str, float]


@dataclass(frozen=True)
class Target:
    """What should be, and what was measured.

    Attributes:
        name: what is measured, or what is divided by what.
        measured: the median, of the ratios within the rounds where it is a ratio.
        bound: what it should be.
        at_most: the bound is an upper one, not a lower one.
        unit: "" for a ratio.
        p10, p90: its spread over the rounds, None where it is no median of rounds.
        least: the same of the least times, None where there is none.
    """

    name: str
    measured: float
    bound: float
    at_most: bool = False
    unit: str = ""
    p10: float | None = None
    p90: float | None = None
    least: float | None = None


@dataclass(frozen=True)
class Section:
    """What one benchmark found.

    Attributes:
        title: of its table.
        about: what was measured and how, for people.
        unit: of the times.
        rows: of each contender: p10, median, p90, least, in this unit.
        targets: what should be, and what is.
        missing: contenders that could not be measured, with the reason.
    """

    title: str
    about: str
    unit: str
    rows: dict[str, Row]
    targets: list[Target] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)


def take_turns(
    contenders: Mapping[str, Callable[[], object]],
    rounds: int,
    calls: int | Mapping[str, int] = 1,
    warm_up: int = 20,
) -> Times:
    """Return seconds a call of each contender in each round.

    Args:
        contenders: what to call; what returns a float has measured itself, in seconds.
        rounds: how often each has its turn.
        calls: a turn is the median of so many calls.
        warm_up: calls before the first round.
    """
    for call in contenders.values():
        for _ in range(warm_up):
            call()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, call in contenders.items():
                many = calls if isinstance(calls, int) else calls.get(name, 1)
                times[name].append(float(np.median([seconds(call) for _ in range(many)])))
    finally:
        gc.enable()
    return times


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes, or says that it took."""
    start = perf_counter()
    said = call()
    took = perf_counter() - start
    return said if isinstance(said, float) else took


def rows(times: Times, scale: float) -> dict[str, Row]:
    """Return p10, median, p90 and the least of each contender, times `scale`."""
    table = {}
    for name, values in times.items():
        low, middle, high = (np.percentile(values, [10, 50, 90]) * scale).tolist()
        table[name] = {"p10": low, "median": middle, "p90": high, "least": min(values) * scale}
    return table


def target(
    name: str,
    values: ArrayLike,
    bound: float,
    *,
    at_most: bool = False,
    unit: str = "",
    least: float | None = None,
) -> Target:
    """Return a target whose measured value is the median of one value a round."""
    low, middle, high = np.percentile(values, [10, 50, 90]).tolist()
    return Target(name, middle, bound, at_most, unit, low, high, least)


def ratio(
    times: Times, above: str, below: str, name: str, bound: float, at_most: bool = False
) -> Target:
    """Return how `above` compares with `below`: divided within each round."""
    a, b = np.array(times[above]), np.array(times[below])
    return target(name, a / b, bound, at_most=at_most, least=float(a.min() / b.min()))
