"""Pointers as they are written now, read by the Worker as it was before it knew of trials."""

import io
import shutil
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
    """From the commit before that which brought the trials, run by the host of now."""
    found = git("log", "--diff-filter=A", "--format=%H", "--", "deploy/src/trial.ts").split()
    before = f"{found[-1].decode()}^" if found else "none"
    archive = git("archive", before, "deploy/src", "deploy/kernel", "deploy/wrangler.jsonc")
    if not archive:
        pytest.skip("a clone without its history, or no clone")
    deploy = tmp_path / "deploy"
    others = shutil.ignore_patterns("node_modules", ".wrangler", "src", "kernel", "built")
    shutil.copytree(find_deploy(), deploy, ignore=others)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(tmp_path, filter="data")
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
