"""A real Chromium, a real JupyterLab and a real edge, each started once for all browser tests."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from mnist_nb import LocalEdge
from tests.support.application import FLAGS, find_chromium, free_port, jupyter_lab
from tests.support.notebook import LabNotebook

ROOT = Path(__file__).parents[2]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium, as found on PATH."""
    path = find_chromium()
    if path is None:
        reason = "no Chromium on PATH: `make test` gets one, or install the package chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


# By module: while Playwright runs in this thread, pytest-asyncio cannot start its loop here.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def edge() -> Iterator[LocalEdge]:
    """The real Workers runtime with the shipped weights."""
    with LocalEdge(port=free_port()) as running:  # the same port again when a test restarts it
        yield running


@pytest.fixture(scope="session")
def jupyter(
    edge: LocalEdge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """JupyterLab with a home of its own: its URL, and the folder it serves."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("notebooks")
    with jupyter_lab(home, folder, edge.url) as url:
        yield url, folder


@pytest.fixture(scope="module")
def open_notebook(
    browser: Browser, jupyter: tuple[str, Path]
) -> Iterator[Callable[..., LabNotebook]]:
    """Open a copy of a notebook of this repository in JupyterLab, in a browser of its own."""
    url, folder = jupyter
    pages: list[Page] = []

    def open_copy(name: str, **context: object) -> LabNotebook:
        copy = f"{Path(name).stem}-{len(list(folder.iterdir()))}.ipynb"
        shutil.copy(ROOT / "notebooks" / name, folder / copy)
        page = browser.new_context(**context).new_page()
        page.set_default_timeout(30_000)
        pages.append(page)
        notebook = LabNotebook(page, url, copy)
        notebook.open()
        return notebook

    yield open_copy
    for page in pages:
        LabNotebook.shut_down(page)
        page.context.close()
