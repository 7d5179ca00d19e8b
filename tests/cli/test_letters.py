"""Names that a terminal has no letters for, or that would move its cursor, are escaped."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from mnist_nb.cli.console import encodable
from mnist_nb.drawing.raster import rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.local_edge import LocalEdge
from tests.support.files import LAYERS, TENSORS, network, pack

NAME = "数字 é 😀 \x1b[2J\r\x07"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEdge]:
    """An edge whose weights have that name."""
    weights = tmp_path_factory.mktemp("letters") / "named.safetensors"
    weights.write_bytes(pack(TENSORS, network(LAYERS, name=NAME)))
    with LocalEdge(weights=weights) as edge:
        yield edge


def told(encoding: str, *words: str) -> tuple[int, str]:
    env = os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": "120"}
    run = subprocess.run(
        [sys.executable, "-m", "mnist_nb.cli.main", *words], capture_output=True, env=env
    )
    assert b"Traceback" not in run.stderr, run.stderr
    # click writes its own messages in UTF-8 where Python says ASCII.
    return run.returncode, (run.stdout + run.stderr).decode(encoding, "replace")


@pytest.mark.edge
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_every_name_can_be_shown(edge: LocalEdge, tmp_path: Path, encoding: str) -> None:
    picture = tmp_path / f"{NAME[:3]}\x1b.png"
    Image.fromarray(rasterize(samples()[7])).save(picture)
    name = NAME[:6].encode(encoding, "backslashreplace").decode(encoding)
    for words in (("classify", "--edge", edge.url, str(picture)), ("releases", "--edge", edge.url)):
        status, text = told(encoding, *words)
        assert status == 0
        assert name + r" \x1b[2J\x0d\x07" in text
        assert not {"\x1b", "\x07", "\r"} & set(text)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_errors_can_be_shown(encoding: str, tmp_path: Path) -> None:
    status, text = told(encoding, "classify", "数字.png")
    assert status == 2
    assert "does not exist" in text
    (tmp_path / "数字.png").write_bytes(b"none")
    status, text = told(encoding, "classify", "--local-only", str(tmp_path / "数字.png"))
    assert status == 1
    assert r"\u6570\u5b57.png is not a picture" in text


def test_what_can_be_shown_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "├── 2.4 × 10⁻⁸ …\n数字"
    assert encodable(text) == text
    with open(os.devnull, "w", encoding="cp1252") as plain:
        monkeypatch.setattr(sys, "stdout", plain)
        assert encodable(text) == "|-- 2.4 x 10^-8 ...\n" + r"\u6570\u5b57"
