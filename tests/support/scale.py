"""What a number of images a day takes at the edge and costs; docs/scale.md has its tables.

`python -m tests.support.scale` writes them there; test_scale.py holds the page to this file.
"""

from pathlib import Path

from mnist_nb.comparison.cost import (  # noqa: F401  # test_scale.py takes the prices from here
    BUSIEST,
    DAY,
    DAYS,
    DURABLE_REQUESTS,
    FREE_CPU_MS,
    FREE_GB_SECONDS,
    FREE_REQUESTS,
    GB_SECONDS,
    KERNEL_MS,
    LOOK_MS,
    OBJECT_GB,
    OBJECT_MS,
    PEAK,
    REGIONS,
    TTL_SECONDS,
    USED,
    WORKER_CPU_MS,
    WORKER_MS,
    WORKER_REQUESTS,
    Load,
    image_price,
    request_price,
)

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
LOG_GB = 50  # gigabytes of log that a month of the Paid plan includes
LOG_BYTES = 1000  # of one line with what the platform adds: ours is 200, the rest an upper estimate
LOADS = [Load(images, batch) for images in (1e3, 1e6, 1e9) for batch in (1, 32, 256)]


def short(number: float) -> str:
    """Three digits and a word."""
    for size, word in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{word}"
    return f"{number:.3g}"


def spell(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds < 3600 else f"{seconds / 3600:.3g} h"


def dollars(amount: float) -> str:
    return f"${amount:,.0f}" if amount >= 100 else f"${amount:.2f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def needs() -> str:
    """What each load takes."""
    head = ["images a day", "in a request", "requests a day", "`SHARDS`", "objects", "CPU a day"]
    head += ["CPU of a request", "R2 reads a day", "log sample"]
    rows = [
        [
            short(load.images),
            str(load.batch),
            short(load.requests),
            str(load.shards),
            str(load.objects),
            spell(load.requests * (WORKER_MS + load.object_ms) / 1000),
            f"{load.object_ms:.3g} ms",
            short(load.looks),
            f"{min(1.0, LOG_GB * 1e9 / (load.requests * DAYS * LOG_BYTES)):.2g}",
        ]
        for load in LOADS
    ]
    return table(head, rows)


def bills() -> str:
    """What each load costs a month."""
    head = ["images a day", "in a request", "Free plan", "Paid plan"]
    head += [name for name in LOADS[0].costs() if name != "plan"]
    rows = []
    for load in LOADS:
        costs = load.costs()
        total = sum(costs.values())
        parts = [dollars(cost) for name, cost in costs.items() if name != "plan"]
        paid = f"**{dollars(total)}**"
        rows.append([short(load.images), str(load.batch), load.free(), paid, *parts])
    return table(head, rows)


def parameters() -> str:
    """The numbers that are ours, with their values."""
    rows = [
        ["kernel, an image", f"{KERNEL_MS} ms"],
        ["Durable Object, a request beside the kernel", f"{OBJECT_MS} ms"],
        ["Worker, a request", f"{WORKER_MS} ms"],
        ["a look at the pointer, waiting", f"{LOOK_MS} ms"],
        ["`MODEL_TTL_SECONDS`", f"{TTL_SECONDS} s"],
        ["regions with traffic", str(REGIONS)],
        ["share of the busiest region", f"{BUSIEST:.0%}"],
        ["busiest second against the mean", f"{PEAK} x"],
        ["how far an object is filled then", f"{USED:.0%}"],
        ["a line of the log, as it is billed", f"{LOG_BYTES} bytes"],
    ]
    return table(["parameter", "value"], rows)


TABLES = {"parameters": parameters, "needs": needs, "bills": bills}


def filled(text: str) -> str:
    """The page with its tables computed anew; they stand between two comments each."""
    for name, compute in TABLES.items():
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        before, rest = text.split(begin)
        _, after = rest.split(end)
        text = f"{before}{begin}{compute()}{end}{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text()))
