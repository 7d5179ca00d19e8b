"""The page of the edge in real Chromium, against the real Workers runtime."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Route

from mnist_nb import EdgeClient, LocalEdge, lab
from mnist_nb.drawing.samples import samples
from mnist_nb.local_edge.node import find_deploy, find_node
from mnist_nb.network.architecture import Architecture, Flatten, Linear
from mnist_nb.network.file_format import read_weights, shipped_weights, write_weights
from tests.support.drawing_page import NEXT_FRAME, DrawingPage

pytestmark = [pytest.mark.browser, pytest.mark.edge]

ROOT = Path(__file__).parents[2]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
SEVEN = [(80.0, 60.0), (200.0, 60.0), (170.0, 120.0), (125.0, 230.0)]
BAR = [(100.0, 150.0), (190.0, 150.0)]
HEAR = """window.heard = [];
new MutationObserver(() => window.heard.push(document.querySelector(".mnist-nb-said").textContent))
    .observe(document.querySelector(".mnist-nb-said"), { childList: true });
"""
Open = Callable[..., DrawingPage]


@pytest.fixture
def open_page(browser: Browser, edge: LocalEdge) -> Iterator[Open]:
    """Open the page in a tab of its own; it must end without a complaint of the browser.

    `expect` is a pattern of complaints that belong to the test, such as a refused connection, and
    `prepare` is done with the tab before it opens the page.
    """
    opened: list[tuple[DrawingPage, str]] = []

    def open_tab(
        url: str = "",
        expect: str = "$^",
        prepare: Callable[[DrawingPage], None] = lambda _: None,
        **context: Any,
    ) -> DrawingPage:
        tab = DrawingPage(browser, **context)
        opened.append((tab, expect))
        prepare(tab)
        tab.page.goto(url or edge.url)
        return tab

    yield open_tab
    for tab, expect in opened:
        unforeseen = [c for c in tab.complaints if not re.search(expect, c)]
        broken = tab.violations()
        home = urlsplit(tab.page.url).netloc
        tab.context.close()
        assert not unforeseen
        assert not broken
        assert tab.hosts == {home}  # nobody else is asked for anything


@pytest.fixture(scope="module")
def keen_edge() -> Iterator[LocalEdge]:
    """An edge that serves what was pushed at once, for tests that push."""
    with LocalEdge(ttl=0) as edge:
        yield edge


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


# --- one request in flight -----------------------------------------------------------------------


class Held:
    """Requests, kept back until the test lets them go."""

    def __init__(self, tab: DrawingPage, url: str = "**/classify") -> None:
        self.routes: list[Route] = []
        self._page = tab.page
        tab.page.route(url, lambda route: self.routes.append(route))

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
    assert tab.probabilities("edge") is None
    assert tab.probabilities("local") is not None  # it waits for nobody
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
        tab.wait_trouble("No weights yet", side="local")  # it would get them from there
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
        assert tab.chips() == ["7"]
        assert tab.find("#trouble").is_hidden()


def test_the_edge_stops_and_comes_back(open_page: Open, tmp_path: Path) -> None:
    edge = LocalEdge(state=tmp_path).start()
    port = int(edge.url.rpartition(":")[2])
    try:
        tab = open_page(edge.url, expect="ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET")
        tab.wait_ready()
        edge.stop()
        tab.draw_sample(samples()[4])
        tab.wait_trouble("The edge cannot be reached")
        assert tab.chips() == ["4"]  # this browser's
        assert tab.head == "Your browser says 4"
        tab.wait_said("The edge cannot be reached.")
        edge = LocalEdge(port=port, state=tmp_path).start()
        tab.wait_answered()  # the drawing of before, by itself
        assert tab.head == "Both say 4"
    finally:
        edge.stop()


def test_without_a_network_and_back(open_page: Open) -> None:
    tab = open_page(expect="ERR_INTERNET_DISCONNECTED")
    tab.wait_ready()
    tab.context.set_offline(True)
    for digit in (5, 6):
        tab.draw_sample(samples()[digit])
        tab.wait_trouble("The edge cannot be reached")
        assert tab.head == f"Your browser says {digit}"
        assert tab.probabilities("edge") is None
        tab.find("#clear").click()
    tab.draw(SEVEN)
    tab.context.set_offline(False)
    tab.wait_answered()
    assert tab.head == "Both say 7"


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
        assert tab.chips() == ["7"]
        tab.find("#clear").click()


# --- the network in this browser -----------------------------------------------------------------


def other_network(not_sure_below: float) -> bytes:
    """The weights file of another, much smaller network, and a poor one."""
    architecture = Architecture(
        name="other",
        layers=(Flatten(), Linear("w")),
        labels=tuple("0123456789"),
        metrics={"not_sure_below": not_sure_below},
    )
    w = np.random.default_rng(3).normal(0, 0.01, (10, 784)).astype(np.float32)
    return write_weights(architecture, {"w": w})


def test_the_made_files_are_built_from_the_sources(tmp_path: Path) -> None:
    deploy = find_deploy()
    folders = {"public": deploy / "public", "lab": Path(lab.__file__).parent}
    command = [find_node(), deploy / "page/build.mjs", *(tmp_path / name for name in folders)]
    for name in folders:
        (tmp_path / name).mkdir()
    subprocess.run(command, check=True, timeout=60)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert [str(path) for path in made] == [
        *("lab/view.css", "lab/view.js"),
        *(f"public/{name}" for name in ("app.css", "app.js", "index.html", "network.js")),
    ]
    stale = [
        str(path)
        for path in made
        if (tmp_path / path).read_bytes() != (folders[path.parts[0]] / path.name).read_bytes()
    ]
    assert stale == [], "not built from page/, src/ and kernel/: run `npm run page` in deploy/"


def test_new_weights_at_the_edge_come_into_the_browser(
    open_page: Open, keen_edge: LocalEdge, tmp_path: Path
) -> None:
    tab = open_page(keen_edge.url)
    tab.page.evaluate("window.same = true")
    tab.draw_sample(samples()[9])
    tab.wait_answered()
    before = tab.weights("local")
    downloads = Held(tab, "**/model/weights")
    path = tmp_path / "other.safetensors"
    path.write_bytes(other_network(not_sure_below=0.9))
    other = keen_edge.releases().push(path).sha256[:8]

    tab.draw(BAR)
    download = downloads.wait(1)
    tab.wait_answered()  # by the old ones here: nothing waits for the download
    assert (tab.weights("local"), tab.weights("edge")) == (before, other)
    assert tab.detail.endswith("They run different weights.")
    tab.draw([(100.0, 200.0), (190.0, 200.0)])
    tab.wait_answered()
    download.continue_()
    tab.find("th.is-local .is-weights code").filter(has_text=other).wait_for()
    tab.wait_answered()
    np.testing.assert_allclose(
        tab.probabilities("local"), tab.probabilities("edge"), rtol=0, atol=1e-6
    )
    assert tab.head.startswith("Both are not sure")
    assert tab.chips() == ["?"]

    keen_edge.releases().rollback()
    tab.draw(SEVEN)
    tab.find("th.is-local .is-weights code").filter(has_text=before).wait_for()
    tab.wait_answered()
    assert tab.weights("edge") == before
    assert len(downloads.routes) == 1  # those of before were kept
    assert tab.page.evaluate("window.same")


def test_weights_damaged_on_the_way_are_not_used(open_page: Open) -> None:
    content = bytearray(shipped_weights().read_bytes())
    content[-1] ^= 1
    sha256 = read_weights(shipped_weights()).sha256
    held: list[Held] = []
    tab = open_page(prepare=lambda tab: held.append(Held(tab, "**/model/weights")))
    (downloads,) = held
    downloads.wait(1).fulfill(body=bytes(content), headers={"X-Model-Sha256": sha256})
    tab.wait_trouble("No weights yet", side="local")
    assert "damaged" in tab.text(".mnist-nb-message.is-local")
    tab.draw(SEVEN)
    tab.find('#answer[data-state="answered"]').wait_for()
    assert tab.head == "The edge says 7"
    downloads.wait(2).continue_()  # it tries again by itself
    tab.wait_answered()
    assert tab.head == "Both say 7"


def test_a_browser_that_cannot_run_it_still_shows_the_edge(open_page: Open) -> None:
    old = answer_with(
        body="throw new WebAssembly.CompileError('no SIMD')", content_type="text/javascript"
    )
    tab = open_page(prepare=lambda tab: tab.page.route("**/network.js", old))
    tab.draw(SEVEN)
    tab.find('#answer[data-state="answered"]').wait_for()
    assert tab.head == "The edge says 7"
    assert "no WebAssembly with SIMD" in tab.text(".mnist-nb-message.is-local")


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
    tab.find("summary").click()
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


def test_picture_of_the_readme(open_page: Open, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--screenshots", default=False):
        pytest.skip("writes docs/page.png only with --screenshots")
    tab = open_page(viewport={"width": 1100, "height": 760}, color_scheme="dark")
    tab.draw_sample(samples()[8], every=1)
    tab.wait_answered()
    tab.page.mouse.move(0, 0)
    tab.page.screenshot(path=ROOT / "docs/page.png")
