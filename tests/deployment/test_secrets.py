"""Planted secrets show in no output, log, exception, repr, argument list or file, failures too."""

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from mnist_nb import LocalEdge
from mnist_nb.deployment import Credentials, deploy, open_target, push, rollback
from mnist_nb.errors import MnistNbError
from mnist_nb.network.file_format import shipped_weights
from mnist_nb.releases.bucket import BucketSettings
from mnist_nb.releases.releases import Releases
from tests.support.cloudflare_stand_in import ACCOUNT, TOKEN, Account

pytestmark = pytest.mark.edge

R2_SECRET, EDGE_TOKEN = "planted-R2-secret-8d10c3f5", "planted-edge-token-93ab1c"
PLANTED = (TOKEN, R2_SECRET, EDGE_TOKEN)
STAND_IN = str(Path(__file__).parents[1] / "support/wrangler_stand_in.py")


@pytest.fixture
def _planted(account: Account, token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", R2_SECRET)
    monkeypatch.setenv("MNIST_NB_EDGE_TOKEN", EDGE_TOKEN)
    monkeypatch.setenv("WRANGLER_STAND_IN_NOTES", str(tmp_path / "notes"))
    monkeypatch.setattr("mnist_nb.deployment.cloudflare._FIRST_PAUSE", 0.0)
    account.echo = True  # the worst API: it says in its errors what was sent


def wrangler(mode: str) -> list[str]:
    return [sys.executable, STAND_IN, mode, "http://127.0.0.1:9"]


def arguments() -> str:
    """The argument lists of all processes, as everybody on the machine can see them."""
    found = []
    for process in psutil.process_iter():
        try:
            found += process.cmdline()
        except psutil.Error:
            continue
    return "\n".join(found)


def wrong_token(account: Account) -> Any:
    account.token = "another-token-1"
    deploy(dry_run=False)


def no_permission(account: Account) -> Any:
    account.permissions = frozenset({"accounts"})
    deploy(dry_run=False)


def refused_secret(account: Account) -> Any:
    account.workers["mnist-nb"] = {}
    deploy(dry_run=False, wrangler=wrangler("ok"))


def failed_wrangler(account: Account) -> Any:
    deploy(dry_run=False, wrangler=wrangler("fail"))


def dropped(account: Account) -> Any:
    account.faults.extend(["drop"] * 4)
    deploy(dry_run=False)


def wrong_r2_key(account: Account) -> Any:
    account.buckets.add("models")
    deploy(dry_run=False)


def wrong_r2_key_of_a_push(account: Account) -> Any:
    push(open_target("cloudflare"), shipped_weights())


def no_bucket_there(account: Account) -> Any:
    Releases(BucketSettings("http://127.0.0.1:9", "id", R2_SECRET)).list()


FAILURES = {
    "does not know": wrong_token,
    "lacks the permission": no_permission,
    "cannot set the secret EDGE_TOKEN": refused_secret,
    "wrangler deploy ended with status 1": failed_wrangler,
    "no answer": dropped,
    "refuses the access key": wrong_r2_key,
    "cannot read the current release": wrong_r2_key_of_a_push,
    "Could not connect": no_bucket_there,
}


@pytest.fixture(params=FAILURES, ids=lambda text: text.replace(" ", "-"))
def failure(request: pytest.FixtureRequest) -> tuple[str, Callable[[Account], Any]]:
    return request.param, FAILURES[request.param]


@pytest.mark.usefixtures("_planted")
def test_a_failure_shows_none(
    failure: tuple[str, Callable[[Account], Any]],
    account: Account,
    edge: LocalEdge,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    says, run = failure
    monkeypatch.setenv("R2_ENDPOINT_URL", edge.bucket.endpoint_url)
    if "access key" in says or "release" in says:
        monkeypatch.setenv("R2_ACCESS_KEY_ID", "id-that-nobody-knows")
    elif "EDGE_TOKEN" in says or "wrangler" in says:
        monkeypatch.setenv("R2_ACCESS_KEY_ID", edge.bucket.access_key_id)
        monkeypatch.setattr("mnist_nb.deployment.account.Releases", lambda _: edge.releases())
    caplog.set_level(logging.DEBUG)
    with pytest.raises(MnistNbError, match=says) as caught:
        run(account)
    told: list[str] = []
    error: BaseException | None = caught.value
    while error is not None:  # whatever is chained to it, suppressed or not
        told += [str(error), repr(error), str(getattr(error, "args", ""))]
        told += traceback.format_exception(error, chain=False)
        error = error.__cause__ or error.__context__
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    out, err = capfd.readouterr()
    ours = [line for line in frames.format() if "/tests/" not in line.partition("\n")[0]]
    assert any("mnist_nb" in line for line in ours)
    everything = "\n".join([*told, *ours, out, err, caplog.text])
    assert [secret for secret in PLANTED if secret in everything] == []
    files = [path.read_text() for path in tmp_path.rglob("*") if path.name != "notes"]
    assert [secret for secret in PLANTED if secret in "".join(files)] == []


@pytest.mark.usefixtures("_planted")
def test_success_shows_none_and_neither_does_the_process_list(
    account: Account,
    edge: LocalEdge,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    account.echo = False
    account.workers["mnist-nb"] = {}
    monkeypatch.setattr("mnist_nb.deployment.account.Releases", lambda _: edge.releases())
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    seen: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if text == "look at me":
            seen.append(arguments())
            (tmp_path / "notes.seen").touch()

    command = [sys.executable, STAND_IN, "watched", edge.url]
    outcome = deploy(dry_run=False, wrangler=command, say=say)
    assert account.workers["mnist-nb"] == {"EDGE_TOKEN": EDGE_TOKEN}
    assert STAND_IN in seen[0]
    monkeypatch.setenv("MNIST_NB_EDGE_URL", edge.url)
    target = open_target("local")
    push(target, shipped_weights(), say=say)
    monkeypatch.setenv("R2_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
    shown = [
        repr(x) for x in (outcome, target, target.client(), target.releases, Credentials.find())
    ]
    shown += [repr(open_target("cloudflare")), str(outcome.to_dict())]
    out, err = capfd.readouterr()
    everything = "\n".join([*said, *seen, *shown, out, err, caplog.text])
    assert [secret for secret in PLANTED if secret in everything] == []


@pytest.mark.usefixtures("_planted")
def test_a_thread_that_fails_shows_none(
    account: Account, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As from a widget's callback: the traceback goes to stderr."""
    account.token = "another-token-1"
    monkeypatch.setattr(threading, "excepthook", lambda args: traceback.print_exception(args[1]))
    thread = threading.Thread(target=lambda: rollback(open_target("cloudflare")))
    thread.start()
    thread.join()
    _, err = capfd.readouterr()
    assert "does not know this API token" in err
    assert [secret for secret in PLANTED if secret in err] == []
