"""A wheel built from this repository works in an empty environment elsewhere."""

import json
import os
import re
import signal
import subprocess
import sys
import venv
from email import message_from_bytes
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from mnist_nb import EdgeClient, Network, __version__, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.network.file_format import read_weights, shipped_weights

ROOT = Path(__file__).parents[1]
PREDICT = """
import json, sys
import numpy as np
import mnist_nb
network = mnist_nb.Network.load()
p = network.predict(np.arange(2 * 784, dtype=np.uint8).reshape(2, 28, 28))
print(json.dumps({"package": mnist_nb.__file__, "sha256": network.sha256, "version":
    mnist_nb.__version__, "probabilities": p.tolist(), "loaded": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(pip + build, check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_has_what_runs_and_nothing_else(wheel: Path) -> None:
    assert wheel.name == f"mnist_nb-{__version__}-py3-none-any.whl"
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = f"mnist_nb-{__version__}.dist-info"
        metadata = message_from_bytes(archive.read(f"{info}/METADATA"))
        weights = archive.read("mnist_nb/model/mnist.safetensors")
    assert weights == shipped_weights().read_bytes()
    assert wheel.stat().st_size <= 6_000_000
    sources = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "mnist_nb").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    shipped = ("notebooks/*.ipynb", "deploy/built/*", "deploy/public/**/*")
    sources |= {
        f"mnist_nb/{path.relative_to(ROOT)}"
        for pattern in shipped
        for path in ROOT.glob(pattern)
        if path.is_file() and ROOT / "deploy/public/lab" not in path.parents  # `make site`
    }
    single = ("host.mjs", "configure.mjs", "wrangler.jsonc", "package.json", "package-lock.json")
    sources |= {f"mnist_nb/deploy/{name}" for name in single}
    assert {name for name in names if not name.startswith(info)} == {
        *sources,
        "mnist_nb/model/mnist.safetensors",
        "mnist_nb/model/small.safetensors",
        "mnist_nb/model/seeds/1.safetensors",  # notebook 03 compares with it
    }
    assert {"mnist_nb/lab/view.css", "mnist_nb/lab/view.js"} <= set(names)
    assert f"{info}/licenses/LICENSE" in names
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"


def test_what_the_wheel_bundles_is_made_from_this_repository() -> None:
    """Else licences of others would have to be in it, and README says that none are."""
    bundled = re.findall(r"(?m)^// (\S+\.\w+)$", (ROOT / "deploy/built/worker.js").read_text())
    assert "src/worker.ts" in bundled
    for name in bundled:
        assert (ROOT / "deploy" / name).is_file(), name
        assert "node_modules" not in name
    for page in (ROOT / "deploy/page").glob("*.ts"):
        for source in re.findall(r"from \"([^\"]+)\"", page.read_text("utf-8")):
            assert source.startswith("."), f"{page.name} takes {source}"
    needed = json.loads((ROOT / "deploy/built/package-lock.json").read_text())["packages"]
    licence = (ROOT / "README.md").read_text("utf-8").partition("## Licence")[2]
    found = {package.get("license") for name, package in needed.items() if name} - {None}
    for one in {part for text in found for part in re.split(r" AND | OR |[()]", text)}:
        assert one.removesuffix("-or-later").partition("-1.0")[0] in licence, one


def test_an_empty_environment_elsewhere_can_predict(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", symlinks=True)
    python = tmp_path / "venv/bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", str(wheel)], check=True)
    # Of all dependencies it gets only these two, without asking an index for them.
    (site,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    for name in ("numpy", "safetensors"):
        files = distribution(name).files or []
        for top in {file.parts[0] for file in files if file.parts[0] != ".."}:
            (site / top).symlink_to(distribution(name).locate_file(top))

    done = subprocess.run(
        [python, "-I", "-c", PREDICT], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    assert Path(said["package"]).is_relative_to(site)
    assert said["version"] == __version__
    assert said["sha256"] == read_weights(shipped_weights()).sha256
    assert len(said["probabilities"]) == 2
    assert [len(row) for row in said["probabilities"]] == [10, 10]
    for row in said["probabilities"]:
        assert sum(row) == pytest.approx(1, abs=1e-6)
    assert Network.load().sha256 == said["sha256"]


@pytest.mark.edge
def test_one_command_in_an_empty_folder_without_a_checkout(wheel: Path, tmp_path: Path) -> None:
    """The lab, with its notebooks and its edge; what pip and npm bring is there already."""
    venv.create(tmp_path / "venv", symlinks=True)
    python = tmp_path / "venv/bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", str(wheel)], check=True)
    (site,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    # The path only, so that the checkout, which is installed there by a file of its own, is not.
    (site / "others.pth").write_text(str(Path(distribution("click").locate_file(""))))
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MNIST_NB", "JUPYTER"))}
    env |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    # Nothing of the network: what is there already is enough.
    nobody = "http://127.0.0.1:9"
    env |= {"HTTPS_PROXY": nobody, "HTTP_PROXY": nobody, "npm_config_registry": nobody}
    env["NO_PROXY"] = "127.0.0.1,localhost"
    where = (
        "from mnist_nb.local_edge.packages import *; print(cached('host', find_deploy()/'built'))"
    )
    where = f"from mnist_nb.local_edge import find_deploy; {where}"
    isolated = [python, "-I", "-c", where]
    done = subprocess.run(isolated, env=env, capture_output=True, text=True, check=True)
    packages = Path(done.stdout.strip())
    assert packages.is_relative_to(tmp_path / "cache")
    packages.mkdir(parents=True)
    (packages / "node_modules").symlink_to(ROOT / "deploy/node_modules")

    here = tmp_path / "here"
    here.mkdir()
    process = subprocess.Popen(
        [python, "-I", "-m", "mnist_nb.cli.main", "lab", "--no-browser"],
        cwd=here,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        said = "".join(iter(process.stdout.readline, "Ctrl+C ends both.\n"))
        assert f"copied 5 notebooks into {here / 'mnist-nb/notebooks'}" in said
        url = re.search(r"edge +(http://\S+) ", said)
        assert url, said
        assert str(ROOT) not in said
        with EdgeClient(url[1], timeout=20) as client:
            answer = client.classify(rasterize(samples()[7]))
        assert int(answer.probabilities.argmax()) == 7
        assert httpx.get(url[1], trust_env=False).text.startswith("<!doctype html>")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()
