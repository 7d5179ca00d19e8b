"""Pictures of a digit, whatever they were stored as; each test makes its own small file."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from mnist_nb import Network, rasterize
from mnist_nb.drawing import cut_digits
from mnist_nb.drawing.pictures import ink_of as ink_and_size
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import InputError


def ink_of(source: object) -> NDArray[np.float32]:
    return ink_and_size(source)[0]


def drawn(digit: int, ink: Any = 0, paper: Any = 255, mode: str = "L", size: int = 280) -> Any:
    """A sample as a picture."""
    image = Image.new(mode, (size, size), paper)
    pen, scale = ImageDraw.Draw(image), size / 280
    for stroke in samples()[digit].strokes:
        points = [(float(x * scale), float(y * scale)) for x, y in stroke]
        pen.line(points, fill=ink, width=round(16 * scale), joint="curve")
    return image


def read(network: Network, image: object) -> tuple[int, bool]:
    """The digit, and whether the network is sure."""
    answer = network.answer(rasterize(image))
    return answer.index, answer.is_sure


def stored(image: Any, kind: str, **options: Any) -> Any:
    """The picture, written and opened again."""
    file = BytesIO()
    image.save(file, kind, **options)
    return Image.open(BytesIO(file.getvalue()))


def wide(digit: int) -> NDArray[np.uint16]:
    """A sample in 16 bits, of which only the upper half has any difference."""
    return (np.asarray(drawn(digit), np.uint32) * 200 + 12_000).astype(np.uint16)


@pytest.mark.parametrize("digit", range(10))
def test_sixteen_bits_say_the_same_as_eight(network: Network, digit: int) -> None:
    for image in (stored(Image.fromarray(wide(digit)), kind) for kind in ("PNG", "TIFF")):
        assert image.mode.startswith("I")
        assert read(network, image) == (digit, True)


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_floats_are_of_whatever_range(network: Network, top: float) -> None:
    levels = np.asarray(drawn(3), np.float32) * np.float32(top / 255)
    assert read(network, stored(Image.fromarray(levels), "TIFF")) == (3, True)


@pytest.mark.parametrize("mode", ["I", "I;16"])
@pytest.mark.parametrize("times", [1, 16, 257])
def test_fewer_bits_than_the_format_has(network: Network, mode: str, times: int) -> None:
    dtype = np.int32 if mode == "I" else np.uint16
    image = stored(Image.fromarray(np.asarray(drawn(3)).astype(dtype) * dtype(times)), "TIFF")
    assert image.mode == mode
    assert read(network, image) == (3, True)


def test_floats_that_were_resized_go_beyond_one(network: Network) -> None:
    levels = np.asarray(drawn(3), np.float32) / 255 * np.float32(1.02)
    assert read(network, Image.fromarray(levels)) == (3, True)


def test_a_grey_level_that_is_transparent(network: Network) -> None:
    image = stored(drawn(5, 10, 0), "PNG", transparency=0)  # ink that is nearly black, and clear
    assert image.mode == "L"
    assert read(network, image) == (5, True)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_camera_that_was_held_upright(network: Network, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees, clockwise
    turned = drawn(4).transpose(Image.Transpose.ROTATE_90)
    image = stored(turned, kind, exif=exif)
    assert read(network, image) == (4, True)
    assert read(network, image) == (4, True)  # turned for this, not in the caller's hands


@pytest.mark.parametrize("ink", [(0, 0, 0), (255, 255, 255), (255, 220, 0)])
def test_ink_of_any_colour_on_transparency(network: Network, ink: tuple[int, ...]) -> None:
    image = drawn(5, (*ink, 255), (0, 0, 0, 0), "RGBA")
    assert read(network, image) == (5, True)
    assert read(network, image.convert("LA")) == (5, True)
    assert read(network, stored(image.quantize(8), "PNG")) == (5, True)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "LAB"])
def test_modes_that_pillow_has(network: Network, mode: str) -> None:
    paper = (255, 255, 255) if mode == "1" else (230, 225, 220)  # the others dither
    image = drawn(2, (0, 0, 0) if mode == "1" else (20, 20, 60), paper, "RGB")
    if mode == "LAB":
        from PIL import ImageCms

        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(image, *profiles, outputMode="LAB")
    assert read(network, image.convert(mode) if mode != "LAB" else image) == (2, True)


def test_red_on_green_of_the_same_lightness(network: Network) -> None:
    image = drawn(7, (200, 60, 40), (60, 128, 40), "RGB")
    assert np.ptp(np.asarray(image.convert("L"))) < 10
    assert read(network, image) == (7, True)


def test_the_first_picture_of_an_animation(network: Network) -> None:
    file = BytesIO()
    drawn(4).save(file, "GIF", save_all=True, append_images=[drawn(9)], duration=50)
    assert read(network, Image.open(BytesIO(file.getvalue()))) == (4, True)


@pytest.mark.parametrize("digit", range(10))
def test_uneven_light_a_shadow_and_dust(network: Network, digit: int) -> None:
    page = np.asarray(drawn(digit, size=560), np.float32) * 0.6
    y, x = np.mgrid[:560, :560] / 560
    page *= 1.1 - 0.25 * x - 0.1 * y  # the lamp stands on the left
    page[x > 0.92] *= 0.6  # an edge in shadow
    page[30:34, 500:504] = 20  # dust
    image = Image.fromarray(np.clip(page, 0, 255).astype(np.uint8))
    assert read(network, image.filter(ImageFilter.GaussianBlur(1.5))) == (digit, True)


def test_ink_of_few_pixels_is_not_enlarged_to_blocks(network: Network) -> None:
    small = drawn(6).resize((22, 22), Image.Resampling.BOX)
    page = Image.new("L", (64, 64), 255)
    page.paste(small, (20, 20))
    assert read(network, page) == (6, True)


def test_a_digit_that_fills_the_picture_is_kept() -> None:
    one = np.full((90, 30), 255, np.uint8)
    one[:, 10:20] = 0  # it touches the border above and below
    assert ink_of(one)[:, 12:18].min() == 255


def test_an_empty_page_has_no_ink() -> None:
    noise = np.random.default_rng(1).integers(225, 240, (300, 300)).astype(np.uint8)
    assert not ink_of(noise).any()


@pytest.mark.parametrize("levels", [[[0.0, float("nan")]], [[-1.0, 3.0]]])
def test_numbers_that_are_no_light_are_refused(levels: list[list[float]]) -> None:
    with pytest.raises(InputError, match=r"^a picture holds numbers from 0 up"):
        ink_of(Image.fromarray(np.array(levels, np.float32)))


def test_a_picture_that_is_cut_off_is_named() -> None:
    file = BytesIO()
    drawn(3).convert("RGB").save(file, "PNG")
    with pytest.raises(InputError, match="cannot be read"):
        rasterize(Image.open(BytesIO(file.getvalue()[:300])))


CASES = Path(os.environ.get("MNIST_NB_DATA", "")) / "../cases"


@pytest.mark.skipif(not CASES.is_dir(), reason="MNIST_NB_DATA is not set: no pictures of people")
@pytest.mark.parametrize(
    ("name", "digit"),
    [
        ("sixteen-bit/three-16bit.png", 3),
        ("sixteen-bit/three-8bit.png", 3),
        ("transparent-light-ink/five-black.png", 5),
        ("transparent-light-ink/five-white.png", 5),
        ("transparent-light-ink/five-LA.png", 5),
        ("shadow-corner/test_images__0.jpg", 0),
        ("shadow-corner/test_images__4.jpg", 4),
        ("shadow-corner/test_images__7.jpg", 7),
        ("small-ink-upscaled/six-thick.png", 6),
        ("small-ink-upscaled/six.jpg", 6),
        ("small-ink-upscaled/one-printed.jpg", 1),
    ],
)
def test_pictures_of_people_that_were_misread(network: Network, name: str, digit: int) -> None:
    assert read(network, CASES / name) == (digit, True)
    (found,) = cut_digits(CASES / name)
    assert network.answer(found.image).index == digit
