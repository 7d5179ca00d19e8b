"""How the commands talk: paragraphs on stderr, lines that go away, JSON where it is asked for."""

import io
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

_PLAIN = str.maketrans(
    {"├": "|", "└": "`", "─": "-", "…": "...", "×": "x", "⁻": "^-", "\N{NO-BREAK SPACE}": " "}
    | dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
)
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def never_stumble() -> None:
    """Have the output escape what its encoding lacks, a file's name or a network's, not fail."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # stderr is so by itself
        sys.stdout.reconfigure(errors="backslashreplace")


def console(stderr: bool = False) -> "Console":
    """A terminal that shows text as it is."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def say(text: str, style: str = "") -> None:
    """Print a paragraph to stderr; only a terminal gets it wrapped."""
    out = console(stderr=True)
    out.print(encodable(text), style=style, soft_wrap=not out.is_terminal)


@contextmanager
def talking(as_json: bool) -> Iterator[dict[str, Any]]:
    """How a step talks: `say` prints for good, `progress` is a line that goes away."""
    with console(stderr=True).status("") as status, warnings.catch_warnings():
        # What is done, but not in full: a sentence, as all else, and not a line of Python.
        warnings.showwarning = lambda message, *_, **__: say(str(message), "yellow")

        def tell(text: str) -> None:
            status.stop()  # else its line would stay among the text
            click.echo(encodable(text), err=as_json)
            status.start()

        yield {"say": tell, "progress": status.update}


@contextmanager
def bringing(what: str) -> Iterator[Callable[[float], None]]:
    """A bar that appears with the first part that is done, and goes away at the end."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    text = f"Bringing {what}, once ..."
    columns = (TextColumn(text), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console(stderr=True), transient=True)
    task = bar.add_task(text, total=1.0)
    begun = False

    def report(done: float) -> None:
        nonlocal begun
        if not begun:
            begun = True
            if bar.console.is_terminal:
                bar.start()
            else:
                say(text)
        bar.update(task, completed=done)

    try:
        yield report
    finally:
        if begun and bar.console.is_terminal:
            bar.stop()


def encodable(text: str) -> str:
    r"""The text in what a terminal can show; trees and powers are in ASCII where they must be.

    Escaped are letters that its encoding lacks, and what would colour it or move its cursor: a
    network's name comes from whoever trained it, or from a foreign edge.

    Examples:
        >>> print(encodable("a \x1b[2J b"))
        a \x1b[2J b
    """
    text = _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    encoding = sys.stdout.encoding or "utf-8"
    if not encoding.lower().startswith("utf"):
        text = text.translate(_PLAIN)
    return text.encode(encoding, "backslashreplace").decode(encoding)
