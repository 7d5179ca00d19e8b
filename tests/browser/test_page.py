"""The page of the edge in real Chromium, against the real Workers runtime."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Route

from mnist_nb import EdgeClient, LocalEdge
from mnist_nb.drawing.samples import samples
from mnist_nb.network.weights import read_weights, shipped_weights

from .drawing_page import NEXT_FRAME, DrawingPage

pytestmark = [pytest.mark.browser, pytest.mark.edge]

ROOT = Path(__file__).parents[2]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
SEVEN = [(80.0, 60.0), (200.0, 60.0), (170.0, 120.0), (125.0, 230.0)]
BAR = [(100.0, 150.0), (190.0, 150.0)]
Open = Callable[..., DrawingPage]


@pytest.fixture
def open_page(browser: Browser, edge: LocalEdge) -> Iterator[Open]:
    """Open the page in a tab of its own; it must end without a complaint of the browser.

    `expect` is a pattern of complaints that belong to the test, such as a refused connection.
    """
    opened: list[tuple[DrawingPage, str]] = []

    def open_tab(url: str = "", expect: str = "$^", **context: Any) -> DrawingPage:
        tab = DrawingPage(browser, **context)
        opened.append((tab, expect))
        tab.page.goto(url or edge.url)
        return tab

    yield open_tab
    for tab, expect in opened:
        unforeseen = [c for c in tab.complaints if not re.search(expect, c)]
        broken = tab.violations()
        tab.context.close()
        assert not unforeseen
        assert not broken


# --- drawing -------------------------------------------------------------------------------------


def test_every_digit_drawn_with_the_mouse_is_recognised(open_page: Open, edge: LocalEdge) -> None:
    tab = open_page()
    with EdgeClient(edge.url) as client:
        for digit, drawing in enumerate(samples()):
            tab.draw_sample(drawing)
            tab.wait_answered()
            assert tab.digit() == str(digit)
            shown = tab.probabilities()
            asked = client.classify(tab.seen()).probabilities[0]
            np.testing.assert_allclose(shown, asked, atol=1e-6)
            tab.find("#clear").click()
            tab.find('#answer[data-state="empty"]').wait_for()


def test_the_answer_says_all_in_words_and_numbers(open_page: Open) -> None:
    tab = open_page()
    tab.draw_sample(samples()[3])
    tab.wait_answered()
    rows = tab.find("#bars tr").all_inner_texts()
    assert len(rows) == 10
    assert all(re.search(r"\d+\.\d %", row) for row in rows)
    assert [i for i, row in enumerate(rows) if "its answer" in row] == [3]  # not colour alone
    mark = "r => getComputedStyle(r.lastChild, '::before').content"
    assert "◂" in tab.page.eval_on_selector("#bars tr[data-winner]", mark)
    assert read_weights(shipped_weights()).sha256.startswith(tab.text("#weights"))
    assert tab.text("#model") == read_weights(shipped_weights()).architecture.name
    assert tab.text("#place") == "local workerd"
    assert tab.text("#start") in ("warm", "cold start")
    assert re.fullmatch(r"\d+(\.\d)? m?s", tab.text("#time"))
    tab.find("#summary").filter(has_text=re.compile(r"^The edge says 3, \d+\.\d %\.$")).wait_for()


def test_a_finger_draws_and_a_second_one_does_not(open_page: Open) -> None:
    tab = open_page(**PHONE)
    drawing = samples()[2]
    (stroke,) = (tab.points(s.tolist()) for s in drawing.strokes)
    palm = tab.points([(20.0 + i, 260.0) for i in range(len(stroke))])
    tab.touch("touchStart", stroke[0])
    for point, other in zip(stroke[1:], palm, strict=False):
        tab.touch("touchMove", point, other)
    tab.touch("touchEnd")
    tab.page.evaluate(NEXT_FRAME)
    tab.wait_answered()
    assert tab.digit() == "2"
    assert tab.page.evaluate("scrollY") == 0
    alone = open_page(**PHONE)
    alone.touch("touchStart", stroke[0])
    for point in stroke[1:]:
        alone.touch("touchMove", point)
    alone.touch("touchEnd")
    alone.page.evaluate(NEXT_FRAME)
    np.testing.assert_array_equal(tab.seen(), alone.seen())


def test_a_stroke_ends_at_the_rim_and_begins_anew_inside(open_page: Open) -> None:
    tab = open_page()
    outside = [(100.0, 100.0), (100.0, -20.0), (200.0, -60.0), (200.0, 100.0)]
    tab.draw(outside)
    seen = tab.seen()
    tab.find("#clear").click()
    tab.draw([(100.0, 100.0), (100.0, 0.0)], [(200.0, 100.0)])
    np.testing.assert_array_equal(seen, tab.seen())


def test_undo_and_clear_by_keyboard(open_page: Open) -> None:
    tab = open_page()
    tab.draw(SEVEN)
    first = tab.seen()
    tab.draw(BAR)
    assert (tab.seen() != first).any()
    keyboard = tab.page.keyboard
    focused = "document.activeElement.id"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    keyboard.press("Tab")
    assert tab.page.evaluate(focused) == "clear"
    assert tab.page.evaluate(outline) == "solid"
    keyboard.press("Tab")
    assert tab.page.evaluate(focused) == "undo"
    assert tab.page.evaluate(outline) == "solid"
    keyboard.press("Enter")
    tab.page.evaluate(NEXT_FRAME)
    np.testing.assert_array_equal(tab.seen(), first)
    keyboard.press("Control+z")
    tab.page.evaluate(NEXT_FRAME)
    assert not tab.seen().any()
    assert tab.page.evaluate(focused) == "undo"  # nobody is thrown out of the page
    tab.draw(SEVEN)
    tab.find("#clear").focus()
    keyboard.press("Space")
    tab.page.evaluate(NEXT_FRAME)
    assert not tab.seen().any()
    assert tab.text("#says") == "Nothing drawn yet"


# --- one request in flight -----------------------------------------------------------------------


class Held:
    """Requests to classify, kept back until the test lets them go."""

    def __init__(self, tab: DrawingPage) -> None:
        self.routes: list[Route] = []
        self._page = tab.page
        tab.page.route("**/classify", lambda route: self.routes.append(route))

    def wait(self, count: int) -> Route:
        """Wait for the request of that number, counted from 1."""
        for _ in range(1000):
            if len(self.routes) >= count:
                return self.routes[count - 1]
            self._page.wait_for_timeout(10)  # Playwright's own events arrive meanwhile
        raise AssertionError(f"{len(self.routes)} requests came, not {count}")


def test_one_request_in_flight_and_the_newest_drawing_wins(open_page: Open) -> None:
    tab = open_page()
    held = Held(tab)
    tab.draw(SEVEN)
    first = held.wait(1).request.post_data_buffer
    for i in range(5):
        tab.draw([(60.0 + 30 * i, 150.0), (70.0 + 30 * i, 150.0)])
    assert len(held.routes) == 1
    held.routes[0].continue_()
    assert held.wait(2).request.post_data_buffer == tab.seen().tobytes() != first
    assert held.routes[0].request.failure is None  # answered, not cancelled
    assert tab.find("#answer").get_attribute("data-state") == "waiting"
    held.routes[1].continue_()
    tab.wait_answered()
    assert len(held.routes) == 2


def test_the_answer_to_a_cleared_drawing_is_not_shown(open_page: Open) -> None:
    tab = open_page()
    held = Held(tab)
    tab.draw(SEVEN)
    held.wait(1)
    tab.find("#clear").click()
    tab.draw(BAR)
    held.routes[0].continue_()
    held.wait(2)  # it leaves after the answer before it was dealt with
    assert tab.digit() == "?"
    held.routes[1].continue_()
    tab.wait_answered()


# --- trouble -------------------------------------------------------------------------------------


def answer_with(**answer: Any) -> Callable[[Route], None]:
    """What our own Worker cannot be made to say here, in place of its answer."""
    return lambda route: route.fulfill(**answer)


def test_token_then_no_model_then_an_answer(open_page: Open) -> None:
    with LocalEdge(ttl=0, seed=False, vars={"EDGE_TOKEN": "open-sesame"}) as guarded:
        tab = open_page(guarded.url, expect="status of (401|503)")
        tab.draw_sample(samples()[7])
        tab.find("#token").fill("guess")
        tab.page.keyboard.press("Enter")
        tab.find("#trouble-detail").filter(has_text="another one").wait_for()
        tab.find("#token").fill("open-sesame")
        tab.page.keyboard.press("Enter")
        tab.wait_trouble("No model yet")
        assert "push" in tab.text("#trouble-detail").lower()
        assert tab.find("#trouble-detail code").count() > 0  # a command, set as one
        assert tab.find("#token-form").is_hidden()
        guarded.releases().push(shipped_weights())
        tab.wait_answered()
        assert tab.digit() == "7"
        assert tab.find("#trouble").is_hidden()


def test_the_edge_stops_and_comes_back(open_page: Open, tmp_path: Path) -> None:
    edge = LocalEdge(state=tmp_path).start()
    port = int(edge.url.rpartition(":")[2])
    try:
        tab = open_page(edge.url, expect="ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET")
        tab.find('#edge[data-state="up"]').wait_for()
        edge.stop()
        tab.draw_sample(samples()[4])
        tab.wait_trouble("The edge is offline")
        assert tab.text("#edge-text") == "Edge offline"
        tab.find("#summary").filter(has_text="The edge is offline").wait_for()
        edge = LocalEdge(port=port, state=tmp_path).start()
        tab.wait_answered()  # the drawing of before, by itself
        assert tab.digit() == "4"
        assert tab.text("#edge-text").startswith("Edge up")
    finally:
        edge.stop()


def test_too_many_requests_waits_as_long_as_asked(open_page: Open) -> None:
    tab = open_page(expect="status of 429")
    said = {"title": "Too many requests", "detail": "600 a minute are the limit."}
    refuse = answer_with(status=429, headers={"Retry-After": "3"}, json=said)
    tab.page.route("**/classify", refuse, times=1)
    tab.draw(SEVEN)
    tab.wait_trouble("Too many requests")
    assert tab.text("#trouble-detail") == "600 a minute are the limit."
    tab.wait_answered()
    first, second = tab.page.evaluate(
        """() => performance.getEntriesByType("resource")
            .filter((entry) => entry.name.endsWith("/classify"))
            .map((entry) => entry.startTime)"""
    )
    assert second - first >= 3000


def test_an_answer_that_is_none(open_page: Open) -> None:
    tab = open_page()
    for content_type, body in [
        ("text/html", "<h1>Welcome to the hotel</h1>"),
        ("application/json", '{"probabilities": [[1, 0]]}'),
        ("application/json", '{"probabilities": [[0,0,0,0,0,0,0,0,0,null]]}'),
    ]:
        tab.page.route("**/classify", answer_with(content_type=content_type, body=body), times=1)
        tab.draw(SEVEN)
        tab.wait_trouble("Not ten probabilities")
        tab.wait_answered()
        assert tab.digit() == "7"
        tab.find("#clear").click()


# --- how it looks --------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [360, 600, 1100])
def test_it_fits_and_the_pad_stays_where_it_is(open_page: Open, width: int) -> None:
    tab = open_page(expect="status of 500", viewport={"width": width, "height": 740})
    tab.find('#edge[data-state="up"]').wait_for()
    places = [tab.find("#pad").bounding_box()]
    tab.draw(SEVEN)
    tab.wait_answered()
    places.append(tab.find("#pad").bounding_box())
    assert tab.widths() == (width, width)
    said = {"title": "A problem with a title longer than any phone", "detail": "and " * 99}
    tab.page.route("**/classify", answer_with(status=500, json=said))
    tab.draw(BAR)
    tab.wait_trouble("A problem")
    places.append(tab.find("#pad").bounding_box())
    assert tab.widths() == (width, width)
    assert places[0] == places[1] == places[2]  # else the pen would jump


def test_dark_and_light_follow_the_system(open_page: Open) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    ink = """() => { const pad = document.querySelector("#pad");
        const at = pad.width / 2;
        return Array.from(pad.getContext("2d").getImageData(at, at, 1, 1).data); }"""
    seen = []
    tab = open_page(color_scheme="dark")
    for scheme in ("dark", "light"):
        tab.page.emulate_media(color_scheme=scheme)
        tab.page.evaluate(NEXT_FRAME)
        if not seen:
            tab.draw([(60.0, 140.0), (220.0, 140.0)])
        levels = [int(level) for level in re.findall(r"\d+", tab.page.evaluate(paper))]
        pen = tab.page.evaluate(ink)
        assert pen[3] == 255
        if scheme == "dark":
            assert max(levels) < 64 < 192 < min(pen[:3])
        else:
            assert min(levels) > 192 > 64 > max(pen[:3])
        seen.append(tab.seen())
    np.testing.assert_array_equal(*seen)  # what the network sees has no theme


# --- security ------------------------------------------------------------------------------------


def test_the_policy_is_strict_and_in_force(open_page: Open, edge: LocalEdge) -> None:
    for path in ("/", "/app.js", "/style.css"):
        headers = httpx.get(edge.url + path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    html = httpx.get(edge.url).text
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|https?:", html)
    tab = open_page(expect="Content Security Policy")
    tab.draw(SEVEN)
    tab.wait_answered()
    assert tab.violations() == []  # and the listener does hear:
    tab.page.evaluate("document.body.setAttribute('style', 'color: red')")
    tab.page.wait_for_function("window.violations.length")
    assert tab.violations() == ["style-src-attr"]
    tab.page.evaluate("window.violations = []")


def test_picture_of_the_readme(open_page: Open, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--screenshots", default=False):
        pytest.skip("writes docs/page.png only with --screenshots")
    tab = open_page(viewport={"width": 1100, "height": 760}, color_scheme="dark")
    tab.draw_sample(samples()[8], every=1)
    tab.wait_answered()
    tab.page.mouse.move(0, 0)
    tab.page.screenshot(path=ROOT / "docs/page.png")
