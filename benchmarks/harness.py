"""Measure contenders side by side: in turns, after a warm-up, as medians with their spread.

Contenders take turns within a round, so that whatever else the machine does falls on all of them
alike. A ratio is the median of the ratios within the rounds. Beside it stands the ratio of the
least times: on a busy machine whoever takes longer is interrupted more often.
"""

import gc
import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
PACKAGES = ("numpy", "onnxruntime", "torch", "jupyterlab", "ipykernel", "httpx")

Times = Mapping[str, Sequence[float]]  # of each contender, one number a round, in seconds


@dataclass(frozen=True)
class Ratio:
    """What a target is about.

    Attributes:
        name: what is divided by what.
        median: of the ratios within the rounds; None when there are no rounds to divide.
        least: ratio of the least times, or the number itself when it is no ratio.
        target: what it should be.
        at_most: the target is an upper bound, not a lower one.
        unit: "" for a ratio.
    """

    name: str
    median: float
    target: float
    least: float | None = None
    at_most: bool = False
    unit: str = ""

    @property
    def reached(self) -> bool:
        return self.median <= self.target if self.at_most else self.median >= self.target


@dataclass(frozen=True)
class Section:
    """What one benchmark found.

    Attributes:
        title: of its table.
        about: what was measured and how, for people.
        unit: of the times.
        rows: of each contender: p10, median, p90, least.
        ratios: with their targets.
        missing: contenders that are not installed, with what to do.
    """

    title: str
    about: str
    unit: str
    rows: dict[str, dict[str, float]]
    ratios: list[Ratio] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)


def take_turns(
    contenders: Mapping[str, Callable[[], object]],
    rounds: int,
    calls: int | Mapping[str, int] = 1,
    warm_up: int = 20,
) -> Times:
    """Return seconds a call of each contender in each round.

    Args:
        contenders: what to call.
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
                times[name].append(float(np.median([_seconds(call) for _ in range(many)])))
    finally:
        gc.enable()
    return times


def _seconds(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def rows(times: Times, scale: float) -> dict[str, dict[str, float]]:
    """Return p10, median, p90 and the least of each contender, times `scale`."""
    table = {}
    for name, values in times.items():
        low, middle, high = np.percentile(values, [10, 50, 90]) * scale
        table[name] = {"p10": low, "median": middle, "p90": high, "least": min(values) * scale}
    return table


def ratio(
    times: Times, above: str, below: str, name: str, target: float, at_most: bool = False
) -> Ratio:
    """Return how `above` compares with `below`."""
    a, b = np.array(times[above]), np.array(times[below])
    return Ratio(name, float(np.median(a / b)), target, float(a.min() / b.min()), at_most)


def machine() -> dict[str, str]:
    """Return what the numbers depend on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].partition(":")[2].strip() if models else cpu
    found = {"cpu": f"{cpu}, {os.cpu_count()} cores", "load": f"{os.getloadavg()[0]:.1f}"}
    found |= {"system": platform.system(), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def to_text(section: Section) -> str:
    """Return a table for a terminal."""
    width = max(len(name) for name in [*section.rows, *(r.name for r in section.ratios)]) + 2
    lines = [
        section.title,
        f"{section.unit:{width}}{'p10':>10}{'median':>10}{'p90':>10}{'least':>10}",
    ]
    for name, row in section.rows.items():
        lines.append(f"{name:{width}}" + "".join(f"{_short(row[key]):>10}" for key in row))
    for r in section.ratios:
        least = "" if r.least is None else _short(r.least)
        bound = f"{'<=' if r.at_most else '>='} {_short(r.target)}{r.unit}"
        mark = "reached" if r.reached else "NOT reached"
        lines.append(
            f"{r.name:{width}}{'':10}{_short(r.median):>10}{'':10}{least:>10}  {bound} {mark}"
        )
    lines += [f"{name}: not measured: {why}" for name, why in section.missing.items()]
    return "\n".join(lines) + "\n"


def _short(number: float) -> str:
    return f"{number:.3g}" if number < 1000 else f"{number:,.0f}"


def save(sections: Mapping[str, Section], path: Path = RESULTS) -> None:
    """Write what was measured, keeping the sections of an earlier run that were not repeated."""
    before: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    about = machine()
    for name, section in sections.items():
        before[name] = {"machine": about, **asdict(section)}
    path.write_text(json.dumps(before, indent=1, default=float) + "\n")
