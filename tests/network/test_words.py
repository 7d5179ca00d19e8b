"""Python and the page say the same: both against one table, `tests/support/words.json`."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_nb.local_edge.node import find_node
from mnist_nb.network import Answer, difference, milliseconds, percent, verdict
from tests.support.bundle import bundle

TABLE: dict[str, list[Any]] = json.loads(
    (Path(__file__).parents[1] / "support/words.json").read_text(encoding="utf-8")
)
NUMBERS = {"percent": percent, "milliseconds": milliseconds, "difference": difference}
PAGE = """
import { verdict, type Answer } from "./verdict";
import * as words from "./words";
declare const process: any;
const table = JSON.parse(process.getBuiltinModule("node:fs").readFileSync(0, "utf8"));
const float32 = (numbers: number[] | null) => numbers && Float32Array.from(numbers);
const answer = (plain: any): Answer | null => plain && {
    probabilities: float32(plain.probabilities),
    notSureBelow: plain.not_sure_below,
    sha256: plain.sha256,
};
const said: Record<string, unknown> = {
    verdict: table.verdict.map(({ here, edge, twin, said, ...more }: any) =>
        verdict({ here: answer(here), edge: answer(edge), twin: float32(twin), ...more })),
};
for (const name of ["percent", "milliseconds", "difference"] as const) {
    said[name] = table[name].map(([value]: [number]) => words[name](value));
}
console.log(JSON.stringify(said));
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What words.ts and verdict.ts make of the table."""
    script = bundle(PAGE, tmp_path_factory.mktemp("page") / "words.js")
    run = subprocess.run(
        [find_node(), script],
        input=json.dumps(TABLE).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    return json.loads(run.stdout)  # type: ignore[no-any-return]


def answer(plain: dict[str, Any]) -> Answer:
    return Answer(**{**plain, "probabilities": np.array(plain["probabilities"], np.float32)})


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name: str, page: dict[str, list[str]]) -> None:
    assert TABLE[name] == [[value, NUMBERS[name](value)] for value, _ in TABLE[name]]
    assert page[name] == [said for _, said in TABLE[name]]


# The terminal has both answers to one image; the others are of a pen that moves.
BOTH = [c for c in TABLE["verdict"] if c["here"] and c["edge"] and not c["twin"] and "who" not in c]


@pytest.mark.parametrize("case", BOTH, ids=lambda case: case["name"])
def test_verdict_in_python(case: dict[str, Any]) -> None:
    said = verdict(answer(case["here"]), answer(case["edge"]))
    expected = {k: v for k, v in case["said"].items() if k != "chips"}  # those are the page's
    assert vars(said) == expected


@pytest.mark.parametrize("index", range(len(TABLE["verdict"])))
def test_verdict_on_the_page(index: int, page: dict[str, list[Any]]) -> None:
    case, said = TABLE["verdict"][index], page["verdict"][index]
    chips = "".join(f"{chip['label']} {chip['side']} " for chip in said["chips"]).strip()
    assert {**said, "chips": chips} == case["said"], case["name"]
