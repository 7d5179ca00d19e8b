"""Times and where they go; and a way that is made longer, against a server that counts."""

import http.server
import threading
import time
from collections.abc import Iterator

import httpx
import numpy as np
import pytest

from mnist_nb import EdgeClient, LocalEdge, rasterize
from mnist_nb.comparison import cost
from mnist_nb.comparison.distance import FIRST_WINDOW, SEGMENT, Distance, _Way
from mnist_nb.comparison.latency import (
    Times,
    can_evict,
    overview,
    time_batches,
    time_calls,
    time_cold,
)
from mnist_nb.comparison.split import rows, split
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import EdgeError, InputError, SetupError
from mnist_nb.lessons import latency as plots
from mnist_nb.lessons.latency import advice, break_even
from tests.support import scale

IMAGE = rasterize(samples()[3])


def times(ms: list[float], label: str = "here", batch: int = 1) -> Times:
    return Times(label, np.array(ms), batch)


# --- measuring -----------------------------------------------------------------------------------


def test_calls_are_counted_without_the_warm_up() -> None:
    calls, done = [], []
    found = time_calls(
        lambda: calls.append(1), 7, "x", warm_up=2, progress=lambda *n: done.append(n)
    )
    assert len(calls) == 9
    assert len(found.ms) == found.percentiles.samples == 7
    assert (found.ms >= 0).all()
    assert done[-1] == (7, 7)
    with pytest.raises(InputError, match="at least one"):
        time_calls(lambda: None, 0, "x")


def test_slow_calls_stop_when_the_time_is_over_but_not_before_five() -> None:
    assert len(time_calls(lambda: time.sleep(0.002), 500, "x", seconds=0.0).ms) == 5
    assert len(time_calls(lambda: time.sleep(0.002), 500, "x", seconds=0.05).ms) < 100


def test_batches_have_as_many_images_as_they_say() -> None:
    seen = []
    images = np.zeros((3, 28, 28), np.uint8)
    found = time_batches(
        lambda part: seen.append(part.shape), images, "x", batches=(1, 8), samples=2, seconds=0
    )
    assert set(seen) == {(1, 28, 28), (8, 28, 28)}
    assert [series.batch for series in found] == [1, 8]
    assert times([10.0], batch=5).per_image == 2
    assert times([10.0], batch=5).images_per_second == 500


def test_the_overview_has_the_percentiles_and_the_number_of_calls() -> None:
    (row,) = overview([times([float(ms) for ms in range(1, 102)])])
    assert row == ["here", "51.00", "96.00", "100.00", "101"]


@pytest.fixture(scope="module")
def edge() -> Iterator[LocalEdge]:
    with LocalEdge() as running:
        yield running


@pytest.mark.edge
def test_a_cold_answer_is_cold_and_an_edge_of_somebody_else_cannot_be_made_so(
    edge: LocalEdge,
) -> None:
    assert can_evict(edge)
    found = time_cold(edge, IMAGE, 3)
    assert len(found.ms) == 3
    with EdgeClient(edge.url) as client:
        assert not client.classify(IMAGE).cold  # the last cold call has warmed it
    assert not can_evict(edge.url)
    with pytest.raises(SetupError, match=r"LocalEdge\(\)\.start"):
        time_cold(LocalEdge(), IMAGE, 1)


@pytest.mark.edge
def test_the_parts_of_a_request_add_up_to_the_whole(edge: LocalEdge) -> None:
    found = split(edge.url, IMAGE, 15)
    assert len(found.parts) == len(rows(found)) == 5
    assert all(part.ms >= 0 for part in found.parts)
    p = found.whole.percentiles
    assert p.samples == 15
    # Parts are differences of medians, cut off at 0, so that they may be more than the whole.
    assert sum(part.ms for part in found.parts) >= p.p50 * 0.999
    assert found.server_timing["object"] == int(found.server_timing["object"])
    said = plots.parts(found, "Parts").text
    assert "kernel, one image" in said
    assert "together" in said


# --- distance ------------------------------------------------------------------------------------


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with as many bytes as it was sent, or as `?n` says."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one segment: else TCP waits 40 ms between them

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        wanted = self.path.partition("?")[2]
        answer = bytes(int(wanted)) if wanted else body
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def asked(client: httpx.Client, size: int = 1, path: str = "/") -> float:
    """Milliseconds of a request."""
    began = time.perf_counter()
    answer = client.post(path, content=bytes(size)).raise_for_status()
    assert "?" in path or len(answer.content) == size
    return 1000 * (time.perf_counter() - began)


def far_client(far: Distance) -> httpx.Client:
    return httpx.Client(base_url=far.url, timeout=30, trust_env=False)


def test_a_call_takes_a_round_trip_and_a_new_connection_one_more(server: str) -> None:
    with Distance(server, 60) as far, far_client(far) as client:
        assert asked(client) >= 120
        assert asked(client) >= 60


def test_all_bytes_arrive_in_order_through_losses(server: str) -> None:
    content = np.random.default_rng(1).bytes(150_000)
    with Distance(server, 2, 0.1, seed=3) as far, far_client(far) as client:
        assert client.post("/", content=content).content == content


def arrivals(way: _Way, segments: int) -> list[float]:
    """Milliseconds until each of so many segments arrives, all sent at the time 0."""
    way._time = lambda: 0.0  # exact on a busy machine, too
    return [round(1000 * arrival, 6) for arrival, _ in way._sent(bytes(segments * SEGMENT))]


async def test_large_requests_take_more_round_trips_as_the_window_grows() -> None:
    """10 segments, then 20, then 40: what does not fit waits for a round trip each."""
    far = Distance("http://127.0.0.1:9", 50)
    way = _Way(far, None, None, 0.0)  # type: ignore[arg-type]
    assert arrivals(way, 70) == [25] * int(FIRST_WINDOW) + [75] * 20 + [125] * 40
    far.rtt_ms = 0
    assert arrivals(_Way(far, None, None, 0.0), 70) == [0] * 70  # type: ignore[arg-type]


async def test_a_lost_segment_of_a_short_call_costs_the_timer() -> None:
    far = Distance("http://127.0.0.1:9", 20, 0.3, seed=1)
    late = []
    for _ in range(200):
        late += arrivals(_Way(far, None, None, 0.0), 1)  # type: ignore[arg-type]
    # Half a round trip; lost, a timer of a round trip and 200 ms; lost again, one of the double.
    assert sorted(set(late))[:3] == [10, 10 + 220, 10 + 220 + 440]
    assert late.count(10) / len(late) == pytest.approx(0.7, abs=0.1)


def test_a_large_request_takes_three_round_trips_through_the_proxy(server: str) -> None:
    with Distance(server, 50) as far, far_client(far) as client:
        asked(client)  # opens the connection
        assert asked(client, 60 * SEGMENT, "/?1") >= 150


def test_the_same_seed_loses_the_same_segments() -> None:
    found = []
    for _ in range(2):
        far = Distance("http://127.0.0.1:9", loss=0.2, seed=5)
        found.append([far.random.random() < far.loss for _ in range(50)])
    assert found[0] == found[1]
    assert any(found[0])


def test_a_dead_edge_is_a_closed_connection() -> None:
    with (
        Distance("http://127.0.0.1:9") as far,
        EdgeClient(far.url) as client,
        pytest.raises(EdgeError, match="no edge at"),
    ):
        client.classify(IMAGE)
    with pytest.raises(SetupError, match=r"start\(\)"):
        _ = far.url


@pytest.mark.parametrize(
    ("name", "value"), [("rtt_ms", -1), ("rtt_ms", 9999), ("loss", 0.9), ("loss", float("nan"))]
)
def test_numbers_out_of_range_are_named(name: str, value: float) -> None:
    with pytest.raises(InputError, match="got"):
        Distance("http://127.0.0.1:9", **{name: value})


def test_what_is_encrypted_cannot_be_held_back() -> None:
    with pytest.raises(InputError, match="https"):
        Distance("https://example.com")


# --- cost and advice -----------------------------------------------------------------------------


def test_the_notebook_reckons_as_the_page_does() -> None:
    assert plots.price_of_million(1) == scale.request_price() + scale.image_price()
    for load in scale.LOADS:
        assert cost.Load(load.images, load.batch).costs() == load.costs()
    assert plots.month(1e6, 1) == pytest.approx(15.35, abs=0.005)


def test_break_even_is_the_first_batch_that_the_edge_answers_sooner() -> None:
    here = [times([0.4 * n], batch=n) for n in (1, 16, 256)]
    there = [times([1 + 0.2 * n], "edge", n) for n in (1, 16, 256)]
    assert break_even(here, there) == 16
    assert break_even(here, there, 30) == 256
    assert break_even(here, there, 90) is None
    text = advice(here[0], there[0], here, there).text
    assert "from 16 images in a call at 0 ms" in text
    assert "not at 90 ms" in text


def test_plots_say_what_they_show_and_hide_nothing() -> None:
    shown = plots.differences([0.0, 1e-7, 2e-3], "T <b>")
    assert "Median 1.0e-07, largest 2.0e-03" in shown.text
    assert "1 images have no difference" in shown.text
    assert "1 differ by more than 1e-5" in shown.text
    assert "T &lt;b&gt;" in shown.html
    assert "<b>" not in shown.html
    assert "of no image" not in plots.differences(np.zeros(3), "all equal").text
    curve = plots.shares([times([1.0, 2.0, 3.0])], "Shares")
    assert "p50 2.0 ms" in curve.text
    assert "(3 calls)" in curve.html
    assert "share of calls that took at most this (%)" in curve.html
