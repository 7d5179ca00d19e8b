"""One request, live: its spans, and what evicting and pushing do to it."""

import re
from collections.abc import Iterator

import httpx
import numpy as np
import pytest

from mnist_nb import LocalEdge, Network, rasterize
from mnist_nb.comparison import TimedRequest, timed_request
from mnist_nb.drawing import samples
from mnist_nb.errors import EdgeError
from mnist_nb.lessons.layers import Subject
from mnist_nb.lessons.one_request import OneRequest

IMAGE = rasterize(samples()[4])
OCTETS = {"content-type": "application/octet-stream"}


def lanes(found: TimedRequest) -> list[str]:
    return [span.lane for span in found.spans]


def ask(**answer: object) -> TimedRequest:
    """One request to an edge that answers like that."""
    transport = httpx.MockTransport(lambda request: httpx.Response(**answer))  # type: ignore[arg-type]
    with httpx.Client(base_url="http://edge", transport=transport) as client:
        return timed_request(client, IMAGE)


def test_what_the_edge_tells_lies_inside_of_the_wait_that_was_measured() -> None:
    timing = 'object;dur=900;desc="x", load;dur=950;desc="y"'  # more than there was time for
    headers = OCTETS | {"server-timing": timing, "x-cold": "1", "x-model-sha256": "ab"}
    body = np.full(10, 0.1, "<f4").tobytes()
    found = ask(status_code=200, headers=headers, content=body)
    assert lanes(found) == ["the way", "Worker", "Durable Object", "R2", "the way"]
    out, worker, inside, load, back = found.spans
    assert out.start == 0
    assert back.end == found.total_ms
    assert worker.start <= inside.start <= load.end <= inside.end <= worker.end
    assert [span.is_told for span in found.spans] == [False, False, True, True, False]
    assert (found.cold, found.sha256) == (True, "ab")


def test_an_answer_that_is_none_is_an_error() -> None:
    with pytest.raises(EdgeError, match="answered 503"):
        ask(status_code=503)
    with pytest.raises(EdgeError, match="no ten probabilities"):
        ask(status_code=200, headers=OCTETS, content=b"four")
    with (
        httpx.Client(base_url="http://127.0.0.1:9", trust_env=False) as client,
        pytest.raises(EdgeError, match="no answer from"),
    ):
        timed_request(client, IMAGE)


@pytest.fixture(scope="module")
def view(network: Network) -> Iterator[OneRequest]:
    subject = Subject(network)
    with LocalEdge(ttl=0) as edge:
        made = OneRequest(subject, edge)
        yield made
        made.close()
    subject.close()


def shown(view: OneRequest) -> tuple[str, float, str]:
    html = view.html()
    found = re.search(r'data-state="(\w+)" data-ms="([^"]+)" data-sha256="(\w+)"', html)
    assert found, html
    return found[1], float(found[2]), found[3]


def press(view: OneRequest, text: str) -> None:
    (button,) = (b for b in view.children[-1].children[1].children if b.description == text)
    button.click()
    assert view.status.value == ""


@pytest.mark.edge
def test_a_warm_request_has_no_lane_in_r2_and_agrees_with_numpy(view: OneRequest) -> None:
    press(view, "Ask the edge")
    state, ms, sha256 = shown(view)
    assert state == "warm"
    assert ms > 0
    assert sha256 == view.subject.network.sha256
    label = re.findall(r'aria-label="([^"]+)"', view.html())[0]
    assert "Worker" in label
    assert "R2" not in label
    (difference,) = re.findall(r"numpy here differs from the edge by ([\d.]+e-\d+)", view.html())
    assert float(difference) < 1e-5


@pytest.mark.edge
def test_an_evicted_object_is_cold_for_one_request(view: OneRequest) -> None:
    press(view, "Evict, then ask")
    assert shown(view)[0] == "cold"
    assert "R2" in view.html()
    press(view, "Ask the edge")
    assert shown(view)[0] == "warm"


@pytest.mark.edge
def test_pushed_weights_answer_at_once_and_go_to_the_browser_too(view: OneRequest) -> None:
    press(view, "Push, then ask")
    other = shown(view)[2]
    assert other != view.subject.network.sha256
    assert "numpy has other weights" in view.html()
    assert view.browser.name == other
    assert len(view.browser.weights) > 1000
    press(view, "Push, then ask")
    assert shown(view)[2] == view.subject.network.sha256


@pytest.mark.edge
def test_what_the_browser_says_is_shown_beside_the_others(view: OneRequest) -> None:
    press(view, "Ask the edge")
    number = view.browser.number
    answer = {"probabilities": [0.1] * 10, "ms": 0.2, "number": number}
    view.browser.answer = answer
    assert "your browser differs" in view.html()
    assert "your browser 0.2" in view.html()
    view.browser.answer = answer | {"number": number - 1}  # of the question before
    assert "your browser differs" not in view.html()
    view.browser.answer = {"trouble": "CompileError", "number": number}
    assert "does not run" in view.html()
