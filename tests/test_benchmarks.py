"""The benchmarks run, their arithmetic is right, and the pages say what they measured."""

import json
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks import page, pen
from benchmarks.harness import Section, Target, ratio, rows, seconds, take_turns, target
from benchmarks.report import machine, now, reached, save, short, to_text

ROOT = Path(__file__).parents[1]
SECTION = Section(
    "Snails",
    "on wet grass",
    "ms",
    {"ours": {"p10": 1, "median": 2, "p90": 4}, "theirs": {"p10": 3, "median": 1234.5, "p90": 9}},
    [
        Target("ours / theirs", 0.5, 0.4, True, "", 0.3, 0.6, 0.35),
        Target("length", 7, 5, unit=" m"),
    ],
    {"tortoise": "asleep"},
)


def test_contenders_take_turns() -> None:
    said: list[str] = []
    times = take_turns({name: lambda name=name: said.append(name) for name in "ab"}, 3, 2, 1)
    assert "".join(said) == "ab" + 3 * "aabb"
    assert {name: len(values) for name, values in times.items()} == {"a": 3, "b": 3}


def test_a_turn_is_the_median_of_its_calls() -> None:
    took = iter([0.0, 9.0, 1.0, 2.0, 5.0, 3.0, 4.0])  # the first is the warm-up
    times = take_turns({"self-measured": lambda: next(took)}, 2, {"self-measured": 3}, 1)
    assert times == {"self-measured": [2.0, 4.0]}


def test_what_measures_itself_is_believed() -> None:
    assert seconds(lambda: 12.5) == 12.5
    assert 0 <= seconds(lambda: None) < 12.5


def test_ratios_are_taken_within_the_rounds() -> None:
    times = {"a": [2.0, 50.0, 2.0, 6.0, 5.0], "b": [1.0, 10.0, 1.0, 2.0, 2.0]}
    found = ratio(times, "a", "b", "a / b", 3, at_most=True)
    assert found.measured == 2.5
    assert ratio(times, "b", "a", "b / a", 3).measured == 0.4
    assert found.least == 2.0
    busy = {"a": [1.0, 10.0, 4.0], "b": [1.0, 5.0, 1.0]}
    assert ratio(busy, "a", "b", "a / b", 3).measured == 2.0  # of the medians it is 4


def test_rows_have_percentiles_in_the_unit() -> None:
    row = rows({"a": [n / 1000 for n in range(11)]}, 1e3)["a"]
    assert row == pytest.approx({"p10": 1, "median": 5, "p90": 9, "least": 0})
    spread = target("a", range(11), 5)
    assert (spread.p10, spread.measured, spread.p90) == (1, 5, 9)


@pytest.mark.parametrize(("at_most", "measured", "met"), [(True, 5, True), (False, 5, True)])
def test_a_bound_itself_is_reached(at_most: bool, measured: float, met: bool) -> None:
    exact = Target("t", measured, 5, at_most)
    assert reached(asdict(exact)) is met
    beyond = replace(exact, measured=5.01 if at_most else 4.99)
    assert reached(asdict(beyond)) is not met


def test_numbers_have_three_digits() -> None:
    assert [short(n) for n in (0.12345, 12.345, 999.4, 1234.5)] == ["0.123", "12.3", "999", "1,234"]


def test_events_are_matched_with_the_bars_that_know_of_them() -> None:
    noted = {
        "moved": [[100, 101], [110, 111], [120, 121]],
        "made": [[5, 1, 0, 0, 0], [6, 3, 0, 0, 0], [7, 3, 1, 0, 0], [8, 3, 3, 0, 0]],
        "painted": [[5, 125, 130], [6, 135, 140], [7, 150, 155], [8, 160, 170]],
    }
    assert pen.delays(noted, 0) == [30, 30, 20]
    assert pen.delays(noted, 1) == [55, 60, 50]


def test_phases_add_up_to_the_delay() -> None:
    noted = {
        "moved": [[100, 101], [110, 112]],
        "came": [0.104, 0.116],
        "made": [[4, 2, 0, 0.120, 0.126], [5, 2, 2, 0.127, 0.128]],
        "arrived": [[4, 130]],
        "painted": [[5, 131, 140]],  # 4 was overtaken before it was painted
    }
    (first, second) = pen.phases(noted)
    assert first == pytest.approx([1, 3, 16, 6, 4, 1, 9])
    assert second == pytest.approx([2, 4, 4, 6, 4, 1, 9])
    assert [sum(first), sum(second)] == pytest.approx(pen.delays(noted, 0))
    assert len(pen.PHASES) == 7


def test_targets_that_were_not_reached_are_said(tmp_path: Path) -> None:
    about = {"machine": machine(), "started": now(), "ended": now()}
    results = save(about, {"snails": SECTION}, tmp_path / "results.json")
    assert page.load(tmp_path / "results.json") == results
    for text in (page.page(results), to_text(SECTION)):
        assert "1,23" in text
        assert len(re.findall(r"NOT reached", text)) == 1
        assert len(re.findall(r"(?<!NOT )reached(?=[ \n]*(\||$))", text, re.MULTILINE)) == 1
        assert "asleep" in text
    shown = page.page(results)
    assert "| ours / theirs | 0.5 | 0.3 to 0.6 | 0.35 | at most 0.4 | **NOT reached** |" in shown
    assert "| length | 7 m |  |  | at least 5 m | reached |" in shown


@pytest.mark.edge
def test_a_quick_run_writes_to_its_folder_only(tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (ROOT / "docs").iterdir()}
    command = [sys.executable, "benchmarks", "numpy", "start", "--quick", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    assert set(results["sections"]) == {"numpy", "numpy batch", "start"}
    assert results["sections"]["numpy"]["rows"]["numpy, ours"]["median"] > 0
    assert results["sections"]["start"]["rows"]["LocalEdge ready"]["median"] > 100
    assert (tmp_path / "benchmarks.md").read_text() == page.page(results)
    assert page.readme_text(results) in (tmp_path / "README.md").read_text()
    assert {path: path.stat().st_mtime_ns for path in (ROOT / "docs").iterdir()} == before


def test_an_unknown_benchmark_is_named() -> None:
    command = [sys.executable, "benchmarks", "snails"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "no benchmark snails; there are numpy, kernel, edge, start, pen, lesson" in done.stderr


# --- what the pages say --------------------------------------------------------------------------


def test_readme_says_what_was_measured() -> None:
    text = page.README.read_text("utf-8")
    assert text.count(page.BEGIN) == text.count(page.END) == 1
    assert page.readme(text, page.load()) == text, "run `python -m benchmarks.page`"


def test_the_page_says_what_was_measured() -> None:
    results = page.load()
    assert page.PAGE.exists() == (results is not None)
    if results is not None:
        assert page.PAGE.read_text("utf-8") == page.page(results), "run `python -m benchmarks.page`"


def test_readme_has_no_other_speed() -> None:
    text = page.README.read_text("utf-8")
    start, end = text.index(page.BEGIN), text.index(page.END)
    speed = r"\d ?(?:ms|µs|us|milliseconds?|seconds?|s)\b|\d times|images (?:a|per) second"
    assert re.findall(speed, text[:start] + text[end:]) == []
