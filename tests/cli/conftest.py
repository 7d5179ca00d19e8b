"""The command, run as a shell runs it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from mnist_nb.cli.main import main
from mnist_nb.deployment.credentials import NAMES
from mnist_nb.local_edge.local_edge import LocalEdge
from tests.support.other_programs import saved


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "CLOUDFLARE_API_BASE_URL", "MNIST_NB_DEPLOY", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def edge_url() -> Iterator[str]:
    with LocalEdge() as edge:
        yield edge.url


def run(*words: object, **env: str) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env=env)


@pytest.fixture
def state_dict(tmp_path: Path) -> Path:
    """A linear classifier as PyTorch saves it."""
    path = tmp_path / "line.pt"
    path.write_bytes(saved({"fc.weight": np.eye(10, 784, dtype=np.float32)}))
    return path
