"""`npx wrangler dev`, as people know it from the original."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mnist_nb.edge.node import find_deploy, find_node, node_env
from tests.deploy.files import SMALL

pytestmark = pytest.mark.edge


def wrangler(*arguments: object) -> list[str]:
    script = find_deploy() / "node_modules" / "wrangler" / "bin" / "wrangler.js"
    return [str(find_node()), str(script), *map(str, arguments)]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """`wrangler dev` with weights put into its bucket by wrangler."""
    weights = tmp_path / "small.safetensors"
    weights.write_bytes(SMALL)
    deploy, env, state = find_deploy(), node_env(), ("--persist-to", tmp_path / "state")
    key = "models/mnist.safetensors"
    put = wrangler("r2", "object", "put", key, "--file", weights, "--local", *state)
    subprocess.run(put, check=True, capture_output=True, timeout=60, cwd=deploy, env=env)
    process = subprocess.Popen(
        wrangler("dev", "--port", 0, "--ip", "127.0.0.1", *state),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        cwd=deploy,
        env=env,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"Ready on (http://\S+)", line):
                yield found[1]
                break
        else:
            pytest.fail("wrangler dev ended:\n" + "".join(said))
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)


def test_wrangler_dev_classifies(url: str) -> None:
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as http:
        answer = http.post("/classify", json=[0] * 784)
        assert answer.status_code == 200, answer.text
        assert len(answer.json()) == 10
        assert sum(answer.json()) == pytest.approx(1, abs=1e-5)
        assert http.get("/model").json()["name"] == "small"
        assert "<canvas" in http.get("/").text
        large = {"Content-Type": "application/octet-stream"}
        answer = http.post("/classify", content=bytes(10_000_000), headers=large)
        assert answer.status_code == 413
