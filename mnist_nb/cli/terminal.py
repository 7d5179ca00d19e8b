"""Answers and findings as text in a terminal, wide or narrow, with or without colours."""

import sys
from collections.abc import Iterator, Sequence
from textwrap import TextWrapper
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mnist_nb.cli.console import encodable
from mnist_nb.network import Answer, guess, milliseconds, percent, short, verdict

if TYPE_CHECKING:
    from mnist_nb.cli.classify import Report
    from mnist_nb.cli.doctor import Finding
    from mnist_nb.releases import Note, Release

LOCAL, EDGE = "blue", "dark_orange"  # one hue for each side, as in the lab
_PREVIEW = 28  # columns; two rows of pixels share a line
_BAR = 24  # columns of a bar where there is room
_EIGHTHS = " ▏▎▍▌▋▊▉"


def show(report: "Report", console: Console) -> None:
    """Print both answers side by side, as ten bars each."""
    shades = console.color_system in ("256", "truecolor")
    with_preview = shades and console.width >= _PREVIEW + 64
    room = console.width - (_PREVIEW + 3 if with_preview else 0)
    answers = Group(_bars(report, room, console), "", *_verdict(report))
    console.print(Text(encodable(str(report.path)), "bold", overflow="fold"))
    if with_preview:
        grid = Table.grid(padding=(0, 3, 0, 0))
        grid.add_row(preview(report.image), answers)
        console.print(grid)
    else:
        console.print(answers)
    console.print()


def show_reading(reports: "Sequence[Report]", console: Console) -> None:
    """Print what several digits of a picture are, in reading order; `?` where one is not sure."""
    if len(reports) > 1:
        digits = [report.local.label + "?" * (not report.local.is_sure) for report in reports]
        line = Text.assemble((f"{len(reports)} digits: ", "bold"), " ".join(digits))
        console.print(line, end="\n\n")


def _bars(report: "Report", room: int, console: Console) -> RenderableType:
    sides = [(report.local, "here", LOCAL)]
    if report.edge:
        sides.append((report.edge, "edge", EDGE))
    # Beside the bars: two columns for the digit, and nine for a number with its margins.
    width = min(_BAR, max(4, (room - 2) // len(sides) - 9))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    for _ in sides:
        table.add_column(no_wrap=True, width=width)
        table.add_column(no_wrap=True, justify="right")
    table.add_row("", *(t for _, head, color in sides for t in (Text(head, f"bold {color}"), "")))
    for index, label in enumerate(report.local.labels):
        cells = []
        for side, _, color in sides:
            p = float(side.probabilities[index])
            weight = "bold" if index == side.index else ""
            cells += [Text(bar(p, width, _is_plain(console)), color), Text(f"{p:.3f}", weight)]
        table.add_row(Text(encodable(label), "bold" if index == report.local.index else ""), *cells)
    return table


def _verdict(report: "Report") -> Iterator[Text]:
    yield _answer("here", LOCAL, report.local)
    if report.edge is None:
        return
    yield _answer("edge", EDGE, report.edge)
    said = verdict(report.local, report.edge)
    color = {"agree": "green", "disagree": "red"}.get(said.kind, "yellow")
    line = Text(encodable(f"{said.head}. "), f"bold {color}")
    yield line.append(encodable(said.detail), "not bold default")


def _answer(head: str, color: str, answer: Answer) -> Text:
    model = f"{answer.name} {short(answer.sha256)}".strip() or "unknown weights"
    says = answer.label if answer.is_sure else f"not sure, {guess(answer)}".removesuffix(", ")
    numbers = f"{percent(answer.probability)}  {milliseconds(answer.ms)}"
    return Text.assemble(
        (encodable(f"{head}  {says}"), f"bold {color}"),
        encodable(f"  {numbers}  {model}  {answer.place}"),
    )


def bar(share: float, width: int, plain: bool = False) -> str:
    """A bar for a share 0..1 of `width` columns, to an eighth of a column; `plain` is ASCII.

    Examples:
        >>> bar(0.5, 5), bar(0.5, 4, plain=True)
        ('██▌', '##')
    """
    if plain:
        return "#" * round(share * width)
    eighths = round(min(max(share, 0), 1) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def preview(image: NDArray[np.uint8]) -> Text:
    """The uint8 (28, 28) image as half blocks, what both networks saw."""
    text = Text(no_wrap=True)
    for upper, lower in zip(image[::2], image[1::2], strict=True):
        for top, bottom in zip(upper, lower, strict=True):
            text.append("▀", f"rgb({top},{top},{top}) on rgb({bottom},{bottom},{bottom})")
        text.append("\n")
    return text


def _is_plain(console: Console) -> bool:
    return not console.encoding.lower().startswith("utf")


def show_finding(finding: "Finding", console: Console) -> None:
    """Print one line for a check, and below it what to do when it did not pass."""
    margin = " " * 17
    # Wrapped for a terminal only, so that each check is one line to grep.
    wrap = TextWrapper(
        width=console.width if console.is_terminal else sys.maxsize,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    lines = wrap.fill(encodable(f"{finding.state:6}{finding.name:9}  {finding.detail}"))
    text = Text(lines)
    text.stylize({"ok": "green", "note": "yellow", "fail": "bold red"}[finding.state], 0, 4)
    if finding.remedy:
        wrap.initial_indent = margin
        text.append("\n" + wrap.fill(encodable(finding.remedy)), "italic")
    console.print(text, soft_wrap=True)


def show_releases(releases: "Sequence[Release]", console: Console) -> None:
    """Print one line for a release; narrow terminals lose what training measured."""
    from mnist_nb.releases import megabytes

    if not releases:
        console.print("nothing was pushed yet")
        return
    if not console.is_terminal:
        console.width = 200  # a pipe gets whole lines
    table = Table.grid(padding=(0, 2, 0, 0))
    for release in releases:
        numbers = ", ".join(
            f"{name} {value:g}"
            for name, value in release.metrics.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        )
        cells = [
            Text("current" if release.is_current else "", "bold green"),
            Text(release.sha256[:8], EDGE),
            Text(encodable(release.pushed_at)),
            Text(megabytes(release.bytes)),
            Text(encodable(release.name), overflow="ellipsis", no_wrap=True),
        ]
        if console.width >= 100:
            cells.append(Text(encodable(numbers), "dim", overflow="ellipsis", no_wrap=True))
        table.add_row(*cells)
    console.print(table)


def show_history(notes: "Sequence[Note]", console: Console) -> None:
    """Print one line for each move of the pointer, and what was said of it below."""
    if not notes:
        console.print("nothing was decided yet")
    for note in notes:
        if note.trouble:
            console.print(Text(encodable(f"damaged: {note.trouble}"), "yellow"), soft_wrap=True)
            continue
        line = Text.assemble(
            (encodable(f"{note.what:9}"), "bold"),
            (encodable(note.sha256[:8]), EDGE),
            encodable(f"  {note.when[:19]}Z  {note.who}  {note.name}"),
        )
        told = (
            "forced" if note.forced else "",
            f"in place of {note.before[:8]}" if note.before else "",
            f"from commit {note.commit[:12]}" if note.commit else "",
            note.why,
        )
        line.append(encodable("\n           " + "; ".join(filter(None, told))), "dim")
        console.print(line, soft_wrap=True)
