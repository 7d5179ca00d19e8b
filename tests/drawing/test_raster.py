import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnist_nb import Drawing, Network, rasterize
from mnist_nb.drawing import raster
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import InputError


def moved(drawing, scale=1.0, by=(0.0, 0.0), size=None):
    strokes = [stroke * scale + np.array(by) for stroke in drawing.strokes]
    return Drawing(strokes, size or drawing.size)


def render_plainly(start, end, pen):
    """Give what `raster._render` gives, by asking every pixel for its distance to every piece."""
    field = np.zeros((raster.SIZE, raster.SIZE))
    pixels = np.moveaxis(np.mgrid[: raster.SIZE, : raster.SIZE][::-1], 0, -1)  # (28, 28, 2) of x, y
    for a, b in zip(start, end, strict=True):
        line, to_pixel = b - a, pixels - a
        length2 = float(line @ line)
        along = np.clip(to_pixel @ line / length2, 0, 1) if length2 else np.zeros(field.shape)
        distance = np.linalg.norm(to_pixel - along[..., None] * line, axis=-1)
        field = np.maximum(field, np.clip(pen / 2 + 0.5 - distance, 0, 1))
    return field


@pytest.mark.parametrize(
    ("strokes", "size", "crop"),
    [
        ([[(x * 0.0028, 280 * (x % 2)) for x in range(100_000)]], (280, 280), True),
        ([[(0, 0), (280 * (x % 2), x % 3)] for x in range(33_000)], (280, 280), True),
        ([[(0, 0), (1e6, 1e6)]], (1, 1), False),
        ([[(0, 0), (1e6, 1e6)]], (0.001, 0.001), False),
    ],
)
def test_a_pen_that_goes_too_far_is_refused_at_once(strokes, size, crop):
    drawing = Drawing(strokes, size)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="draw less"):
            rasterize(drawing, crop=crop)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


def test_much_ink_is_drawn_in_parts_with_the_same_bits(monkeypatch):
    drawing = Drawing([np.random.default_rng(1).uniform(0, 280, (1000, 2))])
    images = []
    for at_once in (100_000, 4096, 7):
        monkeypatch.setattr(raster, "AT_ONCE", at_once)
        images.append(rasterize(drawing, pen=0.5).tobytes())
    assert len(set(images)) == 1


points = st.tuples(st.floats(0, 280), st.floats(0, 280))
drawings = st.lists(st.lists(points, min_size=1, max_size=12), min_size=1, max_size=4).map(Drawing)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(drawing=drawings, pen=st.floats(0.5, 5))
def test_the_fast_renderer_equals_the_plain_one(drawing, pen):
    start, end, pen = raster._fit(drawing, pen, True, True, True)
    start, end = start[:30] + raster.CENTER, end[:30] + raster.CENTER
    fast, plain = raster._render(start, end, pen), render_plainly(start, end, pen)
    np.testing.assert_allclose(fast, plain, atol=1e-9)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(drawing=drawings)
def test_ink_is_in_the_frame_whole_and_centred(drawing):
    image = rasterize(drawing)
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert image.max() > 100
    x, y = raster.mass_center(image)
    rows, columns = np.nonzero(image.max(axis=1))[0], np.nonzero(image.max(axis=0))[0]
    assert rows[-1] - rows[0] <= 21  # the box of 20, and soft edges on both sides
    assert columns[-1] - columns[0] <= 21
    # Off the centre only where the frame would cut ink off.
    for place, ends in ((x, columns), (y, rows)):
        assert abs(place - 14) < 0.3 or ends[0] <= 1 or ends[-1] >= 26


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize(
    ("scale", "by"), [(0.25, (5, 5)), (0.25, (200, 205)), (0.5, (3, 130)), (1.15, (-20, -15))]
)
def test_small_in_a_corner_or_large_gives_nearly_the_same_image(digit, scale, by):
    drawing = samples()[digit]
    here, there = rasterize(drawing), rasterize(moved(drawing, scale, by))
    assert np.abs(here.astype(int) - there).max() <= 1


def test_the_canvas_size_does_not_matter():
    for drawing in samples():
        large = moved(drawing, 600 / 280, size=(600, 600))
        assert np.abs(rasterize(drawing).astype(int) - rasterize(large)).max() <= 1


def test_nothing_drawn_gives_nothing():
    assert not rasterize(Drawing()).any()
    assert not rasterize(np.zeros((50, 40), np.uint8)).any()
    assert not rasterize(np.full((50, 40), 255, np.uint8)).any()


def test_a_dot_is_a_dot_and_stays_small():
    dot = rasterize(Drawing([[(30, 40)]]))
    assert dot.max() == 255
    assert 3 <= np.count_nonzero(dot) <= 12
    slip = rasterize(Drawing([[(30, 40), (31, 40)]]))  # a shaking hand, not a line across the box
    assert np.count_nonzero(slip.max(axis=0)) <= 7


def test_a_long_line_keeps_its_pen_width():
    line = rasterize(Drawing([[(140, 20), (140, 260)]]))
    row = line[14].astype(float) / 255
    assert row.sum() == pytest.approx(raster.PEN, abs=0.05)
    assert rasterize(Drawing([[(140, 20), (140, 260)]]), pen=5)[14].sum() / 255 == pytest.approx(5)


def test_ink_is_as_much_as_in_mnist(pen_digits, mnist_test):
    drawn = np.mean([rasterize(drawing) for drawing in pen_digits[0][:1000]])
    assert drawn == pytest.approx(mnist_test[0].mean(), rel=0.05)


@pytest.mark.parametrize("pen", [0, -1, math.nan, 9])
def test_a_pen_without_width_is_refused(pen):
    with pytest.raises(InputError, match="pen"):
        rasterize(samples()[0], pen=pen)


# --- steps left out ---


def extent(image):
    rows, columns = np.nonzero(image.max(axis=1))[0], np.nonzero(image.max(axis=0))[0]
    return columns[0], columns[-1], rows[0], rows[-1]


def test_without_the_crop_a_digit_stays_where_and_as_large_as_it_was_drawn():
    small = moved(samples()[0], 0.25, (10, 10))
    left, right, top, bottom = extent(rasterize(small, crop=False, center_of_mass=False))
    assert (left, top) == (1, 1)  # its line begins 3.1 and 2.3 pixels from the canvas's edges
    assert right - left < 7
    assert bottom - top < 8
    moved_to_center = rasterize(small, crop=False)
    assert np.abs(raster.mass_center(moved_to_center) - 14).max() < 0.3


def test_without_the_aspect_the_ink_fills_the_box():
    one = samples()[1]
    assert extent(rasterize(one))[1] - extent(rasterize(one))[0] < 12
    left, right, top, bottom = extent(rasterize(one, keep_aspect=False))
    assert 19 <= right - left <= 21
    assert 19 <= bottom - top <= 21


def test_a_pen_of_the_canvas_grows_with_a_small_drawing():
    three = samples()[3]
    ink = [
        rasterize(moved(three, scale), pen_after_scaling=after).sum()
        for after in (True, False)
        for scale in (1, 0.25)
    ]
    assert ink[0] == pytest.approx(ink[1], rel=0.01)
    assert ink[3] > 1.8 * ink[2]


def test_without_antialiasing_there_is_ink_and_background():
    image = rasterize(samples()[2], antialias=False)
    assert set(np.unique(image)) == {0, 255}
    assert len(np.unique(rasterize(samples()[2]))) > 20


def test_without_the_centre_of_mass_the_box_is_in_the_middle():
    left, right, top, bottom = extent(rasterize(samples()[7], center_of_mass=False))
    assert abs(left + right - 27) <= 1
    assert abs(top + bottom - 27) <= 1
    assert np.abs(raster.mass_center(rasterize(samples()[7], center_of_mass=False)) - 14).max() > 1


# --- pictures ---


def picture(drawing, size=280, ink=0, paper=255, mode="L"):
    from PIL import ImageDraw

    image = Image.new(mode, (size, size), paper)
    pen = ImageDraw.Draw(image)
    for stroke in drawing.strokes:
        pen.line([tuple(point * size / 280) for point in stroke], fill=ink, width=size // 18)
    return image


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0), (40, 200)])
def test_a_picture_is_read_whichever_its_polarity(digit, ink, paper):
    image = rasterize(picture(samples()[digit], ink=ink, paper=paper))
    assert Network.load().predict(image).argmax() == digit


def test_a_picture_with_transparent_paper():
    image = picture(samples()[3], ink=(0, 0, 0, 255), paper=(0, 0, 0, 0), mode="RGBA")
    assert Network.load().predict(rasterize(image)).argmax() == 3


def test_an_mnist_image_is_left_as_it_is(mnist_test):
    for image in mnist_test[0][:100]:
        np.testing.assert_array_equal(rasterize(image), image)
        np.testing.assert_array_equal(rasterize(Image.fromarray(255 - image)), image)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (np.zeros((3, 3, 3)), r"\(3, 3, 3\)"),
        (np.zeros((0, 3)), r"\(0, 3\)"),
        (np.full((3, 3), 256), "256"),
        (np.full((3, 3), -1), "-1"),
        (np.full((3, 3), np.nan), "nan"),
        (np.full((3, 3), 0.5), "multiply by 255"),
        ("digit.png", r"got str: open a file with PIL\.Image\.open"),
        ([[(1, 2), (30, 40)]], r"Drawing\(strokes\)"),
        ([[(1, 2), (30, 40)], [(1, 2)]], r"Drawing\(strokes\)"),
        (None, "shape"),
    ],
)
def test_what_is_no_picture(source, says):
    with pytest.raises(InputError, match=says):
        rasterize(source)
