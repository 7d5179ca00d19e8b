"""What the notebooks show beside text: plots, tables and progress, for eyes and for screen readers.

A plot is drawn by matplotlib and put into the page as SVG whose text and lines take the colour of
the page, so that it reads in a light and in a dark theme. Each has a description in words: that is
its text for screen readers, and what a front end without HTML shows.
"""

import io
import re
import time
from collections.abc import Callable, Sequence
from functools import wraps
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ParamSpec

if TYPE_CHECKING:  # matplotlib takes half a second to load
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HERE, THERE, THIRD = "#2f7fd6", "#d97706", "#2a9d6f"  # this machine, the edge, and one more
INK = "#123456"  # stands for the colour of the page's text
_DOTS = 96  # per inch, as CSS has it
_EVERY = 0.1  # seconds between two updates of a progress bar
P = ParamSpec("P")


class Shown:
    """HTML for a cell's output, with the same in words.

    Attributes:
        html: what a notebook shows; everything in it is escaped already.
        text: the same for those who do not see it.
    """

    def __init__(self, html: str, text: str) -> None:
        self.html, self.text = html, text

    @property
    def page(self) -> str:
        """The HTML with the style sheet that it needs."""
        return f"<style>{css()}</style>{self.html}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.page, "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


def drawn(draw: Callable[P, Shown]) -> Callable[P, Shown]:
    """Decorate what draws a plot: where matplotlib is missing it says so, and a cell goes on."""

    @wraps(draw)
    def shown(*args: P.args, **kwargs: P.kwargs) -> Shown:
        try:
            return draw(*args, **kwargs)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "matplotlib":
                raise
            return words(
                "A plot would be here, but this Python has no matplotlib. Go on below: nothing else"
                " needs it."
            )

    return shown


def axes(
    columns: int = 1, height: float = 3.4, width: float = 8.6, **kwargs: Any
) -> "tuple[Figure, list[Axes]]":
    """Return an empty figure of so many plots side by side; sizes in inches of 96 pixels.

    Further arguments are those of `Figure.subplots`.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    style: Any = {
        "font.size": 10.5,
        "font.family": "DejaVu Sans",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.18,
        "grid.linewidth": 0.8,
        "axes.axisbelow": True,
        "lines.linewidth": 2,
        "legend.frameon": False,
        "mathtext.default": "regular",
    }
    colors = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    style |= dict.fromkeys((*colors, "grid.color"), INK)
    with rc_context(style):
        figure = Figure(figsize=(width, height), dpi=_DOTS, layout="constrained")
        plots = figure.subplots(1, columns, squeeze=False, **kwargs)
    return figure, list(plots[0])


def picture(figure: "Figure", title: str, description: str) -> Shown:
    """Turn a figure into what a cell can show.

    Args:
        figure: from `axes`.
        title: one line above it.
        description: what can be seen in it, in words and with its numbers.
    """
    from matplotlib import rc_context
    from matplotlib.legend import Legend
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        if text.get_color() == "black":  # what was written since `axes`
            text.set_color(INK)
    for legend in figure.findobj(Legend):
        legend.set_frame_on(False)
    out = io.StringIO()
    with rc_context({"svg.fonttype": "none"}):  # text stays text
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # a page has many figures, and an id must be unique
    svg = re.sub(r"'DejaVu Sans'", "var(--jp-ui-font-family, system-ui), sans-serif", svg)
    width = round(figure.get_figwidth() * _DOTS)
    label = escape(f"{title}. {description}", quote=True)
    svg = re.sub(
        r"<svg [^>]*?(viewBox=\"[^\"]*\")[^>]*>",
        rf'<svg \1 width="{width}" role="img" aria-label="{_no_groups(label)}" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">',
        svg,
        count=1,
    )
    html = f'<figure class="mnist-nb-figure"><figcaption>{escape(title)}</figcaption>{svg}</figure>'
    return Shown(html, f"{title}. {description}")


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[object]], note: str = ""
) -> Shown:
    """Return a table: the first column names the row; columns of numbers end at the right."""
    words = [not all(_is_number(row[i]) for row in rows) for i in range(len(head))]
    left = [' class="is-word"' if word else "" for word in words]
    named = zip(left, head, strict=True)
    top = "".join(
        f'<th scope="col"{where}>{escape(cell)}</th>' if cell else f"<td{where}></td>"
        for where, cell in named
    )
    body = ""
    for first, *others in rows:
        placed = zip(left[1:], others, strict=True)
        cells = "".join(f"<td{where}>{escape(str(cell))}</td>" for where, cell in placed)
        body += f'<tr><th scope="row">{escape(str(first))}</th>{cells}</tr>'
    under = f'<p class="mnist-nb-note">{escape(note)}</p>' if note else ""
    html = (
        '<div class="mnist-nb-table"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead>"
        f"<tbody>{body}</tbody></table>{under}</div>"
    )
    lines = [" | ".join(map(str, row)) for row in (head, *rows)]
    return Shown(html, "\n".join([caption, *lines, *([note] if note else [])]))


def words(*paragraphs: str, kind: str = "note") -> Shown:
    """Return paragraphs in a frame; `kind` is "note" or "result"."""
    html = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return Shown(
        f'<div class="mnist-nb-words is-{escape(kind)}">{html}</div>', "\n".join(paragraphs)
    )


class Progress:
    """A progress bar under the cell: `progress(done, total)` moves it; in a `with`.

    It needs no widget, so it also works where a front end has none.

    Args:
        what: what is being done, said beside the bar.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._handle: Any = None
        self._last = float("-inf")
        self._done = self._total = 0

    def __enter__(self) -> "Progress":
        from IPython.display import display

        self._handle = display(self._bar("…"), display_id=True)  # type: ignore[no-untyped-call]
        return self

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` are done; the bar moves ten times a second at most."""
        self._done, self._total = done, total
        now = time.monotonic()
        if now - self._last >= _EVERY:
            self._last = now
            self._update(self._bar(f"{done:,} of {total:,}"))

    def __exit__(self, kind: object, *_: object) -> None:
        state = "stopped after" if kind else "done:"
        self._update(self._bar(f"{state} {self._done:,} of {self._total:,}"))

    def _update(self, shown: Shown) -> None:
        if self._handle is not None:  # there is none outside of a notebook
            self._handle.update(shown)

    def _bar(self, state: str) -> Shown:
        what = escape(self.what)
        numbers = f' value="{self._done}" max="{self._total}"' if self._total else ""
        html = (
            f'<div class="mnist-nb-progress"><progress aria-label="{escape(self.what, True)}"'
            f"{numbers}></progress><span>{what}: {escape(state)}</span></div>"
        )
        return Shown(html, f"{self.what}: {state}")


def _is_number(cell: object) -> bool:
    return re.fullmatch(r"[$]?[\d.,/\s%e+-]*", str(cell)) is not None


def css() -> str:
    """Return the style sheet of all that is shown here."""
    return files("mnist_nb.lessons").joinpath("figures.css").read_text(encoding="utf-8")


def _no_groups(text: str) -> str:
    return text.replace("\\", "\\\\")  # re.sub reads \1 in its replacement
