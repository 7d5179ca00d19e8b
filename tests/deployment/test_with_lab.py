"""The website of the notebooks goes online with the Worker when it is asked for, and not else."""

import sys
from pathlib import Path
from typing import Any

import pytest

from mnist_nb.deployment import Credentials, deploy
from mnist_nb.deployment.wrangler import wrangler_deploy
from mnist_nb.errors import SetupError
from tests.support.cloudflare_stand_in import Account

# Instead of wrangler: says which files it would upload.
LISTS = """
import os, sys
given = sys.argv[sys.argv.index("--assets") + 1] if "--assets" in sys.argv else "public"
print(sorted(os.listdir(given)))
"""
WRANGLER = [sys.executable, "-c", LISTS]


@pytest.fixture
def public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The public files of a checkout, without a website."""
    made = tmp_path / "deploy" / "public"
    made.mkdir(parents=True)
    (made / "index.html").write_text("the drawing page")
    (tmp_path / "deploy" / "host.mjs").write_text("")
    (tmp_path / "deploy" / "src").mkdir()
    names = '{"name": "mnist-nb", "bucket_name": "models"}'
    (tmp_path / "deploy" / "wrangler.jsonc").write_text(names)
    monkeypatch.setenv("MNIST_NB_DEPLOY", str(tmp_path / "deploy"))
    return made


def uploaded(with_lab: bool) -> str:
    said: list[str] = []
    none = Credentials({})
    wrangler_deploy(none, dry_run=True, with_lab=with_lab, say=said.append, command=WRANGLER)
    return said[0]


def test_the_website_is_uploaded_when_it_is_asked_for(public: Path) -> None:
    assert uploaded(with_lab=False) == "['index.html']"
    (public / "lab").mkdir()
    assert uploaded(with_lab=False) == "['index.html']"
    assert uploaded(with_lab=True) == "['index.html', 'lab']"


def test_the_plan_says_how_large_it_is(account: Account, token: str, public: Path) -> None:
    said: list[Any] = []
    with pytest.raises(SetupError, match="`mnist-nb site` builds it"):
        deploy(with_lab=True, wrangler=WRANGLER, say=said.append)
    (public / "lab").mkdir()
    (public / "lab" / "index.html").write_bytes(bytes(2_000_000))
    deploy(with_lab=True, wrangler=WRANGLER, say=said.append)
    assert "would upload the notebooks as /lab, 1 files, 2.0 MB" in said[0]
