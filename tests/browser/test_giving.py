"""Drawings are given to the class on the page, and taken back, by who wants that."""

from collections.abc import Iterator

import pytest

from mnist_nb import LocalEdge
from mnist_nb.drawing.samples import samples
from mnist_nb.training import Collection
from tests.support.drawing_page import DrawingPage
from tests.support.page import SEVEN, Open

pytestmark = [pytest.mark.browser, pytest.mark.edge]


@pytest.fixture(scope="module")
def collecting() -> Iterator[LocalEdge]:
    with LocalEdge(vars={"COLLECT": "on"}) as edge:
        yield edge


def opened(open_page: Open, edge: LocalEdge, **context: object) -> DrawingPage:
    tab = open_page(edge.url, expect="status of 404", **context)
    tab.wait_ready()
    tab.find("#giving summary").click()
    return tab


def wait_told(tab: DrawingPage, text: str) -> None:
    tab.find("#given").filter(has_text=text).wait_for()


def test_an_edge_that_does_not_collect_offers_nothing(open_page: Open) -> None:
    tab = open_page()
    tab.wait_ready()
    assert tab.find("#giving").is_hidden()


def test_without_the_tick_nothing_is_sent(open_page: Open, collecting: LocalEdge) -> None:
    tab = opened(open_page, collecting)
    sent: list[str] = []
    tab.page.on("request", lambda request: sent.append(request.url))
    tab.draw(SEVEN)
    tab.wait_answered()
    tab.find("#label").select_option("7")
    tab.find("#give-form button").click()
    assert tab.page.evaluate("document.activeElement.id") == "consent"  # the browser asks for it
    tab.find("#consent").check()
    tab.find("#label").select_option("")
    tab.find("#give-form button").click()
    assert tab.page.evaluate("document.activeElement.id") == "label"
    assert not [url for url in sent if "drawings" in url]
    assert len(Collection.from_edge(collecting)) == 0


def test_it_is_kept_and_taken_back(open_page: Open, collecting: LocalEdge) -> None:
    tab = opened(open_page, collecting)
    tab.find("#consent").check()
    tab.find("#label").select_option("7")
    tab.find("#give-form button").click()
    wait_told(tab, "There is nothing on the paper")
    tab.draw_sample(samples()[7])
    first = tab.give(7)
    wait_told(tab, "Kept.")
    assert not tab.seen().any()  # the paper is free for the next
    tab.draw_sample(samples()[4])
    second = tab.give(4)
    assert sorted(Collection.from_edge(collecting).labels) == [4, 7]
    back = tab.find("#back-form button")
    back.click()
    wait_told(tab, "Now the one before is below")
    assert tab.find("#given-id").input_value() == first
    back.click()
    tab.find("#given").get_by_text("Taken back.", exact=True).wait_for()
    assert tab.find("#given-id").input_value() == ""
    assert len(Collection.from_edge(collecting)) == 0
    tab.find("#given-id").fill(second)
    back.click()
    wait_told(tab, "it was taken back before")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1100, "light")])
def test_it_keeps_nobody_out(
    open_page: Open, collecting: LocalEdge, width: int, scheme: str
) -> None:
    tab = opened(
        open_page,
        collecting,
        viewport={"width": width, "height": 740},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    tab.draw(SEVEN)
    keyboard, focused = tab.page.keyboard, "document.activeElement.id"
    tab.find("#giving summary").focus()
    keyboard.press("Tab")
    assert tab.page.evaluate(focused) == "label"
    keyboard.press("7")
    keyboard.press("Tab")
    keyboard.press("Tab")
    assert tab.page.evaluate(focused) == "consent"
    keyboard.press("Space")
    keyboard.press("Shift+Tab")
    keyboard.press("Enter")
    wait_told(tab, "Kept.")
    assert tab.barriers() == ""
    assert tab.widths() == (width, width)
    keyboard.press("Tab")
    keyboard.press("Tab")
    assert tab.page.evaluate(focused) == "given-id"
    keyboard.press("Enter")
    wait_told(tab, "Taken back.")
