"""An account that is a stand-in, a real bucket and edge, and none of the user's settings."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_nb import LocalEdge
from mnist_nb.deployment.credentials import NAMES
from tests.support.cloudflare_stand_in import TOKEN, Account, stand_in

EDGE_TOKEN = "planted-edge-token-93ab1c"


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*NAMES, "CLOUDFLARE_API_BASE_URL", "MNIST_NB_DEPLOY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def account() -> Iterator[Account]:
    with stand_in(Account()) as running:
        yield running


@pytest.fixture
def token(account: Account, monkeypatch: pytest.MonkeyPatch) -> str:
    """The token in the environment, and the stand-in in the place of Cloudflare's API."""
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", TOKEN)
    monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", account.url)
    return TOKEN


@pytest.fixture(scope="session")
def edge() -> Iterator[LocalEdge]:
    """An edge with an empty bucket."""
    with LocalEdge(ttl=0, seed=False) as running:
        yield running
