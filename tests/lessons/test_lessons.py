"""The widgets of notebooks 03 and 05: the far lab, the collector and the gallery."""

import re
from pathlib import Path

import numpy as np
import pytest

from mnist_nb import Lab, LocalEdge, Network
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import DataError, InputError
from mnist_nb.lab.collect import Collector
from mnist_nb.lessons.far_lab import FarLab
from mnist_nb.lessons.gallery import gallery, order
from mnist_nb.network import percent
from mnist_nb.training.collection import Collection
from tests.support.fake_edge import SECONDS


@pytest.mark.edge
def test_the_sliders_put_the_edge_far_away() -> None:
    with LocalEdge() as edge:
        far = FarLab(edge.url, rtt_ms=0)
        try:
            near = far.measure(3).percentiles.p50
            far.rtt.value = 60
            far.loss.value = 2.0
            assert (far.distance.rtt_ms, far.distance.loss) == (60, 0.02)
            far.loss.value = 0.0
            assert far.measure(3).percentiles.p50 >= max(60, near)
            assert "60 ms, 0 % lost" in far.result.value
            far.button.click()
            assert far._thread is not None
            far._thread.join(SECONDS)
            assert len(far.rows) == 3
            assert far.rows[2][-1] == "40"
            assert not far.button.disabled
            edge.stop()  # what goes wrong beside the drawing is shown, not lost
            far.rtt.value = 0
            far._measure_beside()
            assert "no edge at" in far.lab.pad.status.value
        finally:
            far.close()


def test_the_collector_keeps_what_was_drawn_and_goes_on_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    collector = Collector(path)
    assert "None is kept yet" in collector.keeper.said.value
    for digit in (0, 1, 2):
        assert collector.keeper.label.value == digit  # it asks for one after the other
        collector.pad.drawing = samples()[digit]
        collector.keeper.keep_button.click()
        assert collector.pad.drawing.is_empty
    assert "3 kept in mine.json" in collector.keeper.said.value
    collector.keeper.drop_button.click()
    assert collector.keeper.label.value == 2
    assert Collection.load(path).labels.tolist() == [0, 1]
    again = Collector(path)
    assert [digit.drawing for digit in again.collection.digits] == list(samples()[:2])
    collector.keeper.keep_button.click()  # with nothing on the paper
    assert "nothing on the paper" in collector.pad.status.value
    path.write_text("no")
    with pytest.raises(DataError, match="is not JSON"):
        Collector(path)
    if (endless := Path("/dev/zero")).exists():
        with pytest.raises(DataError, match="larger than 64 MB"):
            Collection.load(endless)


def test_a_lab_keeps_what_it_got_wrong_where_it_is_told_to(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    collector = Collector(path)
    nobody = "http://127.0.0.1:9"
    lab, plain = Lab(edge=nobody, keep=path), Lab(edge=nobody)
    try:
        assert len(plain.children) == 2  # who did not want it is not asked
        keeper = lab.children[-1]
        lab.drawing = samples()[7]
        keeper.keep_button.click()
        assert "a label is a digit" in lab.pad.status.value
        assert not path.exists()
        keeper.label.value = 7
        keeper.keep_button.click()
        assert keeper.label.value == "?"  # nothing is kept by accident with the label before
        assert "1 kept in mine.json" in keeper.said.value
        collector.pad.drawing = samples()[0]
        collector.keeper.keep_button.click()  # the same file, and nothing is lost
        assert Collection.load(path).labels.tolist() == [7, 0]
    finally:
        lab.close()
        plain.close()


def test_an_empty_collector_has_nothing_to_drop(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no digit to drop"):
        Collector(tmp_path / "mine.json").keeper.drop()


def test_the_gallery_names_every_picture() -> None:
    images = np.zeros((30, 28, 28), np.uint8)
    here = np.eye(10, dtype=np.float32)[np.arange(30) % 10]
    there = np.roll(here, 1, axis=1)
    shown = gallery(images, here, there, np.arange(30) % 10, title="<Odd>", names=("a", "b"))
    alts = re.findall(r'<img src="data:image/png;base64,[^"]+" alt="([^"]+)">', shown.html)
    assert len(alts) == 24
    assert alts[3] == f"A drawn digit; it is a 3, a: 3 ({percent(1)}), b: 4 ({percent(1)})"
    assert "the first 24 of 30" in shown.text
    assert "&lt;Odd&gt;" in shown.html
    nothing = gallery(images[:0], here[:0], there[:0], title="Odd")
    assert nothing.text == "Odd: there is none."


def test_the_surest_disagreements_come_first() -> None:
    network = Network.load()
    rng = np.random.default_rng(1)
    p = network.predict(rng.integers(0, 256, (8, 28, 28), dtype=np.uint8))
    ordered = order(p, p, [1, 3, 5])
    assert sorted(ordered) == [1, 3, 5]
    sure = p.max(axis=1)[ordered]
    assert (np.diff(sure) <= 0).all()
