"""What an installed package has npm bring: once, whole, and with a sentence when it cannot."""

import shutil
from pathlib import Path

import pytest

from mnist_nb import LocalEdge
from mnist_nb.errors import SetupError
from mnist_nb.local_edge import find_deploy, find_wrangler, host_packages
from mnist_nb.local_edge.packages import cached


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The deploy/ of an installed package, on a machine with an empty cache and no registry."""
    deploy = tmp_path / "deploy"
    shutil.copytree(find_deploy(), deploy, ignore=shutil.ignore_patterns("node_modules", "src"))
    monkeypatch.setenv("MNIST_NB_DEPLOY", str(deploy))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    return deploy


def test_without_a_registry_one_line_says_what_is_missing(installed: Path, tmp_path: Path) -> None:
    with pytest.raises(
        SetupError, match=r"npm could not bring .*127\.0\.0\.1:9.*Connect"
    ) as caught:
        LocalEdge().start()
    assert len(str(caught.value).splitlines()) == 1
    # Nothing that looks whole stays, and nothing large.
    assert {path.suffix for path in (tmp_path / "cache/mnist-nb").iterdir()} == {".lock"}


def test_what_was_brought_is_not_brought_again(installed: Path) -> None:
    for name, source in (("host", installed / "built"), ("wrangler", installed)):
        cached(name, source).mkdir(parents=True)
    assert host_packages(installed) == cached("host", installed / "built")
    assert find_wrangler(installed).is_relative_to(cached("wrangler", installed))


def test_another_lock_file_has_another_folder(installed: Path) -> None:
    before = cached("host", installed / "built")
    with (installed / "built/package-lock.json").open("a") as file:
        file.write(" ")
    assert cached("host", installed / "built") != before


def test_a_cache_that_cannot_be_written_is_named(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(SetupError, match=r"cannot be kept in .*cache.*XDG_CACHE_HOME"):
        host_packages(installed)


def test_a_checkout_needs_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNIST_NB_DEPLOY", raising=False)
    deploy = find_deploy()
    assert host_packages(deploy) == deploy
