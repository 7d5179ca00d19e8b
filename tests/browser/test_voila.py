"""Notebook 01 where it is not JupyterLab: as an app by Voila, and in Notebook 7."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from mnist_nb import LocalEdge
from mnist_nb.servers.voila import app_notebook
from tests.support.application import free_port
from tests.support.notebook import SEVEN, LabNotebook

from .conftest import ROOT

NOTEBOOK = "01_draw.ipynb"
SECONDS = 60


def test_the_app_has_the_lab_and_how_to_read_it_and_no_exercises() -> None:
    text = (ROOT / "notebooks" / NOTEBOOK).read_text("utf-8")
    cells = json.loads(app_notebook(text))["cells"]
    code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    assert code[-1] == "lab = Lab()\nlab"
    words = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    assert "How to read it" in words
    assert "Draw a digit" in words
    assert "Shift" not in words
    assert "Exercises" not in words


@pytest.fixture(scope="module")
def app(edge: LocalEdge) -> Iterator[str]:
    """`make app` without opening a browser: its URL. It has to end by itself at Ctrl+C."""
    pytest.importorskip("voila")
    port = free_port()
    command = [str(Path(sys.executable).with_name("mnist-nb")), "app", "--no-browser"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    server = subprocess.Popen(
        [*command, "--port", str(port), "--edge", edge.url],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert server.stdout is not None
        said = "".join(iter(server.stdout.readline, "Ctrl+C ends it.\n"))
        assert f"app    http://127.0.0.1:{port}/" in said
        yield f"http://127.0.0.1:{port}/"
        server.send_signal(signal.SIGINT)
        rest, _ = server.communicate(timeout=SECONDS)
        assert server.returncode == 0
        assert rest.strip() == ""  # neither a traceback nor a warning
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()


def assert_both_say_7(lab: LabNotebook) -> None:
    lab.wait_for("d.edgeState === 'up'")
    lab.draw(SEVEN)
    shown = lab.wait_for_both(7)
    assert shown["agree"] == "true"
    assert float(shown["maxDiff"]) <= 1e-5


@pytest.mark.browser
@pytest.mark.edge
def test_voila_serves_the_lab_and_asks_nobody_else(browser: Browser, app: str) -> None:
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.set_default_timeout(1000 * SECONDS)
    answered: set[str] = set()
    page.on("response", lambda response: answered.add(response.url.split("/")[2]))
    page.goto(app)
    assert_both_say_7(LabNotebook(page, app, NOTEBOOK))
    assert answered == {app.split("/")[2]}
    assert page.locator("body").inner_text().count("Not yet") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


@pytest.mark.browser
@pytest.mark.edge
def test_notebook_7_runs_the_lab(browser: Browser, jupyter: tuple[str, Path]) -> None:
    url, folder = jupyter
    shutil.copy(ROOT / "notebooks" / NOTEBOOK, folder)
    page = browser.new_page()
    page.set_default_timeout(1000 * SECONDS)
    lab = LabNotebook(page, url, NOTEBOOK)
    lab.open_in_seven()
    lab.run_all()
    assert_both_say_7(lab)
    errors = "[data-mime-type='application/vnd.jupyter.error']"
    assert page.locator(errors).all_inner_texts() == []
    LabNotebook.shut_down(page)
    page.close()
