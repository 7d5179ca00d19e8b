"""Turn `results.json` into `docs/benchmarks.md`, README's table and its picture.

A test holds both texts to the file.
"""

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.harness import HERE
from benchmarks.report import bound, reached, short

ROOT = HERE.parent
RESULTS, PAGE, README = HERE / "results.json", ROOT / "docs/benchmarks.md", ROOT / "README.md"
BEGIN, END = "<!-- numbers of `make bench` -->", "<!-- end of the numbers -->"

INTRODUCTION = """# Benchmarks

`make bench` measures this, in one run, and writes this page; its numbers are in
`benchmarks/results.json`. Contenders take turns within each round, after a warm-up. Times are
medians with their tenth and ninetieth percentile. A ratio is the median of the ratios within the
rounds; beside it stands that of the least times, as on a busy machine whoever takes longer is
interrupted more often. Targets that were not reached are here too.
"""

Results = dict[str, Any]


def page(results: Results) -> str:
    """The whole page."""
    sections = results["sections"]
    return "\n".join(
        [
            INTRODUCTION,
            f"{machine_text(results)}\n",
            targets_text(sections),
            *(section_text(section) for section in sections.values()),
        ]
    )


def machine_text(results: Results) -> str:
    """Where and when it was measured."""
    before, after = results["started"], results["ended"]
    about = ", ".join(
        value if key in ("cpu", "system") else f"{key} {value}"
        for key, value in results["machine"].items()
    )
    return (
        f"Measured on {before['date']}: {about}. Load average of the machine {before['load']} "
        f"at the start, {after['load']} at the end."
    )


def targets_text(sections: Results) -> str:
    """All targets in one table."""
    lines = [
        "## Targets",
        "",
        "| what | measured | p10 to p90 | least times | target | |",
        "|---|---|---|---|---|---|",
    ]
    for section in sections.values():
        for target in section["targets"]:
            unit = target["unit"]
            spread = ""
            if target["p10"] is not None:
                spread = f"{short(target['p10'])} to {short(target['p90'])}{unit}"
            least = "" if target["least"] is None else short(target["least"]) + unit
            mark = "reached" if reached(target) else "**NOT reached**"
            lines.append(
                f"| {target['name']} | {short(target['measured'])}{unit} | {spread} | {least} "
                f"| {bound(target)} | {mark} |"
            )
    return "\n".join(lines) + "\n"


def section_text(section: Results) -> str:
    """One section: what each contender took."""
    lines = [f"## {section['title']}", "", f"{sentence(section['about'])}.", ""]
    columns = list(next(iter(section["rows"].values())))
    lines += [f"| {section['unit']} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for row, values in section["rows"].items():
        lines.append(f"| {row} | {' | '.join(short(values[column]) for column in columns)} |")
    lines += [f"\nNot measured: {peer} ({why})." for peer, why in section["missing"].items()]
    return "\n".join(lines) + "\n"


def sentence(text: str) -> str:
    """With a capital letter."""
    return text[:1].upper() + text[1:]


# What README shows: of each line the section, our row, and the one that users would pick instead.
SHOWN = (
    ("one image, numpy", "numpy", "numpy, ours", "onnxruntime, 1 thread"),
    ("one image, numpy", "numpy", "numpy, ours", "PyTorch eager, 1 thread"),
    ("256 images, numpy, each", "numpy batch", "numpy, ours", "onnxruntime, 1 thread"),
    ("one image, the edge's kernel", "kernel", "kernel", "onnxruntime-web"),
    ("one image, the edge's kernel", "kernel", "kernel", "tfjs, wasm"),
    (
        "one image there and back, local edge",
        "edge",
        "LocalEdge, our bytes",
        "wrangler dev, the original's JSON",
    ),
    ("pen to local bars", "pen", "ours, +0 ms, here", "naive, +0 ms, here"),
    ("pen to local bars, edge 80 ms away", "pen", "ours, +80 ms, here", "naive, +80 ms, here"),
)


def readme_text(results: Results | None) -> str:
    """The part of README between its two marks; nothing when nothing was measured."""
    if results is None:
        return ""
    lines = ["## How fast", "", "| median | mnist-nb | instead | |", "|---|---|---|---|"]
    for what, name, ours, theirs in SHOWN:
        section = results["sections"].get(name, {"rows": {}})
        if theirs in section["rows"]:
            us, them = (section["rows"][row]["median"] for row in (ours, theirs))
            unit = section["unit"]
            peer = theirs.removesuffix(", here").replace("naive, +0 ms", "a naive widget loop")
            peer = peer.replace("naive, +80 ms", "a naive widget loop")
            lines.append(f"| {what} | {short(us)} {unit} | {peer} | {short(them)} {unit} |")
    lines += [
        "",
        "![Medians of mnist-nb beside what one could use instead](docs/benchmark-overview.svg)",
        "",
        f"{sentence(results['machine']['cpu'])}; its browser paints without a graphics card.",
        "`make bench` measures all of it on your machine. [All numbers](docs/benchmarks.md) tell",
        "also which targets were not reached.",
    ]
    return "\n".join(lines) + "\n"


def readme(text: str, results: Results | None) -> str:
    """README with this part anew."""
    part = f"{BEGIN}\n{readme_text(results)}{END}"
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: part, text, flags=re.DOTALL)


def write_page(results: Results, out: Path | None) -> list[Path]:
    """Write the page, README's part and its picture; all into one folder when it is given."""
    from benchmarks.picture import overview

    docs = out or PAGE.parent
    written = [docs / PAGE.name]
    written[0].write_text(page(results))
    if {"numpy", "kernel", "pen"} <= set(results["sections"]):
        written.append(docs / "benchmark-overview.svg")
        overview(results["sections"], written[-1])
    target = README if out is None else out / README.name
    target.write_text(readme(README.read_text("utf-8"), results))
    return [*written, target]


def load(path: Path = RESULTS) -> Results | None:
    """What was measured last, None when nothing was."""
    return dict(json.loads(path.read_text())) if path.exists() else None


if __name__ == "__main__":  # after a change of the words, not of the numbers
    measured = load()
    if measured is None:
        raise SystemExit(f"there is no {RESULTS.name}: run `make bench`")
    write_page(measured, None)
