"""`deploy/page/raster.ts` in real Chromium gives the images of `rasterize`."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from mnist_nb import Drawing, rasterize
from mnist_nb.drawing.samples import samples
from tests.support.bundle import bundle

pytestmark = pytest.mark.browser

SCRIPT = """
import { rasterize } from "./raster";
Object.assign(globalThis, { rasterize });
"""
ALL = """(drawings) =>
    drawings.map(([strokes, size]) => Array.from(rasterize(strokes, size)))
"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    tab = browser.new_page()
    tab.add_script_tag(path=bundle(SCRIPT, tmp_path_factory.mktemp("page") / "raster.js"))
    yield tab
    tab.close()


def in_the_browser(page: Page, drawings: Sequence[Drawing]) -> NDArray[np.int64]:
    """What raster.ts makes of drawings, (N, 28, 28)."""
    plain = [([s.tolist() for s in d.strokes], list(d.size)) for d in drawings]
    return np.array(page.evaluate(ALL, plain), np.int64).reshape(-1, 28, 28)


def assert_same(page: Page, drawings: Sequence[Drawing]) -> None:
    ours = np.stack([rasterize(d) for d in drawings]).astype(np.int64)
    theirs = in_the_browser(page, drawings)
    worst = np.abs(ours - theirs).max(axis=(1, 2))
    assert worst.max() <= 1, f"drawing {worst.argmax()}: {drawings[worst.argmax()].to_json()}"


def moved(drawing: Drawing, scale: float, x: float, y: float) -> Drawing:
    return Drawing([s * scale + (x, y) for s in drawing.strokes], drawing.size)


def scribble(seed: int) -> Drawing:
    """Some strokes of random walks, anywhere, of any size."""
    rng = np.random.default_rng(seed)
    step = 10 ** rng.uniform(-3, 3)
    strokes = [
        rng.uniform(-100, 400, 2) + rng.normal(0, step, (rng.integers(1, 40), 2)).cumsum(axis=0)
        for _ in range(rng.integers(1, 6))
    ]
    return Drawing(strokes, tuple(rng.uniform(50, 2000, 2)))


def test_nothing_drawn_is_all_zeros(page: Page) -> None:
    assert not in_the_browser(page, [Drawing(), Drawing([[]])]).any()


def test_the_samples_anywhere_and_of_any_size(page: Page) -> None:
    places = [(1, 0, 0), (0.1, 5, 250), (0.01, 270, 3), (40, -3000, -900), (0.37, 300.5, -71.25)]
    assert_same(page, [moved(d, *place) for d in samples() for place in places])


def test_dots_slips_and_straight_lines(page: Page) -> None:
    assert_same(
        page,
        [
            Drawing([[(140, 140)]]),
            Drawing([[(0, 0)]]),
            Drawing([[(-500, 900)]]),
            Drawing([[(10.3, 20.7), (10.3, 20.7), (10.3, 20.7)]]),
            Drawing([[(140, 140), (141, 140)]]),
            Drawing([[(50, 50)], [(200, 60)], [(120, 220)]]),
            Drawing([[(20, 140), (260, 140)]]),
            Drawing([[(140, 20), (140, 260)]]),
            Drawing([[(0, 0), (1e5, 1e5)], [(5e4, 10)]]),
            # nearly all the ink at one end: the frame wins over the centre of mass
            Drawing(
                [[(0, 140), (280, 140)], *([(250 + i, 20), (250 + i, 260)] for i in range(30))]
            ),
            Drawing([[(1, 1), (9, 30)]], size=(10, 2000)),
        ],
    )


def test_scribbles(page: Page) -> None:
    assert_same(page, [scribble(seed) for seed in range(100)])


def test_digits_that_people_wrote(page: Page, pen_digits: tuple[list[Drawing], object]) -> None:
    assert_same(page, pen_digits[0][::37])
