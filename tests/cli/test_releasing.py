"""The commands that release weights and deploy the edge."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from mnist_nb.local_edge.local_edge import LocalEdge
from mnist_nb.network.file_format import read_weights, shipped_weights
from mnist_nb.releases.releases import BucketSettings, Releases
from tests.cli.conftest import run
from tests.support.cloudflare_stand_in import TOKEN, Account, stand_in
from tests.support.other_programs import burn_bin

# --- releases ------------------------------------------------------------------------------------

SHIPPED = read_weights(shipped_weights()).sha256


@pytest.fixture
def model_bin(tmp_path: Path) -> Path:
    """Weights as the original has them."""
    path = tmp_path / "model.bin"
    path.write_bytes(burn_bin()[0])
    return path


@pytest.mark.edge
def test_push_list_rollback_promote(model_bin: Path) -> None:
    with LocalEdge(ttl=0.1) as edge:
        on = {"MNIST_NB_EDGE_URL": edge.url}
        planned = run("push", model_bin, "--dry-run", **on)
        assert planned.exit_code == 0, planned.stderr
        plan = planned.stdout.splitlines()
        assert plan[0] == (
            f"Plan for the edge on this machine, {edge.url} (a dry run, nothing is changed)"
        )
        new = re.search(rf"would move current from {SHIPPED[:8]} to (\w{{8}})$", plan[-1])
        assert new
        assert [r.sha256 for r in edge.releases().list()] == [SHIPPED]

        refused = run("push", model_bin, **on)
        assert refused.exit_code == 1
        assert "it reads 10.0% of 400 digits" in refused.stderr
        done = run("push", model_bin, "--force", "as an example", **on)
        assert done.exit_code == 0, done.stderr
        assert done.stdout.splitlines()[-3:] == [
            "├── served by the edge's object default",
            f"├── open  {edge.url}",
            f"└── undo  mnist-nb rollback --edge {edge.url}",
        ]
        listed = json.loads(run("releases", "--json", **on).stdout)
        assert {r["sha256"][:8]: r["current"] for r in listed} == {new[1]: True, SHIPPED[:8]: False}
        lines = run("releases", **on).stdout.splitlines()
        (current,) = [line for line in lines if line.startswith("current")]
        assert new[1] in current
        assert "model" in current
        assert any("not_sure_below" in line for line in lines)

        back = run("rollback", "--json", **on)
        outcome = json.loads(back.stdout)
        assert outcome["sha256"] == outcome["release"]["sha256"] == SHIPPED
        assert outcome["served"] == {"default": SHIPPED}
        assert outcome["undo"] == [f"mnist-nb rollback --edge {edge.url}"]
        assert "moved current back from" in back.stderr
        # The undo command of the report, as it stands there.
        assert run(*outcome["undo"][0].split()[1:]).exit_code == 0
        assert run("promote", SHIPPED[:6], "--no-wait", **on).exit_code == 0
        assert edge.releases().current().sha256 == SHIPPED  # type: ignore[union-attr]
        told = run("releases", "--history", **on).stdout
        assert f"promote  {new[1]}  " in told
        assert f"forced; in place of {SHIPPED[:8]}; " in told
        assert "; as an example\n" in told
        notes = json.loads(run("releases", "--history", "--json", **on).stdout)
        moves = ["promote", "rollback", "rollback", "promote", "promote"]
        assert [note["what"] for note in notes] == moves
        missing = run("promote", "0123abcd", **on)
        assert missing.exit_code == 1
        assert "no such file was pushed" in missing.stderr


@pytest.mark.edge
def test_a_conflict_has_an_exit_code_of_its_own(
    edge_url: str, model_bin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else promotes as soon as the plan is printed."""
    other = Releases(BucketSettings.of_local_edge(edge_url))
    base = other.current()
    assert base is not None
    theirs = other.push(model_bin, promote=False).sha256
    model_bin.write_bytes(burn_bin(seed=1)[0])
    ours = other.push(model_bin, promote=False).sha256
    echo = click.echo

    def echo_and_be_late(text: str, **options: Any) -> None:
        echo(text, **options)
        if text.startswith("Plan"):
            other.promote(theirs, force="untrained")

    monkeypatch.setattr(click, "echo", echo_and_be_late)
    try:
        result = run("promote", ours, "--edge", edge_url)
        assert result.exit_code == 3
        assert f"current is now {theirs[:12]} (model" in result.stderr
        assert other.current().sha256 == theirs  # type: ignore[union-attr]
    finally:
        other.promote(base.sha256)  # for the tests that share this edge


def test_push_refuses_a_bad_file_and_says_where_it_could_go(state_dict: Path) -> None:
    bad = state_dict.with_name("bad.safetensors")
    bad.write_bytes(b"12345678" * 4)
    result = run("push", bad, "--edge", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "bad.safetensors cannot be used as weights" in result.stderr
    nowhere = run("push", bad)
    assert nowhere.exit_code == 1
    assert "name an edge on this machine with --edge" in nowhere.stderr
    assert run("push", "nowhere.bin").exit_code == 2


def test_deploy_is_a_dry_run_unless_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with stand_in(Account()) as account:
        on = {"CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_API_BASE_URL": account.url}
        result = run("deploy", "--json", **on)
        assert result.exit_code == 0, result.stderr
        assert json.loads(result.stdout)["steps"][0] == "create bucket models"
        assert "Total Upload" in result.stderr  # the real wrangler has built the Worker
        assert "`mnist-nb deploy --yes` does it" in result.stderr
        assert account.buckets == set()
        account.permissions = frozenset({"accounts"})
        refused = run("deploy", "--yes", **on)
        assert refused.exit_code == 1
        assert "Workers R2 Storage > Edit" in refused.stderr
        assert TOKEN not in result.output + refused.output
