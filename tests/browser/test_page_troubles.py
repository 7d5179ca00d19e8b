"""The page of the edge in trouble, and the network in this browser."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from mnist_nb import LocalEdge, lab
from mnist_nb.drawing.samples import samples
from mnist_nb.local_edge.node import find_deploy, find_node
from mnist_nb.network.architecture import Architecture, Flatten, Linear
from mnist_nb.network.file_format import read_weights, shipped_weights, write_weights
from tests.support.page import BAR, SEVEN, Held, Open, answer_with

pytestmark = [pytest.mark.browser, pytest.mark.edge]


def test_token_then_no_model_then_an_answer(open_page: Open) -> None:
    with LocalEdge(ttl=0, seed=False, vars={"EDGE_TOKEN": "open-sesame"}) as guarded:
        tab = open_page(guarded.url, expect="status of (401|503)")
        tab.draw_sample(samples()[7])
        tab.wait_trouble("No weights yet", side="local")  # it would get them from there
        tab.find("#token").fill("guess")
        tab.page.keyboard.press("Enter")
        tab.find("#trouble-detail").filter(has_text="another one").wait_for()
        tab.find("#token").fill("open-sesame")
        tab.page.keyboard.press("Enter")
        tab.wait_trouble("No model yet")
        assert "push" in tab.text("#trouble-detail").lower()
        assert tab.find("#trouble-detail code").count() > 0  # a command, set as one
        assert tab.find("#token-form").is_hidden()
        guarded.releases().push(shipped_weights())
        tab.wait_answered()
        assert tab.chips() == ["7"]
        assert tab.find("#trouble").is_hidden()


def test_the_edge_stops_and_comes_back(open_page: Open, tmp_path: Path) -> None:
    edge = LocalEdge(state=tmp_path).start()
    port = int(edge.url.rpartition(":")[2])
    try:
        tab = open_page(edge.url, expect="ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET")
        tab.wait_ready()
        edge.stop()
        tab.draw_sample(samples()[4])
        tab.wait_trouble("The edge cannot be reached")
        assert tab.chips() == ["4"]  # this browser's
        assert tab.head == "Your browser says 4"
        tab.wait_said("The edge cannot be reached.")
        edge = LocalEdge(port=port, state=tmp_path).start()
        tab.wait_answered()  # the drawing of before, by itself
        assert tab.head == "Both say 4"
    finally:
        edge.stop()


def test_without_a_network_and_back(open_page: Open) -> None:
    tab = open_page(expect="ERR_INTERNET_DISCONNECTED")
    tab.wait_ready()
    tab.context.set_offline(True)
    for digit in (5, 6):
        tab.draw_sample(samples()[digit])
        tab.wait_trouble("The edge cannot be reached")
        assert tab.head == f"Your browser says {digit}"
        assert tab.probabilities("edge") is None
        tab.find("#clear").click()
    tab.draw(SEVEN)
    tab.context.set_offline(False)
    tab.wait_answered()
    assert tab.head == "Both say 7"


def test_too_many_requests_waits_as_long_as_asked(open_page: Open) -> None:
    tab = open_page(expect="status of 429")
    said = {"title": "Too many requests", "detail": "600 a minute are the limit."}
    refuse = answer_with(status=429, headers={"Retry-After": "3"}, json=said)
    tab.page.route("**/classify", refuse, times=1)
    tab.draw(SEVEN)
    tab.wait_trouble("Too many requests")
    assert tab.text("#trouble-detail") == "600 a minute are the limit."
    tab.wait_answered()
    first, second = tab.page.evaluate(
        """() => performance.getEntriesByType("resource")
            .filter((entry) => entry.name.endsWith("/classify"))
            .map((entry) => entry.startTime)"""
    )
    assert second - first >= 3000


def test_an_answer_that_is_none(open_page: Open) -> None:
    tab = open_page()
    for content_type, body in [
        ("text/html", "<h1>Welcome to the hotel</h1>"),
        ("application/json", '{"probabilities": [[1, 0]]}'),
        ("application/json", '{"probabilities": [[0,0,0,0,0,0,0,0,0,null]]}'),
    ]:
        tab.page.route("**/classify", answer_with(content_type=content_type, body=body), times=1)
        tab.draw(SEVEN)
        tab.wait_trouble("Not ten probabilities")
        tab.wait_answered()
        assert tab.chips() == ["7"]
        tab.find("#clear").click()


# --- the network in this browser -----------------------------------------------------------------


def other_network(not_sure_below: float) -> bytes:
    """The weights file of another, much smaller network, and a poor one."""
    architecture = Architecture(
        name="other",
        layers=(Flatten(), Linear("w")),
        labels=tuple("0123456789"),
        metrics={"not_sure_below": not_sure_below},
    )
    w = np.random.default_rng(3).normal(0, 0.01, (10, 784)).astype(np.float32)
    return write_weights(architecture, {"w": w})


def test_the_made_files_are_built_from_the_sources(tmp_path: Path) -> None:
    deploy = find_deploy()
    folders = {"public": deploy / "public", "lab": Path(lab.__file__).parent}
    command = [find_node(), deploy / "page/build.mjs", *(tmp_path / name for name in folders)]
    for name in folders:
        (tmp_path / name).mkdir()
    subprocess.run(command, check=True, timeout=60)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert [str(path) for path in made] == [
        *("lab/view.css", "lab/view.js"),
        *(f"public/{name}" for name in ("app.css", "app.js", "index.html", "network.js")),
    ]
    stale = [
        str(path)
        for path in made
        if (tmp_path / path).read_bytes() != (folders[path.parts[0]] / path.name).read_bytes()
    ]
    assert stale == [], "not built from page/, src/ and kernel/: run `npm run page` in deploy/"


def test_new_weights_at_the_edge_come_into_the_browser(
    open_page: Open, keen_edge: LocalEdge, tmp_path: Path
) -> None:
    tab = open_page(keen_edge.url)
    tab.page.evaluate("window.same = true")
    tab.draw_sample(samples()[9])
    tab.wait_answered()
    before = tab.weights("local")
    downloads = Held(tab, "**/model/weights")
    path = tmp_path / "other.safetensors"
    path.write_bytes(other_network(not_sure_below=0.9))
    other = keen_edge.releases().push(path, force="untrained").sha256[:8]

    tab.draw(BAR)
    download = downloads.wait(1)
    tab.wait_answered()  # by the old ones here: nothing waits for the download
    assert (tab.weights("local"), tab.weights("edge")) == (before, other)
    assert tab.detail.endswith("They run different weights.")
    tab.draw([(100.0, 200.0), (190.0, 200.0)])
    tab.wait_answered()
    download.continue_()
    tab.find("th.is-local .is-weights code").filter(has_text=other).wait_for()
    tab.wait_answered()
    np.testing.assert_allclose(
        tab.probabilities("local"), tab.probabilities("edge"), rtol=0, atol=1e-6
    )
    assert tab.head.startswith("Both are not sure")
    assert tab.chips() == ["?"]

    keen_edge.releases().rollback()
    tab.draw(SEVEN)
    tab.find("th.is-local .is-weights code").filter(has_text=before).wait_for()
    tab.wait_answered()
    assert tab.weights("edge") == before
    assert len(downloads.routes) == 1  # those of before were kept
    assert tab.page.evaluate("window.same")


def test_weights_damaged_on_the_way_are_not_used(open_page: Open) -> None:
    content = bytearray(shipped_weights().read_bytes())
    content[-1] ^= 1
    sha256 = read_weights(shipped_weights()).sha256
    held: list[Held] = []
    tab = open_page(prepare=lambda tab: held.append(Held(tab, "**/model/weights")))
    (downloads,) = held
    downloads.wait(1).fulfill(body=bytes(content), headers={"X-Model-Sha256": sha256})
    tab.wait_trouble("No weights yet", side="local")
    assert "damaged" in tab.text(".mnist-nb-message.is-local")
    tab.draw(SEVEN)
    tab.find('#answer[data-state="answered"]').wait_for()
    assert tab.head == "The edge says 7"
    downloads.wait(2).continue_()  # it tries again by itself
    tab.wait_answered()
    assert tab.head == "Both say 7"


def test_a_browser_that_cannot_run_it_still_shows_the_edge(open_page: Open) -> None:
    old = answer_with(
        body="throw new WebAssembly.CompileError('no SIMD')", content_type="text/javascript"
    )
    tab = open_page(prepare=lambda tab: tab.page.route("**/network.js", old))
    tab.draw(SEVEN)
    tab.find('#answer[data-state="answered"]').wait_for()
    assert tab.head == "The edge says 7"
    assert "no WebAssembly with SIMD" in tab.text(".mnist-nb-message.is-local")
