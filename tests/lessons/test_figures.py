"""Plots, tables and progress bars: what the page gets, and what a screen reader gets."""

import importlib
import re
import sys
from xml.etree import ElementTree

import pytest

from mnist_nb.lessons.figures import INK, Progress, Shown, axes, drawn, picture, table, words
from mnist_nb.lessons.latency import prices


def test_a_plot_takes_the_colour_of_the_page_and_is_named() -> None:
    figure, (plot,) = axes()
    plot.plot([1, 2], [1, 2], label="a line")
    plot.legend()
    plot.annotate("written later", (1, 1))
    plot.set_xlabel("time (ms)")
    shown = picture(figure, 'T "1" & \\2', "It <rises>.")
    svg = shown.html[shown.html.index("<svg") : shown.html.index("</figure>")]
    root = ElementTree.fromstring(svg)  # well-formed
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'T "1" & \\2. It <rises>.'
    assert "viewBox" in root.attrib
    assert INK not in svg
    assert "currentColor" in svg
    texts = {"".join(e.itertext()).strip(): e.get("style") for e in root.iter() if "text" in e.tag}
    for text in ("time (ms)", "a line", "written later"):
        assert "currentColor" in str(texts[text]), text
    assert not re.findall(r'<g [^>]*id="', svg)
    assert shown.text == repr(shown) == 'T "1" & \\2. It <rises>.'
    assert shown._repr_mimebundle_()["text/plain"] == shown.text


def test_two_figures_on_a_page_share_no_id() -> None:
    ids = []
    for _ in range(2):
        figure, (plot,) = axes()
        plot.plot([1, 2, 3], [1, 4, 9], marker="o")
        ids.append(set(re.findall(r' id="([^"]+)"', picture(figure, "T", "D").html)))
    assert ids[0]
    assert not ids[0] & ids[1]


def test_a_table_aligns_numbers_and_escapes_words() -> None:
    shown = table("C <b>", ["who", "ms", "how"], [["x", "1.5", "by <hand>"], ["y", "12 %", "z"]])
    assert (
        '<th scope="row">x</th><td>1.5</td><td class="is-word">by &lt;hand&gt;</td>' in shown.html
    )
    assert "<caption>C &lt;b&gt;</caption>" in shown.html
    assert shown.text.splitlines() == [
        "C <b>",
        "who | ms | how",
        "x | 1.5 | by <hand>",
        "y | 12 % | z",
    ]
    assert "&lt;i&gt;" in words("<i>").html


def test_progress_moves_and_ends() -> None:
    bar = Progress("Things <b>")
    updates: list[Shown] = []
    bar._handle = type("Handle", (), {"update": updates.append})
    bar(1, 4)
    bar(2, 4)  # too soon to be shown
    bar.__exit__(KeyError)
    assert [shown.text for shown in updates] == [
        "Things <b>: 1 of 4",
        "Things <b>: stopped after 2 of 4",
    ]
    assert 'aria-label="Things &lt;b&gt;" value="1" max="4"' in updates[0].html


def test_importing_figures_does_not_load_matplotlib() -> None:
    import subprocess

    code = "import sys, mnist_nb.lessons.figures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_where_matplotlib_is_missing_a_plot_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert "no matplotlib" in prices("A million images").text
    monkeypatch.setitem(sys.modules, "io", None)
    with pytest.raises(ModuleNotFoundError, match="io"):  # what else is missing is a fault of ours
        drawn(lambda: importlib.import_module("io"))()
