"""An account from nothing to an edge that serves: a stand-in account, a real R2, a real edge."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_nb import LocalEdge
from mnist_nb.deployment import deploy, open_target, push, rollback
from mnist_nb.deployment.cloudflare import Cloudflare
from mnist_nb.deployment.target import local_target
from mnist_nb.errors import AccountError
from mnist_nb.lab.edge_source import EdgeSource
from mnist_nb.local_edge import shared_edge
from mnist_nb.network.file_format import read_weights, shipped_weights
from tests.deployment.conftest import EDGE_TOKEN
from tests.support.cloudflare_stand_in import ACCOUNT, EVERYTHING, Account
from tests.support.networks import random_network

pytestmark = pytest.mark.edge
SHIPPED = read_weights(shipped_weights()).sha256


@pytest.fixture
def wrangler(edge: LocalEdge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A stand-in that says it deployed to where the real edge is."""
    monkeypatch.setenv("WRANGLER_STAND_IN_NOTES", str(tmp_path / "notes"))
    path = Path(__file__).parents[1] / "support/wrangler_stand_in.py"
    return [sys.executable, str(path), "ok", edge.url]


@pytest.fixture
def r2(edge: LocalEdge, token: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The real bucket of the edge in the place of the account's; empty."""
    releases = edge.releases()
    settings = edge.bucket
    monkeypatch.setenv("R2_ENDPOINT_URL", settings.endpoint_url)
    monkeypatch.setenv("R2_ACCESS_KEY_ID", settings.access_key_id)
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", settings.secret_access_key)
    listed = releases._s3.list_objects_v2(Bucket="models").get("Contents", [])
    for entry in listed:
        releases._s3.delete_object(Bucket="models", Key=entry["Key"])
    return releases


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(
    account: Account, r2: Any, wrangler: list[str]
) -> None:
    said: list[str] = []
    outcome = deploy(wrangler=wrangler, say=said.append)
    assert said[0].splitlines() == [
        "Plan for the account Ada's account (a dry run, nothing is changed)",
        "├── would create bucket models",
        f"├── would upload 1.5 MB to models/mnist/, and current from nothing to {SHIPPED[:8]}",
        "├── would deploy Worker mnist-nb",
        "└── anybody may ask: MNIST_NB_EDGE_TOKEN is not set",
    ]
    assert said[-1] == "--dry-run: exiting now."
    assert outcome.to_dict()["dry_run"] is True
    assert all(asked.startswith("GET ") for asked in account.asked), account.asked
    assert account.buckets == set()
    assert r2.current() is None


def test_from_nothing_to_an_edge_that_serves_and_once_more(
    account: Account,
    r2: Any,
    edge: LocalEdge,
    wrangler: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MNIST_NB_EDGE_TOKEN", EDGE_TOKEN)
    account.workers["mnist-nb"] = {}  # wrangler's stand-in does not make it
    said: list[str] = []
    outcome = deploy(wrangler=wrangler, dry_run=False, say=said.append)
    assert said[-1].splitlines() == [
        "Done for the account Ada's account",
        "├── created bucket models",
        f"├── uploaded 1.5 MB to models/mnist/, and current from nothing to {SHIPPED[:8]}",
        "├── deployed Worker mnist-nb",
        "├── set secret EDGE_TOKEN: clients then need MNIST_NB_EDGE_TOKEN",
        "├── served by the edge's object default",
        f"├── use   export MNIST_NB_EDGE_URL={edge.url}",
        f"├── open  {edge.url}",
        "├── undo  npx wrangler secret delete EDGE_TOKEN   (in deploy/)",
        "├── undo  npx wrangler rollback   (in deploy/)",
        "└── undo  npx wrangler r2 bucket delete models   (in deploy/, once it is empty)",
    ]
    assert outcome.url == edge.url
    assert outcome.served == {"default": SHIPPED}
    assert account.buckets == {"models"}
    assert account.workers["mnist-nb"] == {"EDGE_TOKEN": EDGE_TOKEN}

    said.clear()
    deploy(wrangler=wrangler, dry_run=False, say=said.append)
    assert said[0].splitlines()[1:4] == [
        "├── bucket models is there",
        f"├── current is {SHIPPED[:8]} (mnist-cnn)",
        "├── would deploy Worker mnist-nb, replacing the one there",
    ]
    deploy(wrangler=wrangler, weights=shipped_weights(), say=said.append)
    assert f"├── current is {SHIPPED[:8]} (mnist-cnn)" in said[-3].splitlines()
    assert r2.current().previous is None


def test_after_that_the_same_steps_as_on_the_local_edge(
    account: Account, r2: Any, edge: LocalEdge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With only the token set: account, bucket and URL are found out."""
    r2.push(shipped_weights())
    monkeypatch.delenv("R2_ACCESS_KEY_ID")
    target = open_target("cloudflare")
    assert target.where == "the account Ada's account, bucket models"
    assert target.url == "https://mnist-nb.ada.workers.dev"
    assert target.undo == ""
    with pytest.raises(Exception, match="refuses the access key"):  # of the stand-in's token
        target.releases.current()
    monkeypatch.setenv("R2_ACCESS_KEY_ID", edge.bucket.access_key_id)
    account.asked.clear()
    target = open_target("cloudflare")
    assert account.asked == []  # a key of R2 needs no API
    assert target.url == ""
    new = tmp_path / "new.safetensors"
    new.write_bytes(random_network(np.random.default_rng(5)))
    said: list[str] = []
    sha256 = push(target, new, force="untrained", say=said.append).sha256
    assert "└── undo  mnist-nb rollback" in said[-1]
    assert r2.current().sha256 == sha256
    rollback(target, say=said.append)
    assert r2.current().sha256 == SHIPPED


def test_a_missing_permission_ends_it_before_anything_is_changed(
    account: Account, r2: Any, wrangler: list[str]
) -> None:
    account.permissions = EVERYTHING - {"scripts"}
    with pytest.raises(AccountError, match="Workers Scripts > Edit"):
        deploy(wrangler=wrangler, dry_run=False, say=len)
    assert account.buckets == set()
    assert r2.current() is None


def test_disturbances_in_the_middle_are_survived(
    account: Account, r2: Any, wrangler: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("mnist_nb.deployment.account.Cloudflare", _hasty(waited))
    account.faults.extend([500, None, "drop", None, 429, None, (503, {"Retry-After": "2"})])
    deploy(wrangler=wrangler, dry_run=False, say=len)
    assert account.buckets == {"models"}
    assert r2.current().sha256 == SHIPPED
    assert waited == [0.5, 0.5, 0.5, 2]


def _hasty(waited: list[float]) -> Any:
    return lambda token: Cloudflare(token, sleep=waited.append)


def files(tmp_path: Path) -> tuple[Path, bytes, str]:
    """A file, what it is replaced by in the moment between a plan and a push, and its sha256."""
    path = tmp_path / "new.safetensors"
    path.write_bytes(random_network(np.random.default_rng(5)))
    return path, random_network(np.random.default_rng(6)), read_weights(path).sha256


def test_a_push_sends_the_bytes_of_its_plan(edge: LocalEdge, r2: Any, tmp_path: Path) -> None:
    path, other, sha256 = files(tmp_path)
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        path.write_bytes(other)

    outcome = push(local_target(edge.url), path, force="untrained", say=say)
    assert sha256[:8] in said[0]
    assert outcome.sha256 == sha256
    assert r2.current().sha256 == sha256


def test_a_deployment_sends_the_bytes_of_its_plan(
    account: Account, r2: Any, wrangler: list[str], tmp_path: Path
) -> None:
    path, other, sha256 = files(tmp_path)
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        path.write_bytes(other)

    deploy(wrangler=wrangler, weights=path, dry_run=False, say=say)
    assert f"current from nothing to {sha256[:8]}" in said[0]
    assert r2.current().sha256 == sha256


def test_labs_and_releases_of_a_process_share_one_edge() -> None:
    try:
        target, lab = open_target("local"), EdgeSource()
        assert lab.url() == target.url == shared_edge().url
    finally:
        shared_edge().stop()


def test_a_target_nobody_knows() -> None:
    with pytest.raises(AccountError, match="'mars'; give 'local' or 'cloudflare'"):
        open_target("mars")


def test_wrangler_gets_the_account_that_was_found(
    account: Account, r2: Any, wrangler: list[str], tmp_path: Path
) -> None:
    deploy(wrangler=wrangler, dry_run=False, say=len)
    assert ACCOUNT in (tmp_path / "notes").read_text()
