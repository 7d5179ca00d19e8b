"""One step of learning and the history of a training, without a browser."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mnist_nb import Network, rasterize
from mnist_nb.drawing import homemade, samples
from mnist_nb.errors import InputError
from mnist_nb.lessons.layers import Subject
from mnist_nb.lessons.layers.view import View
from mnist_nb.lessons.learning import History, OneStep
from mnist_nb.network import Forward, Weights
from mnist_nb.training import design, learn

LAYERS: list[Any] = [("conv2d", 4, 5), "relu", ("maxpool2d", 2), "flatten", ("linear", 10)]


@pytest.fixture
def pupil() -> Iterator[Subject]:
    subject = Subject(Network(design(LAYERS)))
    yield subject
    subject.close()


def found(view: View, name: str) -> float:
    values = re.findall(rf'data-{name}="([^"]+)"', view.html())
    return float(values[0])


def some_digits(count: int = 200) -> tuple[Any, Any]:
    drawings, labels = homemade(count, seed=9)
    return np.array([rasterize(drawing) for drawing in drawings]), labels


def press(view: View, text: str) -> None:
    (button,) = (b for b in view.children[-1].children[1].children if b.description == text)
    button.click()


def test_a_step_lowers_the_loss_and_starting_over_brings_it_back(pupil: Subject) -> None:
    view = OneStep(pupil)
    first = found(view, "loss")
    assert first == pytest.approx(Forward(pupil.network.weights, pupil.image).loss(4))
    press(view, "Step")
    second = found(view, "loss")
    press(view, "Ten steps")
    assert found(view, "loss") < second < first
    assert found(view, "steps") == 11
    press(view, "Start over")
    assert (found(view, "loss"), found(view, "steps")) == (first, 0)
    assert view.status.value == ""


def test_what_a_step_will_do_is_what_it_does(pupil: Subject) -> None:
    view = OneStep(pupil)
    foretold = re.findall(r'<figure data-kind="after".*?src="([^"]+)"', view.shown.value)
    press(view, "Step")
    done = re.findall(r'<figure data-kind="now".*?src="([^"]+)"', view.shown.value)
    assert foretold == done


def test_another_label_has_another_gradient_and_a_digit_that_is_drawn_counts(
    pupil: Subject,
) -> None:
    view = OneStep(pupil)
    four = found(view, "strongest"), found(view, "loss")
    view.label.value = 9
    assert found(view, "loss") != four[1]
    pupil.pad.drawing = samples()[9]
    expected = Forward(pupil.network.weights, rasterize(samples()[9])).loss(9)
    assert found(view, "loss") == pytest.approx(expected)


def test_a_rate_too_large_is_shown_and_breaks_nothing(pupil: Subject) -> None:
    view = OneStep(pupil)
    view.rate.value = view.rate.base**view.rate.max
    for _ in range(5):
        press(view, "Ten steps")
    assert np.isfinite(found(view, "loss"))
    assert view.status.value == ""


def test_a_training_in_numpy_learns_and_is_looked_back_at(pupil: Subject) -> None:
    images, labels = some_digits()
    history = History(pupil, learn(pupil.network.weights, images, labels, 40))
    assert 0 in history.step.options
    assert history.step.options[-1] == history.step.value == 40
    assert len(history.step.options) <= 41
    kept_apart, theirs = some_digits(50)
    answers = Network(history.last).predict(kept_apart).argmax(axis=1)
    assert (answers == theirs).mean() > 0.7
    at_the_end = history.shown.value
    history.step.value = 0
    assert "after 0 steps" in history.shown.value
    start = pupil.network.predict(pupil.image)[0]
    bars = [float(p) for p in re.findall(r'data-p="([^"]+)"', history.shown.value)]
    np.testing.assert_allclose(bars, start, atol=1e-6)
    history.step.value = 40
    assert history.shown.value == at_the_end


def test_the_same_seed_trains_the_same_network_and_leaves_the_start_alone() -> None:
    images, labels = some_digits(60)
    start = design(LAYERS)
    before = {name: tensor.copy() for name, tensor in start.tensors.items()}

    def end() -> Weights:
        *_, last = learn(start, images, labels, 5)
        return last.weights

    first, second = end(), end()
    for name, tensor in before.items():
        assert np.array_equal(first.tensors[name], second.tensors[name])
        assert np.array_equal(start.tensors[name], tensor)
    assert not np.array_equal(first.tensors["linear4.weight"], before["linear4.weight"])


def test_what_cannot_be_trained_says_so() -> None:
    images, labels = some_digits(20)
    with pytest.raises(InputError, match="20 images and 19 labels"):
        next(learn(design(LAYERS), images, labels[:-1], 5))
    with pytest.raises(InputError, match="0 images"):
        next(learn(design(LAYERS), images[:0], labels[:0], 5))
    with pytest.raises(InputError, match=r"a rate of 1e\+06 is too large .* try 100000"):
        list(learn(design(LAYERS), images, labels, 20, rate=1e6))


@pytest.mark.parametrize(
    "layers",
    [
        ["flatten", ("linear", 12), "relu", ("linear", 10)],
        [("conv2d", 40, 3), "gelu", ("maxpool2d", 4), "flatten", ("linear", 10)],
        [("maxpool2d", 3), "flatten", ("linear", 10)],
    ],
)
def test_networks_of_other_layers_are_shown_too(layers: list[Any]) -> None:
    subject = Subject(Network(design(layers)))
    images, labels = some_digits(20)
    for view in (
        OneStep(subject),
        History(subject, learn(subject.network.weights, images, labels, 2)),
    ):
        assert "patterns of the first layer" in view.shown.value
        for tag in re.findall(r"<(?:img|svg)\b[^>]*>", view.shown.value):
            assert re.search(r'(?:alt|aria-label)="[^"]+"', tag), tag
    assert subject.pad.status.value == ""
    subject.close()
