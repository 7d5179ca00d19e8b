"""Page and lab in Firefox and in WebKit: a 7 is drawn, and both sides say so.

Only in `make soak`, and only where these are installed; the normal tests have Chromium.
"""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from mnist_nb import LocalEdge
from tests.support.application import OPEN_NOTEBOOK
from tests.support.browser import edge, jupyter  # noqa: F401  # this edge keeps its weights
from tests.support.notebook import SEVEN
from tests.support.other_browsers import Tab, find, firefox, webkit

from .scale import SOAK

pytestmark = [
    pytest.mark.browser,
    pytest.mark.edge,
    pytest.mark.skipif(SOAK == 0, reason="it takes a minute: `make soak`"),
]
HEAD = "document.querySelector('.mnist-nb-head')?.textContent"


@pytest.fixture(params=["firefox", "webkit"])
def tab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tab]:
    if request.param == "firefox":
        program, start = find("firefox-esr", "firefox"), firefox
    else:
        program, start = find("Xvfb") and find("WebKitWebDriver"), webkit
    if program is None:
        pytest.skip("not installed: Debian has firefox-esr, webkit2gtk-driver and xvfb")
    with start(program, tmp_path) as opened:
        yield opened


def test_the_page(tab: Tab, edge: LocalEdge) -> None:  # noqa: F811
    tab.goto(edge.url)
    tab.draw("#pad", SEVEN)
    tab.wait_for(f"{HEAD} === 'Both say 7'")
    data = tab.evaluate("({...document.querySelector('.mnist-nb-answers').dataset})")
    assert (data["localWinner"], data["edgeWinner"]) == ("7", "7")
    assert float(data["maxDiff"]) <= 1e-5
    assert tab.complaints == []


def test_the_lab(tab: Tab, jupyter: tuple[str, Path]) -> None:  # noqa: F811
    url, folder = jupyter
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    cells = [nbformat.v4.new_code_cell("from mnist_nb import Lab\nLab()")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=python), folder / "lab.ipynb")
    tab.goto(f"{url}/lab?reset")
    tab.wait_for("window.jupyterapp !== undefined")
    tab.evaluate(f"({OPEN_NOTEBOOK})('lab.ipynb')")
    tab.evaluate("jupyterapp.commands.execute('notebook:run-all-cells').then(() => null)")
    answers = "document.querySelector('.mnist-nb-answers')"
    tab.wait_for(f"{answers}?.dataset.edgeState === 'up'")
    tab.draw(".mnist-nb-paper canvas", SEVEN)
    tab.wait_for(f"{HEAD} === 'Both say 7'")
    data = tab.evaluate(f"({{...{answers}.dataset}})")
    assert (data["localWinner"], data["edgeWinner"], data["agree"]) == ("7", "7", "true")
    tab.evaluate("jupyterapp.serviceManager.sessions.shutdownAll().then(() => null)")
