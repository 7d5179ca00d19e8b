"""A class gives its drawings on the page in Chromium, and notebook 05 learns from them."""

from collections.abc import Iterator

import pytest

from mnist_nb import LocalEdge
from mnist_nb.drawing.homemade import homemade
from mnist_nb.training import Collection
from tests.support.browser import chromium
from tests.support.drawing_page import DrawingPage

from .conftest import RunNotebook, printed

pytestmark = [pytest.mark.browser, pytest.mark.edge]

GIVEN = 25
BACK = 11  # which of them is taken back


Given = tuple[LocalEdge, list[tuple[int, bytes]]]


@pytest.fixture(scope="module")
def given() -> Iterator[Given]:
    """An edge that was given 25 drawings, of which one was taken back: labels and pixels."""
    with LocalEdge(vars={"COLLECT": "on"}) as edge:
        with chromium() as browser:
            tab = DrawingPage(browser)
            tab.page.goto(edge.url)
            tab.wait_ready()
            tab.find("#giving summary").click()
            tab.find("#consent").check()
            ids, seen = [], []
            for drawing, label in zip(*homemade(GIVEN, seed=3), strict=True):
                tab.draw_sample(drawing)
                seen.append((int(label), tab.seen().tobytes()))
                ids.append(tab.give(int(label)))
            tab.find("#given-id").fill(ids[BACK])
            tab.find("#back-form button").click()
            tab.find("#given").filter(has_text="Taken back.").wait_for()
            assert tab.complaints == []
        del seen[BACK]
        yield edge, seen


def test_the_rest_is_in_the_bucket(given: Given) -> None:
    edge, seen = given
    found = Collection.from_edge(edge).digits
    assert sorted((digit.label, digit.image.tobytes()) for digit in found) == sorted(seen)


def test_notebook_05_learns_from_it(
    given: Given, run_notebook: RunNotebook, tmp_path: object
) -> None:
    edge, seen = given
    keys = {
        "R2_ENDPOINT_URL": edge.s3_url,
        "R2_ACCESS_KEY_ID": edge.bucket.access_key_id,
        "R2_SECRET_ACCESS_KEY": edge.bucket.secret_access_key,
    }
    notebook = run_notebook(
        "05_train.ipynb",
        MNIST_NB_EDGE_URL=None,
        MNIST_NB_QUICK="1",
        MNIST_NB_DATA=str(tmp_path),
        **keys,
    )
    assert printed(notebook, "class-it") == f"The class gave {len(seen)} drawings."
    assert "Some of your class's digits" in printed(notebook, "tune-data")
    assert "your class's digits: 1" in printed(notebook, "tune-it")
