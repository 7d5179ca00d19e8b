"""From measured times to a plain answer: when here, when at the edge."""

from collections.abc import Sequence

from mnist_nb.comparison import Times
from mnist_nb.lessons.figures import Shown, ms, words
from mnist_nb.lessons.latency_plots import price_of_million


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
    return words(
        f"{first} {second}",
        "Take LOCAL where Python and the weights file can go: it answers soonest, works offline, "
        "costs nothing a request, and the drawing never leaves the machine.",
        "Take the EDGE where they cannot go, as in a phone or a web page; where one push has to "
        "reach everybody at once; or where many callers need an answer and none wants to run a "
        f"server. Send many images in a request: a million cost {price_of_million(1):.2f} dollars "
        f"one by one and {price_of_million(256):.4f} in requests of 256.",
        "Either way the digits are the same: choose by time, cost and where the data may go, never "
        "by accuracy.",
        kind="result",
    )
