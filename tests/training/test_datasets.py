"""Fetching the datasets, from a server of our own: no test asks the network."""

import gzip
import hashlib
import http.server
import io
import threading
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from mnist_nb import Network, rasterize
from mnist_nb.drawing.homemade import homemade
from mnist_nb.errors import DataError
from mnist_nb.training import datasets

CONTENT = b"what was published"
FILE = datasets.Published("folder", "file", hashlib.sha256(CONTENT).hexdigest(), ())


def compressed(content: bytes) -> bytes:
    """As Unix compress, without ever using its table: 9-bit codes, lowest bits first."""
    bits = sum(byte << 9 * i for i, byte in enumerate(content))
    return b"\x1f\x9d\x90" + bits.to_bytes((9 * len(content) + 7) // 8, "little")


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("another", b"")
        archive.writestr(name, content)
    return file.getvalue()


PAGES = {
    "/good.gz": gzip.compress(CONTENT),
    "/good.Z": compressed(CONTENT),
    "/good.zip": zipped(datasets.ZIPPED, compressed(CONTENT)),
    "/other.gz": gzip.compress(b"what somebody else published"),
    "/cut.gz": gzip.compress(CONTENT)[:-9],
    "/empty.zip": zipped("a stranger", b""),
    "/login.Z": b"<html>please log in</html>",
}


@pytest.fixture(scope="module")
def server():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = PAGES.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args: object) -> None:
            pass

    asked: list[str] = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}", asked
        httpd.shutdown()
        thread.join()


@pytest.fixture
def cache(monkeypatch, tmp_path, server):
    monkeypatch.delenv("MNIST_NB_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    server[1].clear()
    return tmp_path / "mnist-nb" / "folder"


def fetch(server, *pages: str) -> bytes:
    return datasets._content(replace(FILE, urls=tuple(server[0] + page for page in pages)))


@pytest.mark.parametrize("page", ["/good.gz", "/good.Z", "/good.zip"])
def test_fetched_once_whatever_it_is_packed_in(server, cache, page):
    assert fetch(server, page) == CONTENT
    assert fetch(server, page) == CONTENT
    assert server[1] == [page]
    assert [path.name for path in cache.iterdir()] == ["file.gz"]


@pytest.mark.parametrize(
    "bad", ["/missing.gz", "/other.gz", "/cut.gz", "/empty.zip", "/login.Z", ":1/closed"]
)
def test_the_next_mirror_is_tried(server, cache, bad):
    assert fetch(server, bad, "/good.gz") == CONTENT
    assert server[1][-1] == "/good.gz"


def test_no_mirror_says_each_reason_and_what_to_do(server, cache):
    with pytest.raises(DataError) as raised:
        fetch(server, "/missing.gz", "/other.gz", "/login.Z")
    said = str(raised.value)
    for part in ("404", f"not {FILE.sha256[:12]}", "login.Z does not unpack", "MNIST_NB_DATA"):
        assert part in said
    assert str(cache) in said
    assert not cache.exists() or not list(cache.iterdir())


def test_a_damaged_file_in_the_cache_is_named(server, cache):
    fetch(server, "/good.gz")
    (cache / "file.gz").write_bytes(PAGES["/cut.gz"])
    with pytest.raises(DataError, match=r"file\.gz is damaged .* delete it"):
        fetch(server, "/good.gz")


def test_a_given_folder_is_never_filled_from_the_network(server, cache, monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_NB_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"file\.gz is missing: unset MNIST_NB_DATA"):
        fetch(server, "/good.gz")
    assert server[1] == []


def test_the_pen_strokes_are_7494_digits_of_strokes(pen_digits):
    drawings, labels = pen_digits
    assert len(drawings) == len(labels) == 7494
    assert set(labels.tolist()) == set(range(10))
    assert not any(drawing.is_empty for drawing in drawings)


def test_homemade_digits_are_readable_balanced_and_the_same_for_a_seed():
    drawings, labels = homemade(200, seed=4)
    assert np.bincount(labels).tolist() == [20] * 10
    again, _ = homemade(200, seed=4)
    assert all(a == b for a, b in zip(drawings, again, strict=True))
    images = np.array([rasterize(drawing) for drawing in drawings])
    assert len(np.unique(images.reshape(200, -1), axis=0)) == 200
    said = Network.load().predict(images).argmax(axis=1)
    assert (said == labels).mean() > 0.95


def test_at_hand_never_asks_the_network_and_says_what_it_gives(cache, server):
    made = datasets.at_hand("test", 50)
    assert not made.is_mnist
    assert "not MNIST" in made.source
    assert made.images.shape == (50, 28, 28)
    train = datasets.at_hand("train", 50)
    assert (train.images != made.images).any()  # nobody is judged by what it has learned from
    assert "itself" in datasets.drawn_at_hand(20)[2]
    assert server[1] == []


def test_at_hand_takes_mnist_and_the_pen_strokes_where_they_are(mnist_test, pen_digits):
    found = datasets.at_hand("test", 70)
    assert found.is_mnist
    assert (found.images == mnist_test[0][:70]).all()
    assert (found.labels == mnist_test[1][:70]).all()
    drawings, labels, source = datasets.drawn_at_hand(30)
    assert drawings == pen_digits[0][-30:]
    assert "people" in source
    assert len(labels) == 30
