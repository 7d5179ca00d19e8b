"""What a class gave its edge, read by who holds the bucket's keys."""

import json
from collections.abc import Callable

import httpx
import numpy as np
import pytest

from mnist_nb import LocalEdge, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import AccountError, DataError, ReleaseError
from mnist_nb.training import Collection
from tests.support.bucket import Bucket

pytestmark = pytest.mark.edge

FILE = "mnist/drawings/kept.json"
IMAGE = rasterize(samples()[7])
KEYS = ("MNIST_NB_EDGE_URL", "R2_ENDPOINT_URL", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY",
        "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID")  # fmt: skip


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> pytest.MonkeyPatch:
    """Whoever has no keys, and no file `.env` with some."""
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)
    monkeypatch.chdir(str(tmp_path))
    return monkeypatch


def test_it_has_what_was_given(edge: LocalEdge, nobody: pytest.MonkeyPatch) -> None:
    assert len(Collection.from_edge(edge)) == 0
    with LocalEdge(vars={"COLLECT": "on"}) as collecting:
        for label in (7, 1):
            httpx.post(
                f"{collecting.url}/drawings?consent=yes&label={label}",
                content=IMAGE.tobytes(),
                headers={"Content-Type": "application/octet-stream"},
            ).raise_for_status()
        given = Collection.from_edge(collecting)
        assert sorted(given.labels) == [1, 7]
        np.testing.assert_array_equal(given.images, [IMAGE, IMAGE])
        ways: list[Callable[[], Collection]] = [lambda: Collection.from_edge(collecting.url)]
        nobody.setenv("MNIST_NB_EDGE_URL", collecting.url)
        ways.append(Collection.from_edge)
        assert [len(way()) for way in ways] == [2, 2]
        nobody.setenv("MNIST_NB_EDGE_URL", "https://mnist.example.workers.dev")
        nobody.setenv("R2_ENDPOINT_URL", collecting.s3_url)
        nobody.setenv("R2_ACCESS_KEY_ID", collecting.bucket.access_key_id)
        nobody.setenv("R2_SECRET_ACCESS_KEY", collecting.bucket.secret_access_key)
        assert len(Collection.from_edge()) == 2
        nobody.setenv("R2_SECRET_ACCESS_KEY", "another")
        with pytest.raises(ReleaseError, match="drawings of the class: the bucket refuses"):
            Collection.from_edge()


def test_who_has_no_keys_reads_nothing(nobody: pytest.MonkeyPatch) -> None:
    with pytest.raises(AccountError, match="nothing says where"):
        Collection.from_edge()
    with pytest.raises(AccountError, match=r"'https://mnist.* is no edge on this .*nothing says"):
        Collection.from_edge("https://mnist.example.workers.dev")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"{", DataError),
        (b"\xff", DataError),
        (json.dumps({"format": "mnist-nb.collection/1", "digits": [{"label": 7}]}), DataError),
        (bytes(5 << 20), ReleaseError),
    ],
)
def test_a_file_that_somebody_spoiled_is_named(
    edge: LocalEdge, content: bytes | str, error: type[Exception]
) -> None:
    bucket = Bucket(edge)
    bucket.put(FILE, content if isinstance(content, bytes) else content.encode())
    try:
        with pytest.raises(error, match=r"what the class gave|no edge wrote it"):
            Collection.from_edge(edge)
    finally:
        bucket.delete(FILE)
