"""Proxies and certificates of the environment that cannot be used, for Cloudflare's API and R2."""

from collections.abc import Callable
from typing import Any

import pytest

from mnist_nb.deployment.cloudflare import Cloudflare
from mnist_nb.deployment.credentials import Secret
from mnist_nb.errors import InputError, ReleaseError
from mnist_nb.releases import BucketSettings, Releases

PASSWORD = "hunter2"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE")


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def look(url: str = "https://r2.invalid") -> Any:
    return Releases(BucketSettings(url, "key", "s3cret-s3cret")).current()


def verify() -> Any:
    with Cloudflare(Secret("a-token"), sleep=lambda seconds: None) as api:
        return api.verify()


@pytest.mark.parametrize(
    ("ask", "variable", "value"),
    [
        *((ask, "HTTPS_PROXY", "ftp://proxy.test") for ask in (look, verify)),
        *((ask, "HTTPS_PROXY", "http://..") for ask in (look, verify)),
        *((ask, "HTTPS_PROXY", f"http://me:{PASSWORD}@[::1") for ask in (look, verify)),
        *((ask, "https_proxy", f"http://me:{PASSWORD}@a.test:99999") for ask in (look, verify)),
        *((ask, "HTTPS_PROXY", "socks5://127.0.0.1:1") for ask in (look, verify)),
        *((ask, "REQUESTS_CA_BUNDLE", "/nowhere") for ask in (look, verify)),
        *((ask, "REQUESTS_CA_BUNDLE", __file__) for ask in (look, verify)),
        (look, "AWS_CA_BUNDLE", "/nowhere"),
        (verify, "ALL_PROXY", "socks5://127.0.0.1:1"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    ask: Callable[[], Any], variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match=rf"^{variable} in the environment") as caught:
        ask()
    assert PASSWORD not in str(caught.value)


def test_this_machine_is_asked_past_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://..")
    with pytest.raises(ReleaseError, match="Could not connect"):
        look("http://127.0.0.1:9")


def test_a_proxy_that_gives_no_answer_keeps_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{PASSWORD}@127.0.0.1:9")
    with pytest.raises(ReleaseError, match="proxy") as caught:
        look()
    assert PASSWORD not in str(caught.value)
