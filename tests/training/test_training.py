"""Designing needs no PyTorch; training does, and is tested where it is installed."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mnist_nb import Drawing, Network
from mnist_nb.drawing.homemade import homemade
from mnist_nb.drawing.raster import rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import DataError, InputError, SetupError, WeightsError
from mnist_nb.lessons.training_plots import curves
from mnist_nb.network.file_format import read_weights, shipped_weights
from mnist_nb.training import loop
from mnist_nb.training.collection import FORMAT, Collection, Labelled
from mnist_nb.training.design import design, summary
from mnist_nb.training.loop import Step, Training, accuracy

LAYERS = [
    *[("conv2d", 4, 5), "batchnorm2d", "relu", ("maxpool2d", 2)],
    *[("conv2d", 8, 5), "gelu", ("maxpool2d", 2), "flatten", ("linear", 10)],
]
needs_torch = pytest.mark.skipif(not loop.available(), reason="PyTorch is not installed")


# --- designing -----------------------------------------------------------------------------------


def test_a_design_runs_and_the_same_seed_gives_the_same_file() -> None:
    weights = design(LAYERS, "mine", seed=3)
    assert weights.architecture.name == "mine"
    assert weights.parameters == 4 * 26 + 8 + 8 * 101 + 1290
    assert Network(weights).predict(rasterize(samples()[3])).shape == (1, 10)
    assert design(LAYERS, "mine", seed=3).sha256 == weights.sha256
    assert design(LAYERS, "mine", seed=4).sha256 != weights.sha256
    rows = summary(weights)
    assert rows[1] == ["Conv2d", "4 × 24 × 24", "104"]
    assert rows[-1] == ["Linear", "10", "1,290"]
    count = sum(int(row[2].replace(",", "")) for row in rows if row[2])
    assert count == weights.parameters


@pytest.mark.parametrize(
    ("layers", "error", "text"),
    [
        (["dance"], InputError, "layer 0 is 'dance'"),
        ([("conv2d", 8)], InputError, "wrong numbers"),
        ([("conv2d", 8, -1)], InputError, "layer 0"),
        ([("conv2d", 8, 30)], WeightsError, "window of 30 is larger"),
        (["flatten", "batchnorm2d"], WeightsError, "layer 1"),
        (["flatten", ("linear", 7)], WeightsError, "10 labels"),
        ([], WeightsError, "1 to 64 layers"),
    ],
)
def test_layers_that_do_not_fit_are_named(layers: list, error: type, text: str) -> None:
    with pytest.raises(error, match=text):
        design(layers)


# --- training ------------------------------------------------------------------------------------


def test_without_pytorch_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"pip install 'mnist-nb\[train\]'"):
        Training(design(LAYERS))


@needs_torch
def test_it_learns_and_saves_what_it_has_learned(tmp_path: Path) -> None:
    drawings, labels = homemade(300, seed=2)
    images = np.array([rasterize(drawing) for drawing in drawings])
    training = Training(design(LAYERS))
    steps = list(
        training.run(
            images, labels, epochs=8, batch=16, vary=False, tests={"all": (images, labels)}, looks=2
        )
    )
    assert [step.step for step in steps] == list(range(1, steps[0].steps + 1))
    assert len([step for step in steps if step.accuracy]) == 2
    assert steps[-1].accuracy["all"] > 0.7
    path = training.save(tmp_path / "mine.safetensors", "mine", epochs=8)
    network = Network.load(path)
    assert network.name == "mine"
    assert network.architecture.training == {"epochs": 8}
    assert accuracy(network, images, labels) == steps[-1].accuracy["all"]
    with pytest.raises(WeightsError, match="cannot write"):
        training.save(tmp_path / "nowhere" / "mine.safetensors")


@needs_torch
def test_pytorch_and_numpy_compute_the_same_network() -> None:
    weights = read_weights(shipped_weights())
    training = Training(weights)
    image = rasterize(samples()[3])
    pixels = training.torch.from_numpy(image.astype(np.float32)).reshape(1, 1, 28, 28) / 255
    with training.torch.no_grad():
        logits = training._logits(pixels, training=False).numpy()
    np.testing.assert_allclose(logits, Network(weights).logits(image), atol=1e-4)
    with pytest.raises(InputError, match="1 images and 2 labels"):
        next(training.run(image[None], np.zeros(2, np.uint8)))


def test_the_curves_say_where_training_is() -> None:
    seen = [Step(i, 10, math.exp(-i), {"kept": i / 10} if i % 5 == 0 else {}) for i in range(1, 11)]
    shown = curves(seen, "Learning")
    assert "Learning: step 10 of 10" in shown.text
    assert "kept: 100.0 % right" in shown.text
    assert "loss (cross-entropy, nats)" in shown.html
    assert curves(seen[:1], "Learning").text.startswith("Learning: step 1 of 10")


# --- a collection --------------------------------------------------------------------------------


def collection(count: int = 25) -> Collection:
    drawings, labels = homemade(count)
    made = Collection()
    for drawing, label in zip(drawings, labels, strict=True):
        made.add(drawing, int(label))
    return made


def test_a_collection_comes_back_from_its_file(tmp_path: Path) -> None:
    made = collection()
    again = Collection.load(made.save(tmp_path / "mine.json"))
    assert [digit.drawing for digit in again.digits] == [digit.drawing for digit in made.digits]
    assert again.labels.tolist() == made.labels.tolist()
    assert again.images.shape == (25, 28, 28)
    assert list(tmp_path.iterdir()) == [tmp_path / "mine.json"]
    assert json.loads((tmp_path / "mine.json").read_text())["format"] == FORMAT
    assert Collection().images.shape == (0, 28, 28)
    with pytest.raises(DataError, match="cannot write"):
        made.save(tmp_path / "nowhere" / "mine.json")


def test_images_without_strokes_come_back_too(tmp_path: Path) -> None:
    image = rasterize(samples()[3])
    made = Collection([Labelled(image, 3), Labelled(samples()[4], 4)])
    again = Collection.load(made.save(tmp_path / "mine.json"))
    np.testing.assert_array_equal(again.images, made.images)
    np.testing.assert_array_equal(again.images[0], image)
    with pytest.raises(InputError, match="nothing on the paper"):
        Labelled(np.zeros((28, 28), np.uint8), 3)


def test_its_halves_have_each_digit_alike() -> None:
    learn, judge = collection(40).halves()
    assert len(learn) == len(judge) == 20
    assert np.bincount(learn.labels).tolist() == np.bincount(judge.labels).tolist() == [2] * 10


@pytest.mark.parametrize("label", [-1, 10, "3", True, None])
def test_a_label_is_a_digit_and_a_drawing_is_not_empty(label: object) -> None:
    made = Collection()
    with pytest.raises(InputError, match="0 to 9"):
        made.add(samples()[3], label)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="nothing on the paper"):
        made.add(Drawing(), 3)
    assert len(made) == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "mnist-nb.collection/1", "digits": 3}',
        '{"format": "mnist-nb.collection/1", "digits": [1]}',
        '{"format": "mnist-nb.collection/1", "digits": [{"label": 3}]}',
        '{"format": "mnist-nb.collection/1", "digits": [{"label": 3, "pixels": 784}]}',
        '{"format": "mnist-nb.collection/1", "digits": [{"label": 3, "pixels": "AAAA"}]}',
        '{"format": "other", "digits": []}',
    ],
)
def test_a_file_that_is_no_collection_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"mine\.json"):
        Collection.load(path)
