"""What other places run, `.devcontainer` and `.binder`, calls what there is."""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from mnist_nb.local_edge import node_env
from mnist_nb.servers.jupyterlab import CONNECTION

ROOT = Path(__file__).parents[1]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def test_the_dev_container_sets_up_as_the_makefile_does() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    makefile = (ROOT / "Makefile").read_text()
    commands = [container["postCreateCommand"]]
    commands += [port["label"] for port in container["portsAttributes"].values()]
    for command in commands:
        target = command.removeprefix("make ")
        assert re.search(rf"(?m)^{target}:", makefile), command
    assert set(map(str, container["forwardPorts"])) == set(container["portsAttributes"])
    settings = container["customizations"]["vscode"]["settings"]
    path = settings["python.defaultInterpreterPath"].removeprefix("${containerWorkspaceFolder}/")
    assert path == ".venv/bin/python"  # where make puts it


@pytest.mark.edge
def test_binder_installs_the_package_and_its_server_takes_our_connection(tmp_path: Path) -> None:
    """The script itself, with a pip that only notes what it is asked for."""
    (tmp_path / "pip").write_text('#!/bin/sh\necho "pip $*"\n')
    (tmp_path / "python").write_text(
        f'#!/bin/sh\n[ "$2" = "import sys; print(sys.prefix)" ] && echo "{tmp_path}" && exit\n'
        f'exec "{sys.executable}" "$@"\n'
    )
    for name in ("pip", "python"):
        (tmp_path / name).chmod(0o755)
    env = node_env() | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [ROOT / ".binder/postBuild"], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == "pip install --no-cache-dir .[edge]\n"
    assert "edge" in EXTRAS
    (settings,) = (tmp_path / "etc/jupyter/jupyter_server_config.d").iterdir()
    named = json.loads(settings.read_text())["ServerApp"]["kernel_websocket_connection_class"]
    assert named == CONNECTION
    module, _, name = named.rpartition(".")
    assert hasattr(import_module(module), name)


def test_the_commands_of_elsewhere_are_those_of_the_files() -> None:
    text = (ROOT / "docs/elsewhere.md").read_text("utf-8")
    for line in (ROOT / "environment.yml").read_text().splitlines()[:2]:
        assert f"`{line.removeprefix('# ')}`" in text
    for extra in re.findall(r"mnist-nb\[(\w+)\]", text):
        assert extra in EXTRAS
    for named in re.findall(r"notebooks/\w+\.ipynb|\.binder/\w+|\.devcontainer/[\w.]+", text):
        assert (ROOT / named).is_file(), named
