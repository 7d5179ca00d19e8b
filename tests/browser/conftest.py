"""What the tests in a browser share; the pictures of README and docs are theirs."""

import pytest

from tests.support.browser import ROOT, browser, edge, jupyter, open_notebook  # noqa: F401  # fixtures
from tests.support.page import keen_edge, open_page  # noqa: F401  # fixtures


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots", action="store_true", help="write the pictures of the README to docs/"
    )


@pytest.fixture(scope="session")
def screenshots(pytestconfig: pytest.Config) -> None:
    """For tests that only write a picture: named first, it skips them before anything starts."""
    if not pytestconfig.getoption("--screenshots", default=False):
        pytest.skip("writes a picture of README only with --screenshots")
