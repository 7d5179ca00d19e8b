"""Measure everything that a user feels, beside what else they could use: `make bench`.

    python benchmarks [NAME ...] [--quick] [--out DIR]

All of it writes `benchmarks/results.json`, `docs/benchmarks.md`, README's table and its
picture. A part of it, or --quick with few rounds, only prints, or writes all that into DIR.
"""

import argparse
import sys
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)  # of `python benchmarks`, so that this folder is a package too

from benchmarks.page import RESULTS, write_page  # noqa: E402
from benchmarks.report import machine, now, save, to_text  # noqa: E402

MODULES = {
    "numpy": "network",
    "kernel": "kernel",
    "edge": "edge",
    "start": "start",
    "pen": "pen",
    "lesson": "lesson",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog=__doc__.split("\n\n")[-1]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MODULES)}; or all")
    parser.add_argument("--quick", action="store_true", help="few rounds")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write there, not to the repository"
    )
    options = parser.parse_args()
    if unknown := set(options.names) - set(MODULES):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(MODULES)}")
    results, sections = {"machine": machine(), "started": now()}, {}
    for name in options.names or MODULES:
        start = time.monotonic()
        module = import_module(f"benchmarks.{MODULES[name]}")
        found = module.measure(**(module.QUICK if options.quick else {}))
        for section in found.values():
            print(to_text(section), flush=True)
        print(f"({name} took {time.monotonic() - start:.0f} s)\n", flush=True)
        sections |= found
    results["ended"] = now()
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    elif options.quick or options.names:
        print("Nothing is written: give a folder with --out, or run all of it in full.")
        return
    path = options.out / RESULTS.name if options.out else RESULTS
    kept = save(results, sections, path)
    print("written:", *(path, *write_page(kept, options.out)))


if __name__ == "__main__":
    main()
