"""Measure everything that a user feels, beside what else they could use: `make bench`.

    python benchmarks [NAME ...] [--quick]

Writes `results.json`, which README's numbers come from, and `docs/benchmarks.md`.
"""

import argparse
from importlib import import_module

from harness import RESULTS, save, to_text
from page import write_page

MODULES = {"numpy": "network", "kernel": "kernel", "edge": "edge", "start": "start", "pen": "pen"}
QUICK = {"network": 10, "kernel": 12, "edge": 10, "start": 2, "pen": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[[], *MODULES], help="all when none is given")
    parser.add_argument("--quick", action="store_true", help="few rounds, and nothing is written")
    options = parser.parse_args()
    for name in options.names or MODULES:
        module = import_module(MODULES[name])
        sections = module.measure(QUICK[MODULES[name]]) if options.quick else module.measure()
        for section in sections.values():
            print(to_text(section), flush=True)
        if not options.quick:
            save(sections)
    if not options.quick:
        write_page()
        print(f"written: {RESULTS.name} and docs/benchmarks.md")


if __name__ == "__main__":
    main()
