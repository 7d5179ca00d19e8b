"""Notebook 03 from top to bottom, in its quick form; and against an endpoint of JSON alone."""

import http.server
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import nbformat
import numpy as np
import pytest

from mnist_nb import Network

from .conftest import FOLDER, RunNotebook, code_cells, printed

NOTEBOOK = "03_local_vs_edge.ipynb"


@pytest.mark.edge
def test_it_runs_from_top_to_bottom_with_homemade_digits(
    run_notebook: RunNotebook, tmp_path: Any
) -> None:
    env = {"MNIST_NB_EDGE_URL": None, "MNIST_NB_QUICK": "1"}
    notebook = run_notebook(NOTEBOOK, MNIST_NB_DATA=str(tmp_path), **env)
    assert "made itself, not MNIST" in printed(notebook, "sides")
    same = printed(notebook, "compare")
    assert "100.00% get the same answer" in same
    assert "Both run the same weights" in same
    assert "DIFFERENT weights" in printed(notebook, "other-weights")

    times = printed(notebook, "latency-measure")
    p50 = {m[0]: float(m[1]) for m in re.findall(r"^(\w[^|\n]*?) \| ([\d.]+) \|", times, re.M)}
    assert p50["here, numpy"] < p50["edge, warm"] < p50["edge, just started"]
    assert "kernel, one image" in printed(notebook, "split-table")
    far = printed(notebook, "distance-table")
    atlantic = float(re.search(r"across the Atlantic \| ([\d.]+)", far)[1])  # type: ignore[index]
    assert atlantic >= 90
    assert "$0.4605" in printed(notebook, "cost-table")
    advice = printed(notebook, "advice")
    assert "Take LOCAL where" in advice
    assert "Take the EDGE where" in advice
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert not re.search(r"<[\w.]+ object( at|>)", str(output)), cell.id


def test_an_endpoint_that_speaks_only_json_is_measured_as_far_as_it_can_be(
    json_only: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The original's protocol: JSON alone, one image a request, no name of the weights."""
    monkeypatch.setenv("MNIST_NB_EDGE_URL", json_only)
    monkeypatch.setenv("MNIST_NB_QUICK", "1")
    cells = {cell.id: cell.source for cell in nbformat.read(FOLDER / NOTEBOOK, 4).cells}
    names: dict[str, Any] = {}
    chosen = ("settings", "sides", "parity-bet", "compare", "histogram")
    chosen += ("split-measure", "split-table")
    for cell in (*chosen, "batches-measure"):
        exec(cells[cell], names)
    assert not names["tells"]
    assert names["parity"].agreement == 1
    assert names["parity"].same_weights is None
    assert names["parity"].max_abs_diff < 1e-6
    assert "its parts cannot be told apart" in names["shown"].text
    assert [times.batch for times in names["kinds"][1]] == [1, 2, 4, 8, 16, 32]
    names["edge"].close()
    plot = names["plots"].batches(names["kinds"], "Batches")
    for label in ("images in a call", "time of a call (ms)", "throughput (images a second)"):
        assert label in plot.html
    assert 'role="img" aria-label="Batches. here: ' in plot.html
    assert "images a second" in plot.text


@pytest.fixture
def json_only() -> Iterator[str]:
    """An endpoint as the original is: `POST /classify` with 784 numbers, ten numbers back."""
    network = Network.load()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one segment: else TCP waits 40 ms between them

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                image = np.array(json.loads(body), np.uint8)
                answer, status = json.dumps(network.predict(image)[0].tolist()), 200
            except ValueError:
                answer, status = "not JSON", 400
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
