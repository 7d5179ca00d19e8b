"""One local edge that looks at its bucket before every answer, for the tests that break nothing."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mnist_nb.local_edge import LocalEdge
from tests.support.bucket import Bucket
from tests.support.files import SMALL
from tests.support.processes import runtime_of
from tests.support.pyodide import fetch_pyodide

# Left alone V8 collects garbage so late on a machine with much memory that even a Worker which does
# nothing grows by 20 KB a request, without an end in sight. With whole collections now and then,
# what still grows is a leak.
COLLECTING = "--single-threaded-gc --gc-global --gc-interval=20000"


@pytest.fixture(scope="session")
def edge() -> Iterator[LocalEdge]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIFLARE_WORKERD_V8_FLAGS", COLLECTING)
        edge = LocalEdge(ttl=0, seed=False, vars={"COLLECT": "on"}).start()
    with edge:
        Bucket(edge).serve(SMALL)
        yield edge


@pytest.fixture(scope="session")
def pyodide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Pyodide and numpy for it, 46 MB from npm."""
    return fetch_pyodide(tmp_path_factory.mktemp("npm"))


@pytest.fixture(scope="session")
def bucket(edge: LocalEdge) -> Bucket:
    return Bucket(edge)


@pytest.fixture
def small(bucket: Bucket) -> str:
    """A small good network in service; its sha256."""
    return bucket.serve(SMALL)


@pytest.fixture
def workerd(edge: LocalEdge) -> Iterator[psutil.Process]:
    """The runtime; it must outlive the test."""
    process = runtime_of(edge)
    yield process
    assert process.is_running(), "workerd died, and was started again"
