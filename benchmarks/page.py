"""Turn `results.json` into `docs/benchmarks.md` and its pictures; a test holds them to it."""

import json
from pathlib import Path
from typing import Any

from harness import HERE, RESULTS

DOCS = HERE.parent / "docs"
PICTURED = ("numpy", "kernel", "edge")  # sections that compare us with others

INTRODUCTION = """# Benchmarks

`make bench` measures this on your machine and writes this page. Contenders take turns within each
round, after a warm-up; times are medians with their tenth and ninetieth percentile. A ratio is the
median of the ratios within the rounds; beside it, of the least times, as on a machine that others
use too whoever takes longer is interrupted more often. Targets that were not reached are here too.
"""


def number(value: float) -> str:
    """Three digits, for people."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def section_text(name: str, section: dict[str, Any]) -> str:
    """One section as Markdown."""
    about = ", ".join(f"{key} {value}" for key, value in section["machine"].items())
    columns = list(next(iter(section["rows"].values())))
    lines = [f"## {section['title']}", "", f"{section['about']}. Measured on: {about}.", ""]
    if name in PICTURED:
        lines += [f"![{section['title']}: median times](benchmark-{name}.svg)", ""]
    lines += [f"| {section['unit']} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for row, values in section["rows"].items():
        cells = " | ".join(number(values[column]) for column in columns)
        lines.append(f"| {row} | {cells} |")
    lines += ["", "| ratio | median | of the least times | target | |", "|---|---|---|---|---|"]
    for ratio in section["ratios"]:
        unit, at_most = ratio["unit"], ratio["at_most"]
        reached = (ratio["median"] <= ratio["target"]) == at_most
        least = "" if ratio["least"] is None else number(ratio["least"]) + unit
        bound = f"{'at most' if at_most else 'at least'} {number(ratio['target'])}{unit}"
        mark = "reached" if reached else "**not reached**"
        lines.append(
            f"| {ratio['name']} | {number(ratio['median'])}{unit} | {least} | {bound} | {mark} |"
        )
    lines += [f"\nNot measured: {peer} ({why})." for peer, why in section["missing"].items()]
    return "\n".join(lines) + "\n"


def page(results: dict[str, Any]) -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(section_text(n, s) for n, s in results.items())])


def picture(section: dict[str, Any], path: Path) -> None:
    """Draw the medians of a section as bars."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    rows = section["rows"]
    names, medians = list(rows), [row["median"] for row in rows.values()]
    ends = [
        [row["median"] - row["p10"] for row in rows.values()],
        [row["p90"] - row["median"] for row in rows.values()],
    ]
    with plt.rc_context({"svg.hashsalt": "mnist-nb", "font.size": 10}):
        figure, axes = plt.subplots(figsize=(7.5, 0.36 * len(rows) + 0.9))
        colours = ["#e36209" if "ours" in n or n.startswith("kernel") else "#8c959f" for n in names]
        axes.barh(names, medians, xerr=ends, color=colours, ecolor="#57606a", height=0.65)
        axes.invert_yaxis()
        axes.set_xlabel(f"{section['unit']}, median; lines from p10 to p90")
        axes.spines[["top", "right"]].set_visible(False)
        if max(medians) > 20 * min(medians):
            axes.set_xscale("log")
        figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)


def write_page() -> None:
    """Write the page and its pictures."""
    results = json.loads(RESULTS.read_text())
    (DOCS / "benchmarks.md").write_text(page(results))
    for name in PICTURED:
        if name in results:
            picture(results[name], DOCS / f"benchmark-{name}.svg")


if __name__ == "__main__":
    write_page()
