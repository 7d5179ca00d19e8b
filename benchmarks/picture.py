"""The picture of README: medians as bars, lines from p10 to p90."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt

from benchmarks.report import short

OURS, OTHERS, LINES = "#e36209", "#8c959f", "#57606a"
LONGEST = 12  # times the shortest bar
STYLE = {"svg.hashsalt": "mnist-nb", "font.size": 10}
OVERVIEW = {  # title, section, and the row of ours that comes first
    "One image, in Python": ("numpy", "numpy, ours"),
    "One image, in WebAssembly": ("kernel", "kernel"),
    "Pen to local bars": ("pen", "ours, +0 ms, here"),
}

Section = dict[str, Any]


def overview(sections: dict[str, Section], path: Path) -> None:
    """Draw what README shows: ours beside the others, from the code to the pen."""
    shown = []
    for title, (name, first) in OVERVIEW.items():
        section = sections[name]
        rows = {row: values for row, values in section["rows"].items() if "batch" not in row}
        if name == "pen":
            rows = {row: values for row, values in rows.items() if row.endswith("here")}
        shown.append((title, {first: rows[first]} | rows, section["unit"]))
    heights = [len(rows) + 1.6 for _, rows, _ in shown]
    with plt.rc_context(STYLE):
        figure, all_axes = plt.subplots(
            len(shown), 1, figsize=(7.5, 0.34 * sum(heights)), height_ratios=heights
        )
        for axes, (title, rows, unit) in zip(all_axes, shown, strict=True):
            _draw(axes, rows, unit)
            axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
        figure.tight_layout()
        figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)


def _draw(axes: Any, rows: dict[str, dict[str, float]], unit: str) -> None:
    # What is many times slower would make all others too short to compare: its bar is cut off.
    limit = LONGEST * min(row["median"] for row in rows.values())
    limit = min(limit, 1.05 * max(row["p90"] for row in rows.values()))
    axes.set_xlim(0, limit)
    for place, (name, row) in enumerate(rows.items()):
        is_ours = "ours" in name or "our bytes" in name or name == "kernel"
        axes.barh(place, min(row["median"], limit), color=OURS if is_ours else OTHERS, height=0.65)
        axes.hlines(place, row["p10"], min(row["p90"], limit), color=LINES, linewidth=1.2)
        cut = " (cut off)" if row["median"] > limit else ""
        said = f"{short(row['median'])} {unit}{cut}"
        axes.annotate(said, (1.01, place), xycoords=("axes fraction", "data"), va="center")
    axes.set_yticks(range(len(rows)), list(rows))
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(unit)
