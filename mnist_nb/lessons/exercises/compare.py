"""The exercises of `03_local_vs_edge`."""

import math
from typing import Any

from mnist_nb.comparison import image_price, request_price
from mnist_nb.lessons.exercises.exercise import Off, number


def _page_of_twenty(answer: Any) -> str:
    found, exact = number(answer), 100 * 0.5 ** (1 / 20)
    if abs(found - exact / 100) < 1e-3:
        raise Off("that is a share of 1: give it as a percentile, in percent.")
    if abs(found - 50) < 1e-9:
        raise Off("the median of one call: 20 of them are all so fast once in a million pages.")
    if abs(found - 97.5) < 1e-9:
        raise Off("close, but the slow calls of a page may come together in one.")
    if abs(found - 95) < 1e-9:
        raise Off("20 calls all keep p95 with a chance of 0.95 to the power of 20, not of a half.")
    if abs(found - exact) > 0.06:
        raise Off("when each call keeps a time with a chance of q, 20 keep it with q to the 20th.")
    return (
        "The page's everyday is a call's rare case: what half of the pages wait for, only 3 or 4 "
        "calls of 100 exceed. That is why people look at p99 and not at the mean."
    )


def _late_calls(answer: Any) -> str:
    found = number(answer)
    exact = 100 * (1 - 0.99**2)
    if abs(found - exact / 100) < 1e-4:
        raise Off("that is a share of 1: give it in percent.")
    if abs(found - 1) < 1e-6:
        raise Off("a call is late when its question OR its answer is lost.")
    if abs(found - 2) < 1e-6:
        raise Off("close: that counts a call twice whose question and answer are both lost.")
    if abs(found - exact) > 0.006:
        raise Off("a call is in time when both get through: how likely is that?")
    return (
        "About 2 calls in 100. So p95 does not notice, and p99 has the full timer of 200 ms in it: "
        "look at p99 before you promise anything."
    )


def _break_even(answer: Any) -> str:
    if not callable(answer):
        raise Off("the answer is your function itself: break_even, without brackets after it.")
    # Binary fractions: where both take just as long, no rounding decides.
    cases = ((0.5, 0.25, 1.0), (0.375, 0.125, 30.0), (0.75, 0.5, 90.1), (1.0, 0.5, 0.2))
    for here, edge, way in cases:
        said = answer(here, edge, way)
        what = f"your break_even({here}, {edge}, {way})"
        if said is None:
            raise Off(f"{what} gives None, but the edge does catch up there.")
        images = number(said)
        if images != int(images):
            raise Off(f"{what} gives {images:g}, but there are only whole images.")
        if not way + images * edge < images * here:
            raise Off(f"{what} gives {images:g}, and with so many the edge is not sooner yet.")
        if images > 1 and way + (images - 1) * edge < (images - 1) * here:
            raise Off(f"{what} gives {images:g}, but fewer images are enough.")
    for here, edge, way in ((0.2, 0.4, 1.0), (0.3, 0.3, 5.0)):
        if answer(here, edge, way) is not None:
            raise Off(f"your break_even({here}, {edge}, {way}): does the edge ever catch up there?")
    return "The way is paid once a call, the images one by one: that is why batches travel well."


def _same_price(answer: Any) -> str:
    exact = request_price() / image_price()
    found = number(answer)
    if abs(found * exact - 1) < 0.05:
        raise Off("that is the other way round: how many images for one request?")
    if not math.isclose(found, exact, rel_tol=0.03):
        raise Off("divide what a request costs by what an image in it costs.")
    return (
        f"About {exact:,.0f}, more than the 1,024 that a request may carry: on the bill you always "
        "see the requests, hardly ever the network."
    )


EXERCISES = {
    "03-1": _page_of_twenty,
    "03-2": _late_calls,
    "03-3": _break_even,
    "03-4": _same_price,
}
