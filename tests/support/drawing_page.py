"""The page of the edge, as a person sees and uses it."""

import re
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

from mnist_nb import Drawing

Point = tuple[float, float]
Side = Literal["local", "edge"]

# One frame: what the page does after a pointer event it does in the next one.
NEXT_FRAME = "() => new Promise(requestAnimationFrame)"
LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
    window.violations.push(event.effectiveDirective);
});
"""


class DrawingPage:
    """One tab with the page, and everything that its console and its CSP complained about."""

    def __init__(self, browser: Browser, **context: Any) -> None:
        self.context = browser.new_context(**context)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.add_init_script(LISTEN)
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        # Reading pixels back is what these tests do, not the page.
        if message.type in ("error", "warning") and "willReadFrequently" not in message.text:
            self.complaints.append(message.text)

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def text(self, selector: str) -> str:
        return self.find(selector).inner_text()

    def give(self, label: int) -> str:
        """Keep what is drawn for the class, where the consent is ticked. Returns its id."""
        before = self.find("#given-id").input_value()
        self.find("#label").select_option(str(label))
        self.find("#give-form button").click()
        changed = "before => document.querySelector('#given-id').value !== before"
        self.page.wait_for_function(changed, arg=before)
        return self.find("#given-id").input_value()

    def violations(self) -> list[str]:
        """The directives of the Content-Security-Policy that something ran into."""
        return list(self.page.evaluate("window.violations"))

    def points(self, stroke: Sequence[Point]) -> list[Point]:
        """From units of the pad, 280x280, to where that is in the window."""
        box = self.find("#pad").bounding_box()
        assert box is not None
        scale = box["width"] / 280
        return [(box["x"] + x * scale, box["y"] + y * scale) for x, y in stroke]

    def draw(self, *strokes: Sequence[Point]) -> None:
        """Draw with the mouse."""
        self.find("#pad").scroll_into_view_if_needed()
        mouse = self.page.mouse
        for stroke in strokes:
            (first, *rest) = self.points(stroke)
            mouse.move(*first)
            mouse.down()
            for point in rest:
                mouse.move(*point)
            mouse.up()
        self.page.evaluate(NEXT_FRAME)

    def draw_sample(self, drawing: Drawing, every: int = 8) -> None:
        """A sample has more points than a mouse needs to tell; a picture wants them all."""
        self.draw(
            *([*stroke[:-1:every].tolist(), stroke[-1].tolist()] for stroke in drawing.strokes)
        )

    def touch(self, kind: str, *points: Point) -> None:
        """Touch as the device reports it: `touchStart`, `touchMove`, `touchEnd`; all fingers."""
        if not hasattr(self, "_session"):
            self._session = self.context.new_cdp_session(self.page)
        fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    def press(self, key: str, times: int = 1) -> None:
        """Press a key so often, as the pad has the focus."""
        for _ in range(times):
            self.page.keyboard.press(key)

    def wait_answered(self) -> None:
        """Until the newest drawing has the answer of both."""
        self.find('#answer[data-state="answered"]').wait_for()
        self.find('.mnist-nb-answers:not([data-local-winner=""])').wait_for()

    def wait_ready(self) -> None:
        """Until the network is in this browser, and the edge has said what it runs."""
        for side in ("local", "edge"):
            self.find(f"th.is-{side} .is-time").filter(has_text=re.compile("^ready$")).wait_for()

    def wait_trouble(self, title: str, side: Side = "edge") -> None:
        self.find(f".mnist-nb-message.is-{side} strong").filter(has_text=title).wait_for()

    @property
    def head(self) -> str:
        """The headline."""
        return self.text(".mnist-nb-head")

    @property
    def detail(self) -> str:
        """What is written below the headline."""
        return self.text(".mnist-nb-detail")

    def weights(self, side: Side) -> str:
        """The digits of the fingerprint above a column."""
        return self.text(f"th.is-{side} .is-weights code")

    def wait_said(self, text: str | re.Pattern[str]) -> None:
        """Until this is read aloud."""
        self.find(".mnist-nb-said").filter(has_text=text).wait_for(state="attached")

    def chips(self) -> list[str]:
        """The digits beside the headline: one when both say the same."""
        return self.find(".mnist-nb-chip").all_inner_texts()

    def probabilities(self, side: Side = "edge") -> NDArray[np.float64] | None:
        """float64 (10,), None without an answer of that side."""
        cells = self.page.eval_on_selector_all(
            ".mnist-nb-bars tbody tr", "(rows, side) => rows.map((r) => r.dataset[side])", side
        )
        return None if "" in cells else np.array(cells, np.float64)

    def barriers(self) -> str:
        """What axe finds that would keep somebody out; "" for nothing."""
        found = Axe().run(self.page, options={"resultTypes": ["violations"], "preload": False})
        return found.generate_report() if found.violations_count else ""

    def seen(self) -> NDArray[np.uint8]:
        """The image in "what the network sees", uint8 (28, 28)."""
        grey = self.page.evaluate(
            """() => Array.from(document.querySelector("#sees").getContext("2d")
                .getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 0)"""
        )
        return np.array(grey, np.uint8).reshape(28, 28)

    def widths(self) -> tuple[int, int]:
        """Width of the content and of the window."""
        width, window = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        return width, window
