"""Several digits on one picture or drawing: each is found, and read in the order of writing."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from mnist_nb import Drawing, Network, rasterize
from mnist_nb.drawing import cut_digits, find_digits, homemade, samples
from mnist_nb.errors import InputError
from tests.support.sheets import Sheet, sheet


def read(network: Network, source: object) -> list[int]:
    return [network.answer(digit.image).index for digit in cut_digits(source)]


def at(digit: int, x: float, y: float, height: float = 110) -> list[NDArray[np.float64]]:
    """The strokes of a sample, from (x, y)."""
    points = np.concatenate(samples()[digit].strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = height / float(high[1] - low[1])
    return [(stroke - low) * scale + (x, y) for stroke in samples()[digit].strokes]


def painted(strokes: list[NDArray[np.float64]], size: tuple[int, int] = (280, 280)) -> Image.Image:
    image = Image.new("L", size, 255)
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        pen.line([(float(x), float(y)) for x, y in stroke], fill=0, width=10, joint="curve")
    return image


def sheets(drawings: list[Drawing], labels: Any, count: int) -> list[Sheet]:
    """Sheets of 2 to 12 of these digits."""
    made = []
    for seed in range(count):
        rng = np.random.default_rng(1000 + seed)
        chosen = rng.integers(0, len(drawings), rng.integers(2, 13))
        made.append(sheet([drawings[i] for i in chosen], [int(labels[i]) for i in chosen], seed))
    return made


def test_sheets_of_homemade_digits(network: Network) -> None:
    drawings, labels = homemade(200, seed=4)
    made = sheets(drawings, labels, 12)
    found = [read(network, one.picture) for one in made]
    assert [len(digits) for digits in found] == [len(one.digits) for one in made]
    pairs = [
        pair
        for digits, one in zip(found, made, strict=True)
        for pair in zip(digits, one.digits, strict=True)
    ]
    assert sum(a == b for a, b in pairs) >= 0.97 * len(pairs)


def test_a_hundred_sheets_of_what_people_wrote(
    network: Network, pen_digits: tuple[list[Drawing], NDArray[np.uint8]]
) -> None:
    made = sheets(*pen_digits, 100)
    right = [len(find_digits(one.picture)) == len(one.digits) for one in made]
    print(f"{sum(right)} of {len(right)} sheets have the right number of boxes")
    assert sum(right) >= 99


def test_what_people_drew_as_one_digit_is_one(
    pen_digits: tuple[list[Drawing], NDArray[np.uint8]],
) -> None:
    drawings = pen_digits[0][::10]
    assert sum(len(find_digits(drawing)) == 1 for drawing in drawings) >= 0.999 * len(drawings)


PICTURES = Path(os.environ.get("MNIST_NB_DATA", ".")) / "pictures"


@pytest.mark.skipif(not PICTURES.is_dir(), reason="MNIST_NB_DATA is not set: no pictures of people")
def test_pictures_of_one_digit_have_one_box() -> None:
    files = [file for file in sorted(PICTURES.iterdir()) if file.suffix != ".tsv"]
    counts = {file.name: len(find_digits(file)) for file in files}
    several = {name: count for name, count in counts.items() if count != 1}
    print(f"{len(files) - len(several)} of {len(files)} pictures have one box")
    assert not several


@pytest.mark.parametrize("kind", ["strokes", "picture"])
def test_a_number_on_the_pad(network: Network, kind: str) -> None:
    strokes = at(4, 25, 80) + at(2, 160, 90)
    source: Any = Drawing(strokes) if kind == "strokes" else painted(strokes)
    assert read(network, source) == [4, 2]
    left, right = find_digits(source)
    assert left.right < right.left
    assert 80 - 6 <= left.top <= 80 + 1
    assert left.bottom == pytest.approx(190, abs=7)


@pytest.mark.parametrize("gap", [12, 20, 40])
def test_two_zeros_one_below_the_other_are_no_eight(network: Network, gap: int) -> None:
    pen = 10
    strokes = at(0, 100, 20, 90) + at(0, 100, 110 + gap + pen, 90)
    assert read(network, painted(strokes)) == [0, 0]
    if gap > pen:
        assert read(network, Drawing(strokes)) == [0, 0]


def test_a_five_whose_bar_is_apart(network: Network) -> None:
    body = [(100, 90), (98, 140), (140, 130), (180, 160), (160, 210), (100, 215)]
    bar = [(110, 62), (185, 60)]
    strokes = [np.array(body, float), np.array(bar, float)]
    assert read(network, painted(strokes)) == [5]
    assert read(network, Drawing(strokes)) == [5]


@pytest.mark.parametrize("digit", range(10))
def test_a_dotted_pen_draws_one_digit(network: Network, digit: int) -> None:
    image = Image.new("L", (400, 280), 255)
    pen = ImageDraw.Draw(image)
    for x0 in (20, 220):
        for stroke in at(digit, x0, 40, 180):
            way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
            for step in np.arange(0, way[-1], 20):
                x, y = (float(np.interp(step, way, stroke[:, axis])) for axis in (0, 1))
                pen.ellipse((x - 5, y - 5, x + 5, y + 5), fill=0)
    assert len(find_digits(image)) == 2


def test_boxes_are_in_the_pixels_of_the_file(tmp_path: Path) -> None:
    page = painted(at(3, 40, 40)).resize((2800, 2800)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    page.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "3.jpg", exif=exif)
    for source in (page, tmp_path / "3.jpg", str(tmp_path / "3.jpg")):
        (box,) = find_digits(source)
        assert box[:2] == pytest.approx((400, 400), abs=70)
        assert box.bottom == pytest.approx(1500, abs=70)
    cropped = page.crop(find_digits(page)[0])
    assert len(find_digits(cropped)) == 1


def test_mnist_of_any_framing_is_one_digit() -> None:
    image = rasterize(samples()[5])
    image[13] = 0  # broken
    (digit,) = cut_digits(image)
    assert (digit.image == rasterize(image)).all()


def test_two_images_of_mnist_side_by_side(network: Network) -> None:
    pair = np.concatenate([rasterize(samples()[digit]) for digit in (2, 7)], axis=1)
    assert read(network, pair) == [2, 7]


def test_nothing_drawn_has_no_box() -> None:
    assert find_digits(Drawing()) == []
    assert find_digits(Image.new("L", (300, 200), 240)) == []


def test_a_scribble_and_noise_end_in_time() -> None:
    rng = np.random.default_rng(1)
    assert len(find_digits(Drawing(rng.uniform(0, 280, (5000, 2, 2))))) == 1
    noise = Image.fromarray(rng.integers(0, 256, (1100, 1100)).astype(np.uint8))
    find_digits(noise)
    find_digits(noise.filter(ImageFilter.GaussianBlur(3)))


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(InputError, match=r"there is no file nowhere\.png"):
        find_digits("nowhere.png")
