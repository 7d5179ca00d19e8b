"""What an edge may answer that is no answer, and what the client says of it."""

import httpx
import pytest

from mnist_nb import AsyncEdgeClient, EdgeClient
from mnist_nb.edge.address import is_loopback, normal_url
from mnist_nb.errors import (
    EdgeError,
    EdgeOffline,
    EdgeProblem,
    EdgeProtocolError,
    InputError,
)
from tests.edge.conftest import IMAGE, TOKEN, answering, probabilities, problem, sync_client


def test_a_problem_becomes_an_error_with_its_fields() -> None:
    handler = problem(429, {"retry-after": "7"}, title="Too many", detail="Wait.")
    with pytest.raises(EdgeProblem) as caught:
        sync_client(handler).classify(IMAGE)
    error = caught.value
    assert (error.status, error.title, error.detail) == (429, "Too many", "Wait.")
    assert error.retry_after == 7
    assert "429 Too many: Wait." in str(error)


def test_a_missing_token_says_where_to_give_it() -> None:
    with pytest.raises(EdgeProblem, match="MNIST_NB_EDGE_TOKEN"):
        sync_client(problem(401, title="Unauthorized", detail="No token.")).classify(IMAGE)


@pytest.mark.parametrize("body", [b"[]", b"not json", b'{"title": 3}', b""])
def test_a_broken_problem_is_still_a_problem(body: bytes) -> None:
    headers = {"content-type": "application/problem+json", "retry-after": "soon"}
    client = sync_client(lambda request: httpx.Response(503, content=body, headers=headers))
    with pytest.raises(EdgeProblem) as caught:
        client.classify(IMAGE)
    assert caught.value.status == 503
    assert caught.value.retry_after is None


def test_a_web_page_and_a_redirect_say_so() -> None:
    page = httpx.Response(404, html="<p>hello")
    with pytest.raises(EdgeProblem, match="a web page"):
        sync_client(lambda request: page, protocol="binary").classify(IMAGE)
    moved = httpx.Response(301, headers={"location": "https://edge.test/"})
    with pytest.raises(EdgeProblem, match=r"redirects to https://edge\.test/"):
        sync_client(lambda request: moved).classify(IMAGE)


@pytest.mark.parametrize(
    ("raised", "kind", "says"),
    [
        (httpx.ConnectError("[Errno 111] Connection refused"), EdgeOffline, "refused"),
        (httpx.ConnectError("[Errno -2] Name or service not known"), EdgeOffline, "not known"),
        (httpx.ReadTimeout(""), EdgeOffline, r"did not answer in 2\.002 s"),
        (httpx.ReadError(""), EdgeOffline, "ReadError"),
        (
            httpx.RemoteProtocolError("Server disconnected without sending a response."),
            EdgeOffline,
            "disconnected",
        ),
        (httpx.RemoteProtocolError("illegal status line"), EdgeProtocolError, "illegal status"),
        (httpx.DecodingError("incorrect header check"), EdgeProtocolError, "incorrect header"),
    ],
)
async def test_failures_of_the_connection(
    raised: httpx.HTTPError, kind: type[EdgeError], says: str
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise raised

    client = sync_client(handler)
    with pytest.raises(kind, match=says) as caught:
        client.classify(IMAGE)
    assert "http://edge.test" in str(caught.value)
    assert client.healthy() is False
    transport = httpx.MockTransport(handler)
    async with AsyncEdgeClient("http://edge.test", transport=transport) as other:
        with pytest.raises(kind, match=says):
            await other.classify(IMAGE)
        assert await other.healthy() is False


def test_advice_depends_on_where_the_edge_is() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    transport = httpx.MockTransport(handler)
    with pytest.raises(EdgeOffline, match="make edge"):
        EdgeClient("http://127.0.0.1:1", transport=transport).classify(IMAGE)
    with pytest.raises(EdgeOffline, match="check the URL"):
        EdgeClient("https://edge.test", transport=transport).classify(IMAGE)


async def test_the_token_is_in_no_text() -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        said = request.headers["authorization"]
        if request.url.path == "/model":
            return httpx.Response(200, text=said)
        fields = {"title": said, "detail": f"bad {said}"}
        return problem(401, **fields)(request)

    client = sync_client(echo, token=TOKEN)
    with pytest.raises(EdgeProblem) as refused:
        client.classify(IMAGE)
    with pytest.raises(EdgeProtocolError) as strange:
        client.model()
    error = refused.value
    shown = [repr(client), str(error), repr(error), error.title, error.detail, str(strange.value)]
    assert not [text for text in shown if TOKEN in text]
    assert "Bearer ..." in error.title


@pytest.mark.parametrize("token", ["", "  ", "a\nb", "tökén"])
def test_refuses_a_token_that_http_cannot_carry(token: str) -> None:
    with pytest.raises(InputError, match="token") as caught:
        EdgeClient("http://edge.test", token=token)
    assert not token.strip() or token not in str(caught.value)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_refuses_a_timeout_that_cannot_be(timeout: float) -> None:
    with pytest.raises(InputError, match="timeout"):
        EdgeClient("http://edge.test", timeout=timeout)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8787/", "http://127.0.0.1:8787"),
        ("127.0.0.1:8787", "http://127.0.0.1:8787"),
        ("[::1]:8787", "http://[::1]:8787"),
        ("localhost", "http://localhost"),
        (" https://a.workers.dev/classify ", "https://a.workers.dev"),
        ("a.workers.dev/sub/", "https://a.workers.dev/sub"),
        ("https://a.workers.dev/?x=1#y", "https://a.workers.dev"),
    ],
)
def test_urls_are_normalised(url: str, expected: str) -> None:
    assert normal_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://",
        "ftp://a.dev",
        "http://a:70000",
        "http://[::1",
        "http://..",
        f"http://{70 * 'a'}.dev",
    ],
)
def test_refuses_what_is_no_url(url: str) -> None:
    with pytest.raises(InputError, match="URL"):
        EdgeClient(url)


def test_refuses_a_password_in_the_url_without_showing_it() -> None:
    with pytest.raises(InputError, match="token=") as caught:
        EdgeClient(f"https://me:{TOKEN}@a.dev")
    assert TOKEN not in str(caught.value)


def test_a_sub_path_is_kept() -> None:
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return answering(probabilities(1))(request)

    EdgeClient("https://a.dev/sub/", transport=httpx.MockTransport(handler)).classify(IMAGE)
    assert seen == ["https://a.dev/sub/classify"]


def test_loopback_is_told_from_the_rest() -> None:
    assert is_loopback("http://127.0.0.1:1")
    assert is_loopback("http://localhost")
    assert is_loopback("http://[::1]:1")
    assert not is_loopback("https://localhost.dev")
    assert not is_loopback("http://10.0.0.1")
