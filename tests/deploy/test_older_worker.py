"""Pointers as they are written now, read by the Worker as it was before it knew of trials."""

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mnist_nb import LocalEdge, Network
from mnist_nb.local_edge import find_deploy

pytestmark = pytest.mark.edge

ROOT = Path(__file__).parents[2]
NETWORK = Network.load()
SEED = ROOT / "model/seeds/1.safetensors"


def git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True).stdout


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalEdge]:
    """Built from the commit before that which brought the trials."""
    found = git("log", "--diff-filter=A", "--format=%H", "--", "deploy/src/trial.ts").split()
    archive = git("archive", f"{found[-1].decode()}^", "deploy") if found else b""
    if not archive:
        pytest.skip("a clone without its history, or no clone")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(tmp_path, filter="data")
    deploy = tmp_path / "deploy"
    (deploy / "node_modules").symlink_to(find_deploy() / "node_modules")
    monkeypatch.setenv("MNIST_NB_DEPLOY", str(deploy))
    with LocalEdge(ttl=0) as edge:
        yield edge


def test_the_worker_of_before_reads_pointers_of_now(older: LocalEdge) -> None:
    releases = older.releases()

    def served() -> dict[str, object]:
        found: dict[str, object] = httpx.get(f"{older.url}/model", trust_env=False).json()
        return found

    assert "candidate" not in served()
    proposal = releases.propose(SEED, 100, reason="a trial that it does not know")
    assert releases.compare_live(older).state == "none"
    assert served()["sha256"] == NETWORK.sha256
    assert releases.promote().sha256 == proposal.sha256
    assert served()["sha256"] == proposal.sha256
    releases.rollback()
    assert served()["sha256"] == NETWORK.sha256
    assert served()["rejected"] is None
