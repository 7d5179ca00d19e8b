"""The page of the edge in a tab of its own, and its requests held back."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Route

from mnist_nb import LocalEdge
from tests.support.drawing_page import DrawingPage

SEVEN = [(80.0, 60.0), (200.0, 60.0), (170.0, 120.0), (125.0, 230.0)]
BAR = [(100.0, 150.0), (190.0, 150.0)]
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


# --- trouble -------------------------------------------------------------------------------------


def answer_with(**answer: Any) -> Callable[[Route], None]:
    """What our own Worker cannot be made to say here, in place of its answer."""
    return lambda route: route.fulfill(**answer)
