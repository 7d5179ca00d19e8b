"""Settings from the environment and from `.env`; secrets that nothing shows."""

import copy
import hashlib
import os
import pickle
import subprocess
import traceback
from pathlib import Path

import pytest

from mnist_nb.deployment.credentials import Credentials, Secret
from mnist_nb.errors import AccountError, MnistNbError
from mnist_nb.releases.bucket import BucketSettings

TOKEN = "planted-token-71b2"


def test_env_file_is_found_above_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "# mine\n"
        f"export CLOUDFLARE_API_TOKEN='{TOKEN}'  \n"
        'CLOUDFLARE_ACCOUNT_ID = "abc" # the club\n'
        "R2_BUCKET=other # a comment\n"
        "PATH=/nowhere\n"
        "MNIST_NB_EDGE_TOKEN=\n"
        "nonsense\n"
    )
    below = tmp_path / "notebooks"
    below.mkdir()
    monkeypatch.setenv("R2_BUCKET", "mine")
    found = Credentials.find(below)
    assert found.api_token.reveal() == TOKEN
    assert found.values == {"CLOUDFLARE_ACCOUNT_ID": "abc", "R2_BUCKET": "mine"}
    assert found.found_in == {
        "CLOUDFLARE_API_TOKEN": str(tmp_path / ".env"),
        "CLOUDFLARE_ACCOUNT_ID": str(tmp_path / ".env"),
        "R2_BUCKET": "environment",
    }
    assert found.edge_token is None


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps a folder that is in use")
def test_a_deleted_current_folder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (gone := tmp_path / "gone").mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(AccountError, match="the current folder was deleted: change into another"):
        Credentials.find()


def test_a_secret_that_cannot_be_one_is_named_and_in_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_NB_EDGE_TOKEN", TOKEN)
    (tmp_path / ".env").write_text(f"CLOUDFLARE_API_TOKEN='{TOKEN} and {TOKEN}'")
    with pytest.raises(AccountError, match=r"CLOUDFLARE_API_TOKEN \(.*\.env\) has char") as caught:
        Credentials.find(tmp_path)
    for call in (BucketSettings.from_env, Credentials.find):
        monkeypatch.setenv("R2_SECRET_ACCESS_KEY", f"{TOKEN}-r2")
        with pytest.raises(MnistNbError) as other:
            call()
        for error in (caught.value, other.value):
            trace = traceback.TracebackException.from_exception(error, capture_locals=True)
            frames = [line for line in trace.format() if "/tests/" not in line]
            assert TOKEN not in "".join(frames)


def test_git_ignores_env_files() -> None:
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        pytest.skip("not in a clone")
    done = subprocess.run(["git", "check-ignore", ".env", "notebooks/.env"], cwd=root)
    assert done.returncode == 0


def test_an_env_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(AccountError, match="cannot be read as text"):
        Credentials.find(tmp_path)


def test_without_a_token_it_says_which_permissions_it_needs() -> None:
    with pytest.raises(AccountError, match=r"CLOUDFLARE_API_TOKEN is not set.*R2 Storage > Edit"):
        _ = Credentials().api_token


def test_r2_keys_are_derived_from_the_token_or_taken_as_given() -> None:
    secret = Secret(TOKEN, "CLOUDFLARE_API_TOKEN")
    found = Credentials(secrets={"CLOUDFLARE_API_TOKEN": secret}).bucket("abc", "id-of-token")
    assert found.endpoint_url == "https://abc.r2.cloudflarestorage.com"
    assert found.access_key_id == "id-of-token"
    assert found.secret_access_key == hashlib.sha256(TOKEN.encode()).hexdigest()
    assert found.bucket == "models"
    given = Credentials(
        {"R2_ACCESS_KEY_ID": "key", "R2_ENDPOINT_URL": "http://127.0.0.1:1", "R2_BUCKET": "mine"},
        {"R2_SECRET_ACCESS_KEY": Secret("other-secret")},
    ).bucket("abc", "id-of-token")
    assert (given.endpoint_url, given.access_key_id) == ("http://127.0.0.1:1", "key")
    assert (given.secret_access_key, given.bucket) == ("other-secret", "mine")


def test_a_secret_shows_nowhere() -> None:
    secret = Secret(f"  {TOKEN}\n", "CLOUDFLARE_API_TOKEN")
    found = Credentials(secrets={"CLOUDFLARE_API_TOKEN": secret})
    shown = f"{secret} {secret!r} {[secret]} {found} {found!r} {vars(found)}"
    assert TOKEN not in shown
    assert "hidden" in shown
    assert secret.reveal() == TOKEN
    for store in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not to be stored"):
            store(secret)
    assert found.hide(f"x {TOKEN} y") == "x ... y"
