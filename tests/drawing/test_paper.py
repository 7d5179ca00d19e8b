"""Ink against paper: what is on photos and scans besides a digit, and each step of the way."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from mnist_nb import Network, rasterize
from mnist_nb.drawing import picture_steps, samples
from mnist_nb.drawing.light import closing
from mnist_nb.drawing.pieces import pieces_of

Page = NDArray[np.float64]
SIDE = 500
Y, X = np.mgrid[:SIDE, :SIDE]


def page(digit: int, pen: int = 12, high: float = 220) -> Page:
    """A sample on paper that is not quite white."""
    points = np.concatenate(samples()[digit].strokes)
    low, top = points.min(axis=0), points.max(axis=0)
    image = Image.new("L", (SIDE, SIDE), 225)
    brush = ImageDraw.Draw(image)
    for stroke in samples()[digit].strokes:
        way = (stroke - (low + top) / 2) * (high / (top - low).max()) + SIDE / 2
        brush.line([(float(x), float(y)) for x, y in way], fill=50, width=pen, joint="curve")
    return np.asarray(image, float) + np.random.default_rng(digit).normal(0, 3, (SIDE, SIDE))


def picture(levels: Page) -> Image.Image:
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def shade(where: NDArray[np.bool_], light: float, blur: float) -> Page:
    """Light of so much where it is dark, and 1 elsewhere."""
    mask = Image.fromarray((where * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(blur))
    return 1 - (1 - light) * np.asarray(mask, float) / 255


def ruled(levels: Page, step: int, width: int, ink: float, both: bool = False) -> Page:
    on = (Y + 0.02 * X + 9).astype(int) % step < width
    if both:
        on |= (X - 0.02 * Y + 40).astype(int) % step < width
    return np.where(on, np.minimum(levels, ink), levels)


def framed(levels: Page, inset: int, width: int) -> Page:
    out, inner = levels.copy(), slice(inset + width, SIDE - inset - width)
    out[inset : SIDE - inset, inset : SIDE - inset] = 60
    out[inner, inner] = levels[inner, inner]
    return out


def axes(levels: Page) -> Page:
    image = picture(levels)
    brush = ImageDraw.Draw(image)
    brush.line([(60, 20), (60, 450), (480, 450)], fill=0, width=2)
    for mark in range(5):
        brush.text((60 + 90 * mark, 458), str(5 * mark), fill=0)
        brush.text((36, 440 - 90 * mark), str(5 * mark), fill=0)
    return np.asarray(image, float)


def plotted(levels: Page) -> Page:
    """As a figure shows an image: light on a black square, on white paper."""
    out = np.full((SIDE, SIDE), 255.0)
    out[60:440, 80:460] = 255 - np.asarray(picture(levels).resize((380, 380)), float)
    return out


def scanned(levels: Page) -> Page:
    out = levels.copy()
    out[:, :9] = out[-7:] = 20
    out[X + 0.08 * Y > 490] = 15
    return out


def dusty(levels: Page) -> Page:
    out = levels.copy()
    for x, y, size in np.random.default_rng(5).integers((0, 0, 2), (490, 490, 8), (25, 3)):
        out[y : y + size, x : x + size] = 40
    return out


CORNERS = np.hypot(X / SIDE - 0.5, Y / SIDE - 0.5) / np.sqrt(0.5)
SCENES: dict[str, Callable[[Page], Page]] = {
    "corners at half the light": lambda levels: levels * (1 - 0.5 * CORNERS**2),
    "corners at a third of it": lambda levels: levels * (1 - 0.65 * CORNERS**3),
    "a hard shadow in a corner": lambda levels: levels * shade(X + Y < 0.45 * SIDE, 0.5, 2),
    "half of it in shadow": lambda levels: levels * shade(X + 0.3 * Y < 0.55 * SIDE, 0.6, 3),
    "an edge in shadow": lambda levels: levels * shade(X > 0.85 * SIDE, 0.5, 5),
    "a band of shadow": lambda levels: levels * shade(abs(X - 0.5 * Y - 50) < 25, 0.7, 1),
    "a blackboard": lambda levels: 255 - levels + 20 * X / SIDE,
    "ruled": lambda levels: ruled(levels, 50, 2, 150),
    "ruled darkly": lambda levels: ruled(levels, 120, 4, 60),
    "squared": lambda levels: ruled(levels, 25, 1, 140, both=True),
    "a frame": lambda levels: framed(levels, 40, 4),
    "a thick frame": lambda levels: framed(levels, 10, 11),
    "a frame at the border": lambda levels: framed(levels, 0, 7),
    "axes": axes,
    "a figure": plotted,
    "edges of a scanner": scanned,
    "specks": dusty,
    "a thumb": lambda levels: np.where(np.hypot(X - SIDE, Y - 400) < 100, 110, levels),
}


@pytest.mark.parametrize("scene", SCENES)
def test_a_digit_is_told_from_all_else(network: Network, scene: str) -> None:
    wrong = {}
    for digit in range(10):
        answer = network.answer(rasterize(picture(SCENES[scene](page(digit)))))
        if (answer.index, answer.is_sure) != (digit, True):
            wrong[digit] = (answer.label, answer.is_sure)
    assert not wrong


@pytest.mark.parametrize(("pen", "high"), [(1, 220), (2, 420), (3, 220), (40, 300)])
def test_a_pen_of_any_width(network: Network, pen: int, high: int) -> None:
    answers = [network.answer(rasterize(picture(page(digit, pen, high)))) for digit in range(10)]
    assert [answer.index for answer in answers] == list(range(10))
    assert all(answer.is_sure for answer in answers)


def test_a_hairline_gets_the_width_of_the_recipe() -> None:
    thin = picture(page(7, 2, 420))
    thick = rasterize(thin)
    assert (rasterize(thin, thicken=False) > 0).sum() < 0.8 * (thick > 0).sum()
    assert thick.sum(dtype=int) == pytest.approx(rasterize(samples()[7]).sum(dtype=int), rel=0.25)
    broad = picture(page(7, 20))
    assert (rasterize(broad, thicken=False) == rasterize(broad)).all()


@pytest.mark.parametrize("scene", ["ruled darkly", "a thumb", "edges of a scanner"])
def test_a_page_that_is_not_cleaned(network: Network, scene: str) -> None:
    image = picture(SCENES[scene](page(3)))
    assert network.answer(rasterize(image)).is_sure
    assert not network.answer(rasterize(image, clean=False)).is_sure


def test_light_that_is_not_made_even(network: Network) -> None:
    image = picture(SCENES["half of it in shadow"](page(3)))
    assert network.answer(rasterize(image, clean=False)).is_sure
    assert not network.answer(rasterize(image, clean=False, flatten=False)).is_sure


def test_each_step_can_be_seen() -> None:
    ruled_page = picture(SCENES["an edge in shadow"](SCENES["ruled"](page(5, 2))))
    steps = picture_steps(ruled_page)
    names = [name for name, _ in steps]
    assert names == ["grey", "even light", "ink", "cleaned", "28x28", "28x28, thickened"]
    assert all(image.dtype == np.uint8 for _, image in steps)
    assert (steps[-1][1] == rasterize(ruled_page)).all()
    grey, even, ink, clean = (image for _, image in steps[:4])
    assert abs(int(np.median(grey[:, 460:])) - int(np.median(grey[:, :400]))) > 60
    assert abs(int(np.median(even[:, 460:])) - int(np.median(even[:, :400]))) < 10
    assert (clean > 0).sum() < (ink > 30).sum() / 2  # the lines are gone
    assert "in its place" in dict(picture_steps(picture(plotted(page(5)))))


def test_a_digit_alone_is_no_line_and_no_frame(network: Network) -> None:
    """What is straight, thin and as long as the picture is a 1 where there is nothing else."""
    one = np.full((SIDE, SIDE), 230.0)
    one[20:480, 248:253] = 40
    assert network.answer(rasterize(picture(one))).label == "1"


@pytest.mark.parametrize("reach", [1, 4, 30])
def test_a_closing_fills_what_is_narrow(reach: int) -> None:
    """Against its definition: the darkest of the brightest, window by window."""
    values = np.random.default_rng(reach).random((21, 34)).astype(np.float32)
    rows, columns = values.shape
    dilated = {
        (y, x): values[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1].max()
        for y in range(-reach, rows + reach)
        for x in range(-reach, columns + reach)
    }
    near = range(-reach, reach + 1)
    expected = [
        [min(dilated[y + i, x + j] for i in near for j in near) for x in range(columns)]
        for y in range(rows)
    ]
    assert (closing(values, reach) == np.array(expected, np.float32)).all()


@pytest.mark.parametrize("share", [0, 0.1, 0.35, 0.6, 1])
def test_pieces_are_what_hangs_together(share: float) -> None:
    mask = np.random.default_rng(3).random((14, 22)) < share
    names, left = np.zeros(mask.shape, int), [tuple(place) for place in np.argwhere(mask)]
    while left:
        name, grown = names.max() + 1, [left[0]]
        while grown:
            y, x = grown.pop()
            if (y, x) in left:
                left.remove((y, x))
                names[y, x] = name
                grown += [(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    pieces = pieces_of(mask)
    assert [piece.area for piece in pieces] == sorted(np.bincount(names[names > 0])[1:])[::-1]
    again = np.zeros_like(mask)
    for piece in pieces:
        own = np.zeros_like(mask)
        piece.mark(own)
        assert len(set(names[own])) == 1
        again |= own
    assert (again == mask).all()
