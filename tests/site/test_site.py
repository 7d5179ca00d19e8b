"""What the website is made of; that it works is shown in `tests/soak/test_site.py`."""

import json
import re
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from mnist_nb.errors import SetupError
from mnist_nb.network import shipped_weights
from mnist_nb.servers import shipped_notebook
from mnist_nb.site import Distribution, build_site
from mnist_nb.site.lessons import TAG, TOLD, for_the_browser
from mnist_nb.site.pyodide import FIRST, PINNED, wheel_entry
from mnist_nb.site.wheels import write_wheels

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(shipped_notebook().parent.glob("*.ipynb"))


def test_the_public_distribution_is_pinned_by_version_and_fingerprint() -> None:
    public = Distribution.public()
    core = f"https://cdn.jsdelivr.net/npm/pyodide@{PINNED['version']}/"
    assert {name: file.url for name, file in public.core.items()} == {
        name: core + name
        for name in ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
    }
    packages = f"https://cdn.jsdelivr.net/pyodide/v{PINNED['version']}/full/"
    for name, entry in public.packages.items():
        assert entry["file_name"].startswith(f"{packages}{name.replace('-', '_')}-"), name
        assert set(entry["depends"]) <= {*public.packages, "packaging"}  # which the site has itself
    fetched = [file.to_json() for file in public.first({})]
    assert len(fetched) == len(public.core) + len(FIRST)
    assert all(re.fullmatch("sha256-[A-Za-z0-9+/]{43}=", file["integrity"]) for file in fetched)


def test_the_browser_may_ask_the_public_distribution_from_the_lab_alone() -> None:
    headers = (ROOT / "deploy/public/_headers").read_text()
    page, lab = headers.split("/lab/*\n")
    assert "jsdelivr" not in page.partition("Content-Security-Policy")[2].partition("\n")[0]
    assert "connect-src 'self' data: https://cdn.jsdelivr.net;" in lab
    assert "! Cross-Origin-Embedder-Policy" in lab  # an isolated page and its kernel wait in turns
    assert "immutable" in lab.partition("/lab/v/*\n")[2]


def test_a_file_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"pyodide\.mjs is not that of Pyodide"):
        Distribution.offline(tmp_path)
    (tmp_path / "pyodide.mjs").write_text("export const loadPyodide = () => {};")
    with pytest.raises(SetupError, match="npm's package pyodide@"):
        Distribution.offline(tmp_path)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SetupError, match="other files than a site's"):
        build_site(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    with pytest.raises(SetupError, match=r"cannot write the site to .*thesis\.txt: Not a dir"):
        build_site(tmp_path / "thesis.txt")


def test_wheels_are_python_alone_and_the_same_each_time(tmp_path: Path) -> None:
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
        write_wheels(folder)
    one, two = ({p.name: sha256(p.read_bytes()).digest() for p in f.iterdir()} for f in folders)
    assert one == two
    for path in folders[0].iterdir():
        _, entry = wheel_entry(path)
        assert path.name.endswith("-py3-none-any.whl")
        with ZipFile(path) as wheel:
            assert not [name for name in wheel.namelist() if name.endswith((".so", ".pyd", ".pyc"))]
        assert entry["imports"]
    (ours,) = folders[0].glob("mnist_nb-*.whl")
    with ZipFile(ours) as wheel:
        for name in ("mnist", "small"):
            content = wheel.read(f"mnist_nb/model/{name}.safetensors")
            assert content == shipped_weights(name).read_bytes()
        rooms = {name.split("/")[1] for name in wheel.namelist()}
    assert not rooms & {"cli", "deploy", "deployment", "servers", "site", "notebooks"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_what_needs_a_machine_is_told_and_not_run(path: Path) -> None:
    before = json.loads(path.read_text())["cells"]
    after = json.loads(for_the_browser(path, set()))["cells"]
    assert [cell["id"] for cell in after] == [cell["id"] for cell in before]
    for old, new in zip(before, after, strict=True):
        if TAG in old["metadata"].get("tags", []):
            assert new["cell_type"] == "markdown"
            assert "".join(new["source"]).startswith(TOLD)
            assert "".join(old["source"]) in "".join(new["source"])
        else:
            assert new == old


def test_plots_are_fetched_where_they_can_be() -> None:
    (third,) = (path for path in NOTEBOOKS if path.name.startswith("03"))
    cells = json.loads(for_the_browser(third, {"matplotlib"}))["cells"]
    first = next(cell for cell in cells if cell["cell_type"] == "code")
    assert first["source"][0] == "import matplotlib  # for the plots\n"
