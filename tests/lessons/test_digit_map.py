"""The map of digits with the drawing in it, and the view of the smallest dot."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mnist_nb import Network, rasterize
from mnist_nb.drawing import homemade, samples
from mnist_nb.lessons.layers import DigitMap, SmallestDot, Subject
from mnist_nb.lessons.layers.digit_map import Plane
from mnist_nb.training import design

SECONDS = 20.0


@pytest.fixture(scope="module")
def digits() -> Any:
    drawings, labels = homemade(120, seed=6)
    return np.array([rasterize(drawing) for drawing in drawings]), labels


@pytest.fixture
def subject(network: Network) -> Iterator[Subject]:
    made = Subject(network)
    yield made
    made.close()


def place(view: DigitMap) -> tuple[float, float, str]:
    found = re.search(r'data-x="([^"]+)" data-y="([^"]+)" data-near="([^"]+)"', view.html())
    assert found
    return float(found[1]), float(found[2]), found[3]


def test_the_plane_shows_the_two_directions_of_most_difference() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(500, 6)) * [9, 4, 1, 1, 1, 1] + 5
    plane = Plane(points)
    placed = plane(points)
    assert np.abs(placed.mean(axis=0)).max() < 1e-9
    assert abs(np.corrcoef(placed.T)[0, 1]) < 1e-9
    assert abs(np.corrcoef(placed[:, 0], points[:, 0])[0, 1]) > 0.99
    assert plane.share == pytest.approx((81 + 16) / (81 + 16 + 4), abs=0.03)
    assert Plane(np.ones((4, 3))).share == 0


def test_a_digit_of_the_map_stands_on_itself_and_is_its_own_neighbour(
    subject: Subject, digits: Any
) -> None:
    images, labels = digits
    subject.pad.drawing = samples()[7]
    images = np.concatenate([images, rasterize(samples()[7])[None]])
    view = DigitMap(subject, images, np.append(labels, 7))
    x, y, near = place(view)
    np.testing.assert_allclose((x, y), view._at[-1], atol=0.1)
    assert near.startswith("7")
    assert view.field.value.count("<text") == 121


def test_the_drawing_moves_and_the_map_stays(subject: Subject, digits: Any) -> None:
    view = DigitMap(subject, *digits)
    before, field = place(view), view.field.value
    subject.pad.drawing = samples()[0]
    assert place(view)[:2] != before[:2]
    assert place(view)[2] == "0, 0, 0"
    assert view.field.value == field
    assert f"{view.field.value}</div>" in view.still()


def test_what_is_far_off_the_map_stays_at_its_edge(subject: Subject, digits: Any) -> None:
    images, labels = digits
    view = DigitMap(subject, images[labels == 1], labels[labels == 1])
    subject.pad.drawing = samples()[8]
    x, y, _ = place(view)
    assert 0 < x < 576
    assert 0 < y < 400


def test_a_network_whose_last_layer_sees_all_pixels_has_a_map_too(digits: Any) -> None:
    subject = Subject(Network(design([("conv2d", 2, 5), "flatten", ("linear", 10)])))
    assert "by all 1152 numbers" in DigitMap(subject, *digits).shown.value
    subject.close()


def test_a_dot_is_found_when_asked_for_and_belongs_to_one_drawing(subject: Subject) -> None:
    view = SmallestDot(subject)
    assert "data-radius" not in view.shown.value
    view.button.click()
    found = re.search(r'data-radius="([\d.]+)" data-label="(\d)"', view.shown.value)
    assert found
    assert "With the dot it" in view.shown.value
    subject.pad.drawing = samples()[2]
    assert "data-radius" not in view.html()
    view.against.value = 7
    assert "speaks for 7, against 2" in view.html()
    view.button.click()
    assert "data-radius" in view.html()
    assert view.status.value == ""


def test_a_button_and_a_pen_do_not_wait_for_each_other(subject: Subject) -> None:
    """A view that looks takes the pad's lock: a button must not hold that while it looks."""
    looking, pressed = threading.Event(), threading.Event()

    class Slow(SmallestDot):
        def html(self) -> str:
            if threading.current_thread().name == "look":
                looking.set()
                assert pressed.wait(SECONDS)
            return super().html()

        def find(self) -> None:
            pressed.set()
            super().find()

    view = Slow(subject)
    threads = [
        threading.Thread(target=view.prepare, name="look", daemon=True),
        threading.Thread(target=view.button.click, daemon=True),
    ]
    threads[0].start()
    assert looking.wait(SECONDS)
    threads[1].start()
    for thread in threads:
        thread.join(SECONDS)
    assert not any(thread.is_alive() for thread in threads)
