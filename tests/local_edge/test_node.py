"""What the local edge needs on a machine, and what is said when it is missing."""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from mnist_nb import LocalEdge
from mnist_nb.errors import SetupError
from mnist_nb.local_edge import node


def fake_node(folder: Path, version: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / "node"
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any Node; programs put in the returned folder are on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "nowhere"))
    monkeypatch.setattr(node, "find_spec", lambda name: None)
    return tmp_path


def test_finds_a_node_that_is_new_enough() -> None:
    found = node.find_node()
    assert found.name.startswith("node")
    assert node._version(found, 0) >= node.OLDEST


def test_prefers_the_path_when_it_is_new_enough(bare: Path) -> None:
    new = fake_node(bare, "v22.12.0")
    assert node.find_node() == new


@pytest.mark.parametrize("version", ["v20.20.2", "v22.11.9", "hello"])
def test_skips_a_node_that_is_too_old(
    bare: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    fake_node(bare, version)
    beside = fake_node(bare / "bin", "v24.1.0")
    monkeypatch.setattr(sys, "prefix", str(bare))
    assert node.find_node() == beside


def test_says_how_to_get_node(bare: Path) -> None:
    with pytest.raises(SetupError, match=r"none was found.*pip install 'mnist-nb\[edge\]'"):
        LocalEdge().start()
    old = fake_node(bare, "v20.20.2")
    with pytest.raises(SetupError, match=f"{old} is version 20.20.2"):
        LocalEdge().start()


def test_the_environment_is_quiet_without_secrets_and_has_node_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--require bootloader.js")
    for name in ("CLOUDFLARE_API_TOKEN", "MNIST_NB_EDGE_TOKEN", "R2_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("TMPDIR", "/not/there")
    env = node.node_env()
    assert env["TMPDIR"] == tempfile.gettempdir()
    assert env["PATH"].split(os.pathsep)[0] == str(node.find_node().parent)
    assert env["CLOUDFLARE_CF_FETCH_ENABLED"] == "false"
    assert "NODE_OPTIONS" not in env
    assert "secret" not in env.values()


def test_says_where_deploy_should_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MNIST_NB_DEPLOY", str(tmp_path))
    with pytest.raises(SetupError, match=r"MNIST_NB_DEPLOY is .*no host\.mjs"):
        LocalEdge().start()


def test_says_that_npm_packages_are_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MNIST_NB_DEPLOY", raising=False)
    deploy = node.find_deploy()
    for name in ("host.mjs", "package-lock.json"):
        shutil.copy(deploy / name, tmp_path)
    (tmp_path / "src").mkdir()
    monkeypatch.setenv("MNIST_NB_DEPLOY", str(tmp_path))
    with pytest.raises(SetupError, match=r"wrangler is not installed.*npm ci.*make lab"):
        LocalEdge().start()

    wrangler = tmp_path / "node_modules" / "wrangler"
    wrangler.mkdir(parents=True)
    (wrangler / "package.json").write_text(json.dumps({"version": "3.0.0"}))
    with pytest.raises(SetupError, match=r"wrangler is 3\.0\.0, not 4.*npm ci"):
        LocalEdge().start()
