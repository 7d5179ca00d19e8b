"""More than one digit on the pad: the first is shown, and the line below says which all are."""

import numpy as np
import pytest

from mnist_nb import DigitPad, Drawing, rasterize
from mnist_nb.drawing import samples


def at(digit, x, y, height):
    """The strokes of a sample, from (x, y)."""
    points = np.concatenate(samples()[digit].strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = height / (high[1] - low[1])
    return [(stroke - low) * scale + (x, y) for stroke in samples()[digit].strokes]


@pytest.fixture
def pad():
    made = DigitPad()
    yield made
    made.close()


def send(pad, event, point):
    x, y = 2 * point  # the canvas is twice as sharp
    pad.canvas._handle_custom_msg({"event": event, "x": x, "y": y}, [])


def draw(pad, stroke):
    send(pad, "mouse_down", stroke[0])
    for point in stroke[1:]:
        send(pad, "mouse_move", point)


def test_the_lab_reads_a_number(lab, network):
    lab.drawing = Drawing(at(4, 25, 80, 110) + at(2, 160, 90, 110))
    first = rasterize(Drawing(at(4, 25, 80, 110)))
    assert np.array_equal(lab.pad.image, first)
    assert np.array_equal(lab.local, network.predict(first)[0])
    assert "Two digits side by side: 42. The image is of the first." in lab.pad.status.value
    assert "alert" not in lab.pad.status.value
    lab.drawing = samples()[4]
    lab.pad.flush()
    assert lab.pad.status.value == ""


def test_two_zeros_one_below_the_other_are_no_eight(lab):
    lab.drawing = Drawing(at(0, 100, 10, 100) + at(0, 100, 150, 100))
    assert lab.answer.label == "0"
    assert "Two digits in several lines: 0 0." in lab.pad.status.value


@pytest.mark.parametrize("digit", range(10))
def test_one_digit_is_drawn_as_ever(pad, digit):
    pad.drawing = samples()[digit]
    assert np.array_equal(pad.image, rasterize(pad.drawing))
    pad.flush()
    assert pad.status.value == ""


def test_nothing_is_said_while_the_pen_is_down(pad):
    left, right = at(1, 40, 60, 150), at(0, 160, 70, 130)
    draw(pad, left[0])
    send(pad, "mouse_up", left[0][-1])
    draw(pad, right[0])
    pad.flush()
    assert pad.status.value == ""
    send(pad, "mouse_up", right[0][-1])
    pad.flush()
    assert "Two digits side by side. The image is of the first." in pad.status.value
    assert np.array_equal(pad.image, rasterize(Drawing([pad.drawing.strokes[0]])))
    pad.undo()
    pad.flush()
    assert pad.status.value == ""


def test_an_error_is_not_hidden_by_a_note(pad):
    pad.on_change(lambda pad: 1 / 0)
    pad.drawing = Drawing(at(1, 40, 60, 150) + at(0, 160, 70, 130))
    pad.flush()
    pad.note_several()
    assert "ZeroDivisionError" in pad.status.value
