"""The real wrangler in a dry run; its lines, its failures and its URL with a stand-in."""

import json
import shutil
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from mnist_nb.deployment import wrangler
from mnist_nb.deployment.credentials import Credentials
from mnist_nb.deployment.wrangler import names, wrangler_deploy
from mnist_nb.errors import AccountError
from mnist_nb.local_edge.node import find_deploy
from mnist_nb.local_edge.packages import cached

STAND_IN = Path(__file__).parents[1] / "support/wrangler_stand_in.py"


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stand-in writes how it was started."""
    monkeypatch.setenv("WRANGLER_STAND_IN_NOTES", str(tmp_path / "notes"))
    return tmp_path / "notes"


def stand_in(mode: str, url: str = "https://mnist-nb.ada.workers.dev") -> list[str]:
    return [sys.executable, str(STAND_IN), mode, url]


def noted(notes: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in notes.read_text().splitlines()]


def test_the_names_are_those_of_wrangler_jsonc() -> None:
    assert names(find_deploy()) == ("mnist-nb", "models")


def test_a_dry_run_of_the_real_wrangler_builds_the_worker() -> None:
    lines: list[str] = []
    assert wrangler_deploy(Credentials(), dry_run=True, say=lines.append) == ""
    text = "\n".join(lines)
    assert "Total Upload" in text
    assert "env.MODELS (models)" in text
    assert "--dry-run: exiting now." in text


def test_an_installed_package_is_not_written_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`.wrangler/`, where it bundles and remembers the account, would be in site-packages."""
    packages = find_deploy() / "node_modules"
    installed = tmp_path / "deploy"
    shutil.copytree(
        find_deploy(), installed, ignore=shutil.ignore_patterns("node_modules", "src", ".wrangler")
    )
    monkeypatch.setenv("MNIST_NB_DEPLOY", str(installed))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cached("wrangler", installed).mkdir(parents=True)
    (cached("wrangler", installed) / "node_modules").symlink_to(packages)
    before = sorted(installed.rglob("*"))
    lines: list[str] = []
    assert wrangler_deploy(Credentials(), dry_run=True, say=lines.append) == ""
    assert "--dry-run: exiting now." in "\n".join(lines)
    assert sorted(installed.rglob("*")) == before


def test_lines_come_as_they_are_written_and_the_url_is_among_them(notes: Path, token: str) -> None:
    lines: list[str] = []
    found = wrangler_deploy(Credentials.find(), "abc", say=lines.append, command=stand_in("ok"))
    assert found == "https://mnist-nb.ada.workers.dev"
    assert "Deployed mnist-nb triggers (0.31 sec)" in lines
    (started,) = noted(notes)
    assert started["words"][:1] == ["deploy"]
    assert started["env"] == {"CLOUDFLARE_API_TOKEN": token, "CLOUDFLARE_ACCOUNT_ID": "abc"}
    assert token not in " ".join(started["arguments"])


def test_a_custom_domain_is_a_url_too(notes: Path, token: str) -> None:
    command = stand_in("ok", "digits.example.com (custom domain)")
    found = wrangler_deploy(Credentials.find(), "abc", say=len, command=command)
    assert found == "https://digits.example.com"


def test_a_dry_run_gets_no_token(notes: Path, token: str) -> None:
    wrangler_deploy(Credentials.find(), dry_run=True, say=len, command=stand_in("ok"))
    (started,) = noted(notes)
    assert started["words"][:2] == ["deploy", "--dry-run"]
    assert set(started["env"].values()) == {None}


def test_a_failure_has_its_last_lines_and_no_token(notes: Path, token: str) -> None:
    lines: list[str] = []
    with pytest.raises(AccountError, match=r"status 1(?s:.)*Authentication error") as caught:
        wrangler_deploy(Credentials.find(), "abc", say=lines.append, command=stand_in("fail"))
    assert "Authentication error [code: 10000] for ..." in lines[-1]
    assert token not in str(caught.value) + "".join(lines)


def test_without_a_url_it_says_what_to_switch_on(notes: Path, token: str) -> None:
    with pytest.raises(AccountError, match=r"named no URL: switch the workers\.dev subdomain on"):
        wrangler_deploy(Credentials.find(), "abc", say=len, command=stand_in("nowhere"))


def running_stand_ins() -> list[psutil.Process]:
    """Those below this process, which may also have the remains of other tests' processes."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # a zombie, too, has ended
            if str(STAND_IN) in child.cmdline():
                found.append(child)
    return found


def test_one_that_hangs_is_ended(notes: Path, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time is over once it has said that it waits; the timer of the real one runs minutes."""
    timers: list[threading.Timer] = []
    make = threading.Timer

    def timer(seconds: float, function: Any) -> threading.Timer:
        assert seconds == wrangler.TIMEOUT
        timers.append(make(seconds, function))
        return timers[-1]

    monkeypatch.setattr(wrangler.threading, "Timer", timer)  # type: ignore[attr-defined]

    def time_is_over(line: str) -> None:
        if line == "waiting":
            timers[-1].function()

    with pytest.raises(AccountError, match=r"did not end in time(?s:.)*waiting"):
        wrangler_deploy(Credentials.find(), "abc", say=time_is_over, command=stand_in("hang"))
    assert not running_stand_ins()


def test_an_interrupt_ends_it_too(notes: Path, token: str) -> None:
    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wrangler_deploy(Credentials.find(), "abc", say=interrupt, command=stand_in("hang"))
    assert not running_stand_ins()
