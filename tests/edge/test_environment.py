"""What stands in the environment, and in whose hands a token gets."""

import numpy as np
import pytest

from mnist_nb import AsyncEdgeClient, EdgeClient
from mnist_nb.errors import EdgeError, EdgeOffline, InputError
from tests.edge.conftest import IMAGE, TOKEN, answering, probabilities, sync_client

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
PASSWORD = "hunter2"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize("client", [EdgeClient, AsyncEdgeClient])
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1"),
        ("HTTPS_PROXY", "ftp://proxy.test"),
        ("HTTPS_PROXY", "http://.."),
        ("HTTPS_PROXY", f"http://me:{PASSWORD}@[::1"),
        ("https_proxy", f"http://me:{PASSWORD}@proxy.test:99999"),
        ("HTTP_PROXY", "::::"),
        ("NO_PROXY", "localhost,[::1]"),
        ("NO_PROXY", "fe80::/10"),
        ("SSL_CERT_FILE", "/nowhere"),
        ("SSL_CERT_FILE", __file__),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(client, variable, value, monkeypatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match=rf"^{variable} in the environment") as caught:
        client("https://edge.test")
    assert PASSWORD not in str(caught.value)
    client("http://127.0.0.1:1")  # reads none of them


def test_what_can_be_used_is_used_and_named_when_it_gives_no_answer(monkeypatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{PASSWORD}@127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "localhost,::1,10.0.0.0/8")
    with EdgeClient("https://edge.test") as client, pytest.raises(EdgeOffline) as caught:
        client.classify(IMAGE)
    assert "the proxy in HTTPS_PROXY" in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("client", [EdgeClient, AsyncEdgeClient])
def test_a_token_goes_to_another_machine_by_tls_unless_asked_for(client, monkeypatch) -> None:
    with pytest.raises(InputError, match="token_over_http=True") as caught:
        client("http://edge.test", TOKEN)
    assert TOKEN not in str(caught.value)
    for url in ("https://edge.test", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost"):
        client(url, TOKEN)
    client("http://edge.test", TOKEN, token_over_http=True)
    monkeypatch.setenv("MNIST_NB_TOKEN_OVER_HTTP", "1")
    client("http://edge.test", TOKEN)


async def test_a_closed_client_says_so() -> None:
    client = sync_client(answering(probabilities(1)))
    client.close()
    with pytest.raises(EdgeError, match="make another EdgeClient"):
        client.classify(np.zeros((28, 28), np.uint8))
    other = AsyncEdgeClient("http://127.0.0.1:1")
    await other.aclose()
    with pytest.raises(EdgeError, match="make another AsyncEdgeClient"):
        await other.classify(IMAGE)
