"""The page of the edge in real Chromium, against the real Workers runtime."""

import re
from pathlib import Path

import httpx
import numpy as np
import pytest

from mnist_nb import EdgeClient, LocalEdge
from mnist_nb.drawing.samples import samples
from mnist_nb.network.file_format import read_weights, shipped_weights
from tests.support.drawing_page import NEXT_FRAME
from tests.support.page import BAR, SEVEN, Held, Open, answer_with

pytestmark = [pytest.mark.browser, pytest.mark.edge]

ROOT = Path(__file__).parents[2]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
HEAR = """window.heard = [];
new MutationObserver(() => window.heard.push(document.querySelector(".mnist-nb-said").textContent))
    .observe(document.querySelector(".mnist-nb-said"), { childList: true });
"""


# --- drawing -------------------------------------------------------------------------------------


def test_every_digit_drawn_with_the_mouse_is_recognised(open_page: Open, edge: LocalEdge) -> None:
    tab = open_page()
    with EdgeClient(edge.url) as client:
        for digit, drawing in enumerate(samples()):
            tab.draw_sample(drawing)
            tab.wait_answered()
            assert tab.chips() == [str(digit)]
            assert tab.head == f"Both say {digit}"
            asked = client.classify(tab.seen()).probabilities[0]
            np.testing.assert_allclose(tab.probabilities("edge"), asked, rtol=0, atol=1e-6)
            np.testing.assert_allclose(tab.probabilities("local"), asked, rtol=0, atol=1e-6)
            tab.find("#clear").click()
            tab.find('#answer[data-state="empty"]').wait_for()


def test_the_answer_says_all_in_words_and_numbers(open_page: Open) -> None:
    tab = open_page()
    tab.draw_sample(samples()[3])
    tab.wait_answered()
    weights = read_weights(shipped_weights())
    for side in ("local", "edge"):
        cells = tab.find(f".mnist-nb-bars tbody td.is-{side}:not([hidden])").all_inner_texts()
        assert len(cells) == 10
        assert all(re.search(r"\d+\.\d\s%", cell) for cell in cells)
        # not colour alone
        assert [i for i, cell in enumerate(cells) if "its answer" in cell] == [3]
        mark = "e => getComputedStyle(e, '::before').content"
        winner = f"td.is-{side}.is-winner .mnist-nb-number"
        assert "◂" in tab.page.eval_on_selector(winner, mark)
        assert tab.weights(side) == weights.sha256[:8]
        title = tab.find(f"th.is-{side} code").get_attribute("title")
        assert weights.sha256 in (title or "")
    time = r"(\d+(\.\d+)? m?s|under 0.01 ms)"
    assert re.fullmatch(f"{time} to compute", tab.text("th.is-local .is-time"))
    way = f"{time} there and back, (warm|cold start)"
    assert re.fullmatch(way, tab.text("th.is-edge .is-time"))
    assert tab.text("th.is-edge .is-place") == "Durable Object, local workerd"
    assert re.search("identical|only rounding", tab.detail)
    tab.wait_said(re.compile(r"^Both say 3, \d+\.\d\s%\.$"))


def test_a_finger_draws_and_a_second_one_does_not(open_page: Open) -> None:
    tab = open_page(**PHONE)
    drawing = samples()[2]
    (stroke,) = (tab.points(s[::3].tolist()) for s in drawing.strokes)
    palm = tab.points([(20.0 + i, 260.0) for i in range(len(stroke))])
    tab.touch("touchStart", stroke[0])
    for point, other in zip(stroke[1:], palm, strict=False):
        tab.touch("touchMove", point, other)
    tab.touch("touchEnd")
    tab.page.evaluate(NEXT_FRAME)
    tab.wait_answered()
    assert tab.chips() == ["2"]
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
    for key, stop in (("Tab", "undo"), ("Tab", "clear"), ("Shift+Tab", "undo")):
        keyboard.press(key)
        assert tab.page.evaluate(focused) == stop
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
    assert tab.head == "Draw a digit"


def test_a_digit_drawn_with_the_keyboard(open_page: Open) -> None:
    tab = open_page()
    keys = tab.find("#keys")
    assert keys.is_hidden()
    tab.press("Tab")
    assert keys.is_visible()
    tab.press("ArrowUp", 10)
    tab.press("ArrowLeft", 6)
    tab.page.evaluate(HEAR)
    tab.press("Space")
    tab.press("ArrowRight", 12)
    tab.page.keyboard.down("ArrowLeft")
    for _ in range(10):
        tab.page.keyboard.down("ArrowDown")  # with the other still down: a slope
        tab.press("Shift+ArrowDown", 2)
    tab.page.keyboard.up("ArrowLeft")
    tab.press("Space")
    heard = [word for word in tab.page.evaluate("window.heard") if word.startswith("Pen")]
    assert heard == ["Pen down.", "Pen up."]
    tab.press("ArrowDown")  # moves the lifted pen only
    tab.wait_answered()
    assert tab.chips() == ["7"]
    seven = tab.seen()
    tab.press("Space")
    tab.press("ArrowRight", 3)
    tab.page.evaluate(NEXT_FRAME)
    assert (tab.seen() != seven).any()
    tab.press("Backspace")  # the whole stroke
    tab.page.evaluate(NEXT_FRAME)
    np.testing.assert_array_equal(tab.seen(), seven)
    tab.press("Delete")
    tab.page.evaluate(NEXT_FRAME)
    assert not tab.seen().any()
    assert tab.page.evaluate("scrollY") == 0
    tab.press("Tab")  # no trap
    assert tab.page.evaluate("document.activeElement.id") == "undo"


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
    assert tab.probabilities("edge") is None
    assert tab.probabilities("local") is not None  # it waits for nobody
    held.routes[1].continue_()
    tab.wait_answered()


# --- how it looks --------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (600, "light"), (1100, "dark")])
def test_it_fits_keeps_nobody_out_and_the_pad_stays(
    open_page: Open, width: int, scheme: str
) -> None:
    tab = open_page(
        expect="status of 401",
        viewport={"width": width, "height": 740},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    tab.wait_ready()
    places = [tab.find("#pad").bounding_box()]
    tab.find("summary").last.click()
    tab.page.evaluate("scrollTo(0, 0)")
    tab.draw(SEVEN)
    tab.wait_answered()
    places.append(tab.find("#pad").bounding_box())
    assert tab.widths() == (width, width)
    assert tab.barriers() == ""
    said = {"title": "A problem with a title longer than any phone", "detail": "and " * 99}
    tab.page.route("**/classify", answer_with(status=401, json=said))
    tab.draw(BAR)
    tab.wait_trouble("A problem")
    places.append(tab.find("#pad").bounding_box())
    assert tab.widths() == (width, width)
    assert tab.barriers() == ""
    assert places[0] == places[1] == places[2]  # else the pen would jump


def test_dark_and_light_follow_the_system(open_page: Open) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    ink = """(scheme) => { const pad = document.querySelector("#pad");
        const [r, g, b, a] = pad.getContext("2d").getImageData(pad.width / 2, pad.width / 2, 1, 1)
            .data;
        return a === 255 && (scheme === "dark" ? Math.min(r, g, b) > 192 : Math.max(r, g, b) < 64);
    }"""
    seen = []
    tab = open_page(color_scheme="dark")
    tab.draw([(60.0, 140.0), (220.0, 140.0)])
    for scheme in ("dark", "light"):
        tab.page.emulate_media(color_scheme=scheme)
        tab.page.wait_for_function(ink, arg=scheme)
        levels = [int(level) for level in re.findall(r"\d+", tab.page.evaluate(paper))]
        assert max(levels) < 64 if scheme == "dark" else min(levels) > 192
        seen.append(tab.seen())
    np.testing.assert_array_equal(*seen)  # what the network sees has no theme


# --- security ------------------------------------------------------------------------------------


def test_the_policy_is_strict_and_in_force(open_page: Open, edge: LocalEdge) -> None:
    for path in ("/", "/app.js", "/app.css"):
        headers = httpx.get(edge.url + path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy.replace("'wasm-unsafe-eval'", "")
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


@pytest.mark.usefixtures("screenshots")
def test_picture_of_the_readme(open_page: Open) -> None:
    tab = open_page(viewport={"width": 1100, "height": 760}, color_scheme="dark")
    tab.draw_sample(samples()[8], every=1)
    tab.wait_answered()
    tab.page.mouse.move(0, 0)
    tab.page.screenshot(path=ROOT / "docs/page.png")
