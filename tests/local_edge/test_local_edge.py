"""The local edge for real: it serves, stops, and leaves nothing behind however it ends."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from mnist_nb import AsyncEdgeClient, EdgeClient, LocalEdge, Network
from mnist_nb.errors import EdgeOffline, EdgeProblem, SetupError
from mnist_nb.network.file_format import read_weights, shipped_weights
from tests.support.processes import family

pytestmark = pytest.mark.edge
Gone = Callable[[list[psutil.Process]], list[psutil.Process]]
Images = NDArray[np.uint8]


async def test_sync_and_async_give_what_numpy_gives(
    edge: LocalEdge, client: EdgeClient, images: Images
) -> None:
    result = client.classify(images)
    assert result.probabilities.shape == (1030, 10)
    assert result.model.sha256 == read_weights(shipped_weights()).sha256
    assert result.place.local
    expected = Network.load().predict(images)
    assert np.abs(result.probabilities - expected).max() <= 1e-5

    async with AsyncEdgeClient(edge.url, timeout=20) as other:
        again = await other.classify(images)
        one = await other.classify(images[7])
    np.testing.assert_array_equal(again.probabilities, result.probabilities)
    assert again.model == result.model
    np.testing.assert_allclose(one.probabilities[0], result.probabilities[7], atol=1e-6)


def test_the_json_of_the_original_gives_the_same(
    edge: LocalEdge, client: EdgeClient, images: Images
) -> None:
    with EdgeClient(edge.url, protocol="json", timeout=20) as other:
        result = other.classify(images[:3])
    np.testing.assert_allclose(
        result.probabilities, client.classify(images[:3]).probabilities, atol=1e-6
    )
    assert result.model == client.classify(images[0]).model


def test_one_connection_serves_many_requests(edge: LocalEdge, images: Images) -> None:
    port = httpx.URL(edge.url).port

    def connections() -> set[tuple[str, int]]:
        found = psutil.Process().net_connections("tcp")
        return {c.laddr for c in found if c.raddr and c.raddr.port == port}

    before = connections()
    with EdgeClient(edge.url, timeout=20) as client:
        client.classify(images[0])
        first = connections() - before
        for image in images[:5]:
            client.classify(image)
        assert connections() - before == first
        assert len(first) == 1
    assert not connections() - before


async def test_a_cancelled_request_does_not_hold_the_connection(
    edge: LocalEdge, images: Images
) -> None:
    async with AsyncEdgeClient(edge.url, timeout=20) as client:
        await client.classify(images[0])
        for turns in (1, 3, 10, 30):  # of the event loop: from before it is sent to in flight
            task = asyncio.create_task(client.classify(images))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        result = await client.classify(images[1])
        assert result.probabilities.shape == (1, 10)
        last = asyncio.create_task(client.classify(images))
        await asyncio.sleep(0)
        last.cancel()
    with pytest.raises(asyncio.CancelledError):  # and the end of the client waits for nothing
        await last


async def test_a_token_opens_the_door(images: Images) -> None:
    with LocalEdge(vars={"EDGE_TOKEN": "abc"}) as edge:
        with EdgeClient(edge.url, timeout=20) as client:
            with pytest.raises(EdgeProblem, match="MNIST_NB_EDGE_TOKEN"):
                client.classify(images[0])
            with pytest.raises(EdgeProblem) as caught:
                client.model()
            assert caught.value.status == 401
        with EdgeClient(edge.url, token="abc", timeout=20) as client:
            assert client.classify(images[0]).model.name
            assert client.model()["name"]


def test_health_and_model(client: EdgeClient) -> None:
    assert client.healthy() is True
    assert client.model()["sha256"] == read_weights(shipped_weights()).sha256


def test_a_proxy_in_the_environment_is_not_asked(
    edge: LocalEdge, monkeypatch: pytest.MonkeyPatch, images: Images
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port: nobody is there
    with EdgeClient(edge.url, timeout=20) as client:
        client.classify(images[0])
    assert edge.releases().current() is not None


def test_properties_while_it_runs(edge: LocalEdge) -> None:
    assert edge.is_running
    assert repr(edge) == f"<LocalEdge {edge.url}>"
    assert edge.s3_url.startswith(edge.url)
    assert (
        edge.bucket.secret_access_key
        not in repr(edge.bucket).split("bucket=")[0].split("id=")[1].split(",", 1)[1]
    )
    assert "secret_access_key" not in repr(edge.bucket)
    pid = edge.pid
    assert edge.start() is edge
    assert edge.pid == pid


def test_stop_in_the_middle_then_start_again_on_the_same_port(
    images: Images, gone: Gone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    edge = LocalEdge().start()
    url, port = edge.url, httpx.URL(edge.url).port
    assert port
    processes = family(edge.pid)
    assert list(tmp_path.iterdir())
    many = np.concatenate([images, images])

    def stop(done: int, total: int) -> None:
        edge.stop()

    with EdgeClient(url, timeout=20) as client:
        with pytest.raises(EdgeOffline, match=r"make edge"):
            client.classify(many, progress=stop)
        assert gone(processes) == []
        assert list(tmp_path.iterdir()) == []
        assert repr(edge) == "<LocalEdge stopped>"
        assert edge.pid is None
        with pytest.raises(SetupError, match="not running"):
            _ = edge.url
        edge.stop()  # once more does nothing
        assert client.healthy() is False

        with LocalEdge(port=port) as fresh:
            assert fresh.url == url
            assert client.classify(images[0]).model.name  # the same client goes on


def test_a_killed_host_takes_its_workerd_along_and_can_start_again(gone: Gone) -> None:
    with LocalEdge(seed=False) as edge:
        processes = family(edge.pid)
        processes[0].kill()
        assert gone(processes) == []
        assert not edge.is_running
        assert edge.start().is_running
        with EdgeClient(edge.url) as client, pytest.raises(EdgeProblem) as caught:
            client.classify(np.zeros(784, np.uint8))
    assert caught.value.status == 503  # nothing was pushed


def test_sigkill_of_the_python_process_leaves_nothing(gone: Gone, tmp_path: Path) -> None:
    state = tmp_path / "state"
    code = (
        "from mnist_nb import LocalEdge\n"
        f"edge = LocalEdge(state={str(state)!r}, seed=False).start()\n"
        "print(edge.pid, flush=True)\n"
        "import time; time.sleep(600)\n"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env
    ) as holder:
        assert holder.stdout is not None
        processes = family(int(holder.stdout.readline()))
        assert list(temporary.iterdir())
        holder.send_signal(signal.SIGKILL)
    with LocalEdge(state=state, seed=False):  # at once: it waits for the lock of the killed one
        assert gone(processes) == []
    assert list(temporary.iterdir()) == []


def test_the_end_of_the_program_stops_it(gone: Gone, tmp_path: Path) -> None:
    """Without a stop(); a fork of it must not stop it, either."""
    code = (
        "import os, sys\n"
        "from mnist_nb import LocalEdge\n"
        "edge = LocalEdge(seed=False).start()\n"
        "if os.fork() == 0:\n"
        "    sys.exit()\n"
        "os.wait()\n"
        "assert edge.is_running\n"
        "print(edge.pid, flush=True)\n"
        "input()\n"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=env,
    ) as holder:
        assert holder.stdout is not None
        processes = family(int(holder.stdout.readline()))
        holder.communicate("\n", timeout=20)
    assert holder.returncode == 0
    assert gone(processes) == []
    assert list(tmp_path.iterdir()) == []


def test_folders_of_killed_hosts_are_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    prefix = f"mnist-nb-edge-{socket.gethostname()}-"
    stale = tmp_path / f"{prefix}{ended.pid}-abcdef"
    used = tmp_path / f"{prefix}{os.getpid()}-abcdef"
    elsewhere = tmp_path / f"mnist-nb-edge-another-host-{ended.pid}-abcdef"
    for folder in (stale, used, elsewhere):
        folder.mkdir()
    with LocalEdge(seed=False):
        pass
    assert sorted(tmp_path.iterdir()) == sorted([used, elsewhere])


def test_state_stays_and_belongs_to_one_edge(tmp_path: Path, images: Images) -> None:
    state = tmp_path / "state"
    weights = tmp_path / "other.safetensors"
    shutil.copy(shipped_weights(), weights)
    with LocalEdge(state=state, weights=weights) as first:
        released = first.releases().current()
        with pytest.raises(SetupError, match="another local edge uses"):
            LocalEdge(state=state).start()
        with LocalEdge(seed=False) as second:  # two at once
            assert second.url != first.url
            assert second.releases().current() is None
    with LocalEdge(state=state, seed=False) as again:
        assert again.releases().current() == released
        with EdgeClient(again.url, timeout=20) as client:
            assert released is not None
            assert client.classify(images[0]).model.sha256 == released.sha256


def test_a_busy_port_and_an_impossible_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"port {port} .*in use.*port=0"):
            LocalEdge(port=port).start()
    with pytest.raises(SetupError, match="70000"):
        LocalEdge(port=70000)


def test_a_busy_port_where_sockets_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalEdge, "_listen", lambda self: [])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"port {port} .*in use"):
            LocalEdge(port=port).start()
