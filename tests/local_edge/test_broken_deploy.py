"""What is missing or broken on this machine is said before anything starts."""

import asyncio
import json
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

from mnist_nb import AsyncEdgeClient, EdgeClient, LocalEdge
from mnist_nb.errors import EdgeProblem, SetupError
from mnist_nb.local_edge import host, local_edge
from mnist_nb.local_edge.node import find_deploy, find_node, node_env

pytestmark = pytest.mark.edge


@pytest.fixture(scope="module")
def one_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("broken") / "deploy"
    original = find_deploy()
    (copy / "node_modules").parent.mkdir()
    (copy / "node_modules").symlink_to(original / "node_modules")
    return copy


@pytest.fixture
def copy_of_deploy(one_copy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """deploy/ to break; a fresh one but for what the host keeps, as that takes time to make."""
    kept = shutil.ignore_patterns("node_modules", ".wrangler")
    shutil.copytree(find_deploy(), one_copy, ignore=kept, dirs_exist_ok=True)
    monkeypatch.setenv("MNIST_NB_DEPLOY", str(one_copy))
    return one_copy


def test_a_worker_that_does_not_build_says_where(copy_of_deploy: Path) -> None:
    (copy_of_deploy / "src" / "worker.ts").write_text("export default {\n  fetch( {")
    with pytest.raises(SetupError, match=r"(?s)did not start.*worker\.ts:2"):
        LocalEdge().start()


def test_a_worker_that_does_not_load_says_why(copy_of_deploy: Path) -> None:
    (copy_of_deploy / "src" / "worker.ts").write_text(
        "export class Classifier {}\nthrow new Error('unhappy');\nexport default {};\n"
    )
    with pytest.raises(SetupError, match=r"(?s)did not start.*unhappy"):
        LocalEdge().start()


def test_a_host_that_dies_without_a_word(copy_of_deploy: Path) -> None:
    (copy_of_deploy / "host.mjs").write_text("console.error('last words'); process.exit(3);")
    with pytest.raises(SetupError, match=r"(?s)status 3.*last words.*doctor"):
        LocalEdge().start()


def test_a_host_that_hangs_is_given_up_and_killed(
    copy_of_deploy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_edge, "_READY_SECONDS", 1.0)
    monkeypatch.setattr(host, "STOP_SECONDS", 0.3)
    (copy_of_deploy / "host.mjs").write_text(
        "process.on('SIGTERM', () => {}); console.error(process.pid); setInterval(() => {}, 1e6);"
    )
    edge = LocalEdge()
    with pytest.raises(SetupError, match="not ready after 1 s"):
        edge.start()
    assert not psutil.pid_exists(int(edge.logs[0]))


def test_secrets_of_wrangler_dev_are_not_used(copy_of_deploy: Path) -> None:
    kept = copy_of_deploy / ".wrangler" / "host-bindings.json"
    kept.unlink(missing_ok=True)
    (copy_of_deploy / ".dev.vars").write_text("EDGE_TOKEN=for-wrangler-dev\n")
    with LocalEdge(seed=False) as edge, EdgeClient(edge.url, timeout=20) as client:
        with pytest.raises(EdgeProblem) as caught:
            client.classify(np.zeros(784, np.uint8))
        assert caught.value.status == 503  # and not 401
    assert "for-wrangler-dev" not in kept.read_text()


async def test_starts_in_a_running_event_loop_without_blocking_it() -> None:
    """As in a notebook, from a thread; asyncio's own children are not needed."""
    edge = LocalEdge(seed=False)
    await asyncio.to_thread(edge.start)
    try:
        async with AsyncEdgeClient(edge.url) as client:
            assert await client.healthy() is False
    finally:
        await asyncio.to_thread(edge.stop)


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_it_talks_to_this_machine_only(tmp_path: Path) -> None:
    """No DNS look-up and no connection to anywhere else, from start to stop."""
    trace = tmp_path / "trace"
    tracer = ["strace", "-f", "--seccomp-bpf", "-e", "trace=%network", "-o", trace]
    command = [*tracer, find_node(), find_deploy() / "host.mjs"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=node_env()
    ) as traced:
        assert traced.stdin is not None
        assert traced.stdout is not None
        traced.stdin.write('{"port": 0, "state": null, "vars": {}}\n')
        traced.stdin.flush()
        line = traced.stdout.readline()
        if not line:
            pytest.skip("strace may not trace here")
        url = json.loads(line)["ready"]["url"]
        assert httpx.get(f"{url}/healthz", trust_env=False, timeout=20).status_code == 503
        traced.communicate(timeout=30)
    addresses = [line for line in trace.read_text().splitlines() if "sa_family=AF_INET" in line]
    port = httpx.URL(url).port
    assert any("bind(" in line for line in addresses)
    assert any(f"htons({port})" in line for line in addresses)  # workerd is traced too
    outside = [line for line in addresses if '"127.0.0.1"' not in line and '"::1"' not in line]
    assert outside == []


def test_temporary_folder_is_the_one_of_python(edge: LocalEdge) -> None:
    prefix = f"mnist-nb-edge-{socket.gethostname()}-{edge.pid}-"
    names = [path.name for path in Path(tempfile.gettempdir()).iterdir()]
    assert [name for name in names if name.startswith(prefix)]
