"""What is kept of a run: `results.json`, with the machine it ran on; and tables for a terminal."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.harness import HERE, Section

PACKAGES = ("numpy", "onnxruntime", "torch", "jupyterlab", "ipykernel", "ipycanvas", "httpx")
NPM_PACKAGES = (  # the folder that has it, and its name
    "deploy/wrangler",
    "deploy/workerd",
    "benchmarks/onnxruntime-web",
    "benchmarks/@tensorflow/tfjs-core",
)


def machine() -> dict[str, str]:
    """Return what the numbers depend on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].partition(":")[2].strip() if models else cpu
    found = {"cpu": f"{cpu}, {os.cpu_count()} cores"}
    found |= {"system": platform.system(), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    for name in NPM_PACKAGES:
        file = HERE.parent / name.replace("/", "/node_modules/", 1) / "package.json"
        if file.exists():
            found[file.parent.name] = json.loads(file.read_text())["version"]
    return found


def now() -> dict[str, str]:
    """Return the time and how busy the machine is."""
    load = f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"
    return {"date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), "load": load}


def save(results: Mapping[str, Any], sections: Mapping[str, Section], path: Path) -> dict[str, Any]:
    """Write what was measured, and return it as it will be read."""
    found = {name: asdict(section) for name, section in sections.items()}
    text = json.dumps({**results, "sections": found}, indent=1)
    path.write_text(text + "\n")
    return dict(json.loads(text))


def short(number: float) -> str:
    """Three digits, for people."""
    return f"{number:.3g}" if abs(number) < 1000 else f"{number:,.0f}"


def reached(target: Mapping[str, Any]) -> bool:
    """Is a target of `results.json` reached?"""
    measured, bound = target["measured"], target["bound"]
    return bool(measured <= bound if target["at_most"] else measured >= bound)


def bound(target: Mapping[str, Any]) -> str:
    """What a target asks for, in words."""
    return (
        f"{'at most' if target['at_most'] else 'at least'} {short(target['bound'])}"
        + (target["unit"])
    )


def to_text(section: Section) -> str:
    """Return a section as a table for a terminal."""
    names = [*section.rows, *(target.name for target in section.targets)]
    width = max(map(len, names), default=0) + 2
    columns = list(next(iter(section.rows.values()), {}))
    lines = [section.title, f"{section.unit:{width}}" + "".join(f"{c:>10}" for c in columns)]
    for name, row in section.rows.items():
        lines.append(f"{name:{width}}" + "".join(f"{short(row[c]):>10}" for c in columns))
    for target in map(asdict, section.targets):
        mark = "reached" if reached(target) else "NOT reached"
        measured = short(target["measured"]) + target["unit"]
        lines.append(f"{target['name']:{width}}{measured:>10}  {bound(target)}: {mark}")
    lines += [f"{name}: not measured: {why}" for name, why in section.missing.items()]
    return "\n".join(lines) + "\n"
