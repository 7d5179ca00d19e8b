"""`mnist-nb lab` and `mnist-nb edge` serve, and one signal ends all that they started."""

import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from jupyter_client.blocking import BlockingKernelClient
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from mnist_nb.errors import SetupError
from mnist_nb.servers import NOTEBOOK, jupyterlab, open_notebooks, shipped_notebook
from tests.support.command import SECONDS, Command

pytestmark = pytest.mark.edge


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    started = []

    def start(*words: str, **env: str) -> Command:
        started.append(Command(words, tmp_path, env))
        return started[-1]

    yield start
    for command in started:
        command.clear()


Start = Callable[..., Command]


@contextmanager
def open_lab(command: Command) -> Iterator[httpx.Client]:
    """A client that holds the token of a lab, once this is ready and has one kernel."""
    url = re.search(r"lab +(http://127\.0\.0\.1:\d+)(/\S+)\?token=(\w+)", command.until("Ctrl+C"))
    assert url, command.output
    assert url[2] == "/lab/tree/notebooks/01_draw.ipynb"
    token = {"authorization": f"token {url[3]}"}
    with httpx.Client(base_url=url[1], headers=token, timeout=SECONDS) as client:
        kernel = client.post("/api/kernels", json={}).raise_for_status().json()
        # One that is still importing prints a traceback when it is told to end.
        channels = BlockingKernelClient()
        channels.load_connection_file(str(command.runtime / f"kernel-{kernel['id']}.json"))
        channels.start_channels(iopub=False, stdin=False, hb=False, control=False)
        channels.kernel_info(reply=True, timeout=SECONDS)
        channels.stop_channels()
        yield client


def test_the_lab_serves_the_notebook_and_its_kernels_know_the_edge(start: Start) -> None:
    lab = start("lab", "--no-browser")
    with open_lab(lab) as client:
        page = client.get("/lab/tree/notebooks/01_draw.ipynb")
        assert page.status_code == 200
        # Nobody is asked about news of Jupyter before they have drawn a digit.
        disabled = re.search(r'"disabledExtensions": \[(.*?)\]', page.text)
        assert disabled
        assert "@jupyterlab/apputils-extension:announcements" in disabled[1]
        notebook = client.get("/api/contents/notebooks/01_draw.ipynb", params={"content": 0})
        assert notebook.json()["type"] == "notebook"
        assert httpx.get(client.base_url.join("/api/contents")).status_code == 403
    edge = re.search(r"^edge +(http://127\.0\.0\.1:\d+) ", lab.output, re.MULTILINE)
    assert edge, lab.output
    family = lab.remember_family()
    kernels = [process for process in family if "ipykernel_launcher" in process.cmdline()]
    assert [process.environ()["MNIST_NB_EDGE_URL"] for process in kernels] == [edge[1]]
    assert "workerd" in {process.name() for process in family}

    lab.interrupt()
    assert lab.end() == 0
    assert lab.output.endswith("Ctrl+C ends both.\n")  # neither a question nor a traceback
    assert len(lab.output.splitlines()) == 3  # and no warnings


def test_a_lab_without_its_edge_opens_and_even_sigkill_leaves_no_kernel(
    start: Start, tmp_path: Path
) -> None:
    lab = start("lab", "--no-browser", MNIST_NB_DEPLOY=str(tmp_path))
    with open_lab(lab):
        assert len(lab.remember_family()) == 1
    assert lab.output.startswith("The lab opens without its edge. MNIST_NB_DEPLOY is ")
    lab.process.kill()
    assert lab.end() == -signal.SIGKILL


def test_ctrl_c_while_the_lab_starts_ends_it(start: Start) -> None:
    lab = start("lab", "--no-browser")
    lab.until("edge ")  # JupyterLab is being loaded
    assert lab.remember_family()
    lab.interrupt()
    lab.end()
    assert "Traceback" not in lab.output


def test_the_edge_serves_until_ctrl_c(start: Start, tmp_path: Path) -> None:
    edge = start("edge", "--state", str(tmp_path / "state"))
    url = re.search(r"MNIST_NB_EDGE_URL=(\S+)", edge.until("Ctrl+C"))
    assert url, edge.output
    assert httpx.get(f"{url[1]}/model").json()["collects"] is False
    assert edge.remember_family()
    edge.interrupt()
    assert edge.end() == 0
    assert "Traceback" not in edge.output
    assert any((tmp_path / "state").iterdir())


def test_an_edge_that_dies_ends_the_command_with_a_reason(start: Start) -> None:
    edge = start("edge", "--collect")
    url = re.search(r"MNIST_NB_EDGE_URL=(\S+)", edge.until("Ctrl+C"))
    assert url, edge.output
    assert httpx.get(f"{url[1]}/model").json()["collects"] is True
    for process in edge.remember_family():
        process.kill()
    assert edge.end() == 1
    assert "the edge has ended by itself" in edge.output


@pytest.mark.parametrize("command", ["lab", "edge"])
def test_a_busy_port_is_named_at_once(start: Start, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        words = ["--no-browser"] if command == "lab" else []
        running = start(command, "--port", str(port), *words)
        assert running.end() == 1
    assert f"port {port}" in running.output
    assert "cannot be used" in running.output
    assert len(running.output.splitlines()) == 1


async def test_a_broken_frame_ends_its_connection_and_not_the_server(start: Start) -> None:
    """17 bytes: the count at their head would keep Jupyter's server in a loop for hours."""
    lab = start("lab", "--no-browser", "--edge", "http://127.0.0.1:9")
    with open_lab(lab) as client:
        assert len(lab.remember_family()) == 1  # the kernel, as the edge is elsewhere
        kernel = client.get("/api/kernels").json()[0]["id"]
        url = str(client.base_url.join(f"/api/kernels/{kernel}/channels")).replace("http", "ws", 1)
        asked = HTTPRequest(url, headers={"authorization": client.headers["authorization"]})
        socket = await websocket_connect(asked, subprotocols=["v1.kernel.websocket.jupyter.org"])
        await socket.write_message((1 << 62).to_bytes(8, "little") + b"123456789", binary=True)
        while await socket.read_message() is not None:
            pass
        assert socket.close_code == 1002
        assert client.get("/api/kernels").json()[0]["id"] == kernel
    assert lab.output.startswith("edge   http://127.0.0.1:9\n")
    lab.process.terminate()  # it ends the kernel as Ctrl+C does
    assert lab.end() == 0
    assert "Traceback" not in lab.output


def test_visitors_of_the_app_are_not_given_tokens(start: Start, tmp_path: Path) -> None:
    pytest.importorskip("voila")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    secrets = {"CLOUDFLARE_API_TOKEN": "secret", "MNIST_NB_EDGE_TOKEN": "secret"}
    words = ["--no-browser", "--port", str(port), "--edge", "http://127.0.0.1:9"]
    app = start("app", *words, **secrets)
    assert "Visitors are not given MNIST_NB_EDGE_TOKEN" in app.until("Ctrl+C")
    url = f"http://127.0.0.1:{port}/"
    for path in ("", "api/kernels/x/channels"):
        foreign = httpx.get(url + path, headers={"Host": f"attacker.example:{port}"})
        assert foreign.status_code == 403
    with httpx.Client(timeout=SECONDS) as client, client.stream("GET", url):
        family = app.remember_family()  # while the page waits for its kernel
        kernels = [p.environ() for p in family if "ipykernel_launcher" in p.cmdline()]
        assert [env["MNIST_NB_EDGE_URL"] for env in kernels] == ["http://127.0.0.1:9"]
        assert "secret" not in str(kernels)
    app.interrupt()
    assert app.end() == 0


def test_notebooks_are_copied_once_and_changed_ones_are_kept(tmp_path: Path) -> None:
    said: list[str] = []
    folder = tmp_path / "mine"
    assert open_notebooks(folder, said.append) == folder
    assert said == [f"copied 5 notebooks into {folder / 'notebooks'}"]
    assert (folder / NOTEBOOK).read_bytes() == shipped_notebook().read_bytes()
    (folder / NOTEBOOK).write_text("my own")
    (folder / "notebooks/05_train.ipynb").unlink()
    said.clear()
    open_notebooks(folder, said.append)
    assert (folder / NOTEBOOK).read_text() == "my own"
    assert said == [
        f"copied 1 notebooks into {folder / 'notebooks'}",
        "kept   01_draw.ipynb which differ from this version's; delete one to get it anew",
    ]
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match=r"cannot be put into .*file.*--folder"):
        open_notebooks(tmp_path / "file", said.append)


@pytest.mark.parametrize(
    ("platform", "env", "seen"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("darwin", {}, True),
        ("darwin", {"SSH_CONNECTION": "::1 1 ::1 22"}, False),
    ],
)
def test_a_browser_opens_only_where_it_is_seen(
    monkeypatch: pytest.MonkeyPatch, platform: str, env: dict[str, str], seen: bool
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert jupyterlab.has_display() is seen
