"""Measured times as plots that say in words what they show, and as advice: here, or at the edge."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mnist_nb.comparison import (
    BELOW_NOISE,
    Load,
    Part,
    Split,
    Times,
    image_price,
    request_price,
)
from mnist_nb.lessons.bets import draw_bet
from mnist_nb.lessons.figures import HERE, THERE, THIRD, Shown, axes, drawn, picture, words
from mnist_nb.network import milliseconds as ms

EPS = float(np.finfo(np.float32).eps)  # the gap between 1 and the next float32
_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_COLORS = (HERE, THERE, THIRD, "#9b6bd3", "#c2527a")
_MARKS = ("o", "s", "^", "D", "v")


@drawn
def differences(differences: ArrayLike, title: str, bet: float | None = None) -> Shown:
    """Show a histogram of the largest difference in probability of each image, (N,).

    A `bet` is one on the largest of all.
    """
    from matplotlib.ticker import MaxNLocator

    found = np.asarray(differences, np.float64)
    zero = found == 0
    figure, (plot,) = axes()
    tiny = 1e-14
    low = np.floor(np.log10(max(found[~zero].min(), tiny))) if (~zero).any() else -8.0
    low = min(low, -11.0)  # room for the words beside the first line
    high = max(-6.0, np.ceil(np.log10(max(found.max(), bet or 0)))) if (~zero).any() else -6.0
    plot.hist(
        np.clip(found[~zero], tiny, None), bins=np.logspace(low, high, 60).tolist(), color=HERE
    )
    plot.set_xscale("log")
    plot.set_xlim(10**low, 10**high)
    less = "; the first bar stands for less, too" if (found[~zero] < tiny).any() else ""
    plot.set_xlabel(f"largest |Δp| of an image (no unit){less}")
    plot.set_ylabel("images")
    plot.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    plot.margins(y=0.16)  # room for the words
    mark: dict[str, Any] = dict(color=THERE, linestyle="--", linewidth=1.5)
    plot.axvline(EPS, **mark)
    side: dict[str, Any] = {"xytext": (-6, -4), "ha": "right"}
    plot.annotate("a step of float32 at 1: 1.2e-07", (EPS, 1), **side, **_at_top())
    if high > -5:
        plot.axvline(1e-5, **mark)
        plot.annotate("rounding ends here", (1e-5, 1), (6, -4), **_at_top())
    guessed = draw_bet(plot, None if bet is None else max(bet, 10**low))
    return picture(
        figure,
        title,
        f"Histogram of {len(found):,} images. Median {np.median(found):.1e}, largest "
        f"{found.max():.1e}; {int(zero.sum()):,} images have no difference at all, and are left "
        f"out of the bars. {int((found > 1e-5).sum()):,} differ by more than 1e-5.{guessed}",
    )


@drawn
def shares(series: Sequence[Times], title: str, bet: float | None = None) -> Shown:
    """Show which share of the calls took at most how long; log axis of milliseconds, as `bet`."""
    figure, (plot,) = axes(height=3.6 + 0.2 * -(-len(series) // 2))
    said = []
    for index, times in enumerate(series):
        ordered = np.sort(times.ms)
        share = np.arange(len(ordered) + 1) / len(ordered)
        color = _COLORS[index % len(_COLORS)]
        style = _STYLES[index % len(_STYLES)]
        p = times.percentiles
        label = f"{times.label} ({p.samples:,} call{'s' * (p.samples > 1)})"
        steps = np.append(ordered[0], ordered)  # from 0 up: one call is a line, too
        plot.step(steps, 100 * share, where="post", color=color, linestyle=style, label=label)
        plot.plot(
            (p.p50, p.p95, p.p99), (50, 95, 99), _MARKS[index % len(_MARKS)], color=color, ms=6
        )
        said.append(f"{times.label}: p50 {ms(p.p50)}, p95 {ms(p.p95)}, p99 {ms(p.p99)}")
    plot.set_xscale("log")
    _plain_ticks(plot.xaxis)
    plot.set_xlabel("time of a call (ms, each step of the axis is a factor)")
    plot.set_ylabel("share of calls that took at most this (%)")
    plot.set_ylim(0, 103)
    figure.legend(loc="outside lower center", ncols=2, fontsize=9.5)  # over no curve
    words = "; ".join(said) + ". The marks are p50, p95 and p99."
    return picture(figure, title, words + draw_bet(plot, bet))


@drawn
def batches(kinds: Sequence[Sequence[Times]], title: str) -> Shown:
    """Show time of a call and throughput against the number of images in a call."""
    figure, (left, right) = axes(2, height=3.7, width=9.2)
    said = []
    for index, series in enumerate(kinds):
        sizes = [times.batch for times in series]
        look: dict[str, Any] = {"color": _COLORS[index], "marker": _MARKS[index], "ms": 5}
        look["linestyle"] = _STYLES[index]
        p50 = [times.percentiles.p50 for times in series]
        p95 = [times.percentiles.p95 for times in series]
        left.plot(sizes, p50, label=f"{series[0].label}, p50", **look)
        left.fill_between(sizes, p50, p95, color=look["color"], alpha=0.18, linewidth=0)
        rate = [times.images_per_second for times in series]
        right.plot(sizes, rate, label=series[0].label, **look)
        said.append(
            f"{series[0].label}: {ms(p50[0])} for {sizes[0]} image, {ms(p50[-1])} for {sizes[-1]}; "
            f"{rate[0]:,.0f} to {max(rate):,.0f} images a second"
        )
    for plot in (left, right):
        plot.set_xscale("log", base=2)
        plot.set_yscale("log")
        _plain_ticks(plot.xaxis, decades=False)
        _plain_ticks(plot.yaxis)
        plot.set_xlabel("images in a call")
    left.set_ylabel("time of a call (ms); shade: p50 to p95")
    right.set_ylabel("throughput (images a second)")
    left.legend(loc="upper left", fontsize=9.5)
    return picture(figure, title, "; ".join(said) + ".")


@drawn
def parts(found: Split, title: str) -> Shown:
    """Show the parts of one request as bars, one below the other."""
    figure, (plot,) = axes(height=2.6)
    names = [part.name for part in found.parts]
    begin = 0.0
    total = sum(part.ms for part in found.parts)
    for index, part in enumerate(found.parts):
        color = (HERE, "#8a8a8a", THERE, "#c9a227", THIRD)[index % 5]
        plot.barh(part.name, part.ms, left=begin, color=color, height=0.65)
        # Beside the bar where there is room, else in it.
        at_left, inside = begin > 0.25 * total, part.ms > 0.6 * total
        plot.annotate(
            _part(part),
            (begin + part.ms / 2 if inside else begin if at_left else begin + part.ms, index),
            (0 if inside else -5 if at_left else 5, 0),
            textcoords="offset points",
            va="center",
            ha="center" if inside else "right" if at_left else "left",
            color="#111111" if inside else "black",
        )
        begin += part.ms
    plot.invert_yaxis()
    plot.grid(visible=False, axis="y")
    plot.set_xlim(0, total * 1.05)
    plot.set_xlabel("time since the call began (ms, medians one after the other)")
    assert names
    said = ", ".join(f"{part.name} {_part(part)}" for part in found.parts)
    return picture(figure, title, f"{said}; together {ms(total)}.")


def _part(part: Part) -> str:
    return ms(part.ms) if part.ms > 0 else BELOW_NOISE


@drawn
def prices(title: str) -> Shown:
    """Show what a million images cost beyond what is included, by the images in a request."""
    sizes = [2**n for n in range(11)]
    dollars = [price_of_million(size) for size in sizes]
    figure, (plot,) = axes(height=3.2)
    plot.plot(sizes, dollars, color=THERE, marker="o", ms=5, label="all of it")
    plot.axhline(image_price(), color=THIRD, linestyle="--", label="the kernel's share")
    plot.set_xscale("log", base=2)
    plot.set_yscale("log")
    _plain_ticks(plot.xaxis, decades=False)
    _plain_ticks(plot.yaxis)
    plot.set_xlabel("images in a request")
    plot.set_ylabel("US dollars for a million images")
    plot.legend(loc="upper right", fontsize=9.5)
    said = f"{dollars[0]:.2f} dollars with 1 image in a request, {dollars[-1]:.5f} with 1,024"
    return picture(figure, title, f"{said}; the kernel's share is {image_price():.5f} dollars.")


def price_of_million(batch: int) -> float:
    """Dollars for a million images in requests of `batch`, once all requests are paid for."""
    return request_price() / batch + image_price()


def month(images: float, batch: int) -> float:
    """Dollars for a month of so many images a day on the Paid plan, its 5 dollars included."""
    return sum(Load(images, batch).costs().values())


def break_even(here: Sequence[Times], there: Sequence[Times], rtt_ms: float = 0.0) -> int | None:
    """Return the smallest measured batch that the edge answers sooner, None when there is none.

    Args:
        here: times by batch size of this machine.
        there: those of the edge, for the same sizes.
        rtt_ms: milliseconds that distance adds to each call of the edge.
    """
    for ours, theirs in zip(here, there, strict=False):
        if theirs.percentiles.p50 + rtt_ms < ours.percentiles.p50:
            return ours.batch
    return None


def advice(
    warm_here: Times, warm_there: Times, here: Sequence[Times], there: Sequence[Times]
) -> Shown:
    """Return the conclusion in words, with the numbers that were measured.

    Args:
        warm_here: calls of one image on this machine.
        warm_there: the same at the edge.
        here: times by batch size of this machine.
        there: those of the edge.
    """
    ours, theirs = warm_here.percentiles, warm_there.percentiles
    more = theirs.p50 - ours.p50
    first = (
        f"One digit takes {ms(ours.p50)} here and {ms(theirs.p50)} at this edge (medians): the way "
        f"costs {ms(more)}, and a real distance comes on top."
        if more > 0
        else f"One digit takes {ms(ours.p50)} here and only {ms(theirs.p50)} at this edge "
        "(medians): this machine is slow or busy."
    )
    sizes = [(rtt, break_even(here, there, rtt)) for rtt in (0, 30, 90)]
    found = [f"from {size} images in a call at {rtt} ms" for rtt, size in sizes if size]
    never = [f"{rtt} ms" for rtt, size in sizes if not size]
    second = "The edge's kernel catches up with numpy " + (
        f"{', '.join(found)} of distance" if found else "at no batch size that was measured"
    )
    second += f"; not at {' and '.join(never)}." if found and never else "."
    second += " That holds for the processors of these two sides; a real data centre has others."
    return words(
        f"{first} {second}",
        "Take LOCAL where Python and the weights file can go: it answers soonest, works offline, "
        "costs nothing a request, and the drawing never leaves the machine.",
        "Take the EDGE where they cannot go, as in a phone or a web page; where one push has to "
        "reach everybody at once; or where many callers need an answer and none wants to run a "
        "server. Send many images in a request, as many as the plan lets it compute (Free: 10 ms, "
        f"some 50 images): a million cost {price_of_million(1):.2f} dollars "
        f"one by one and {price_of_million(256):.4f} in requests of 256.",
        "Either way the digits are the same: choose by time, cost and where the data may go, never "
        "by accuracy.",
        kind="result",
    )


def _at_top() -> dict[str, Any]:
    return {
        "xycoords": ("data", "axes fraction"),
        "textcoords": "offset points",
        "va": "top",
        "fontsize": 9.5,
    }


def _plain_ticks(axis: Any, decades: bool = True) -> None:
    """Numbers as people write them, 0.5 and 20, not powers of ten; three in each decade."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    if decades:
        axis.set_major_locator(LogLocator(10, (1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())
