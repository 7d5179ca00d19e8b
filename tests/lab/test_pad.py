"""The pad, driven by the messages that a browser sends."""

import asyncio
import json
import threading

import numpy as np
import pytest
from ipycanvas import hold_canvas
from ipycanvas.canvas import _CANVAS_MANAGER, COMMANDS

from mnist_nb import DigitPad, Drawing, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import InputError
from mnist_nb.lab import pad as pad_module
from tests.support.shown import Shown


@pytest.fixture
def pad():
    made = DigitPad()
    yield made
    made.close()


def send(pad, event, x=0.0, y=0.0):
    pad.canvas._handle_custom_msg({"event": event, "x": x, "y": y}, [])


def touch(pad, event, *fingers):
    touches = [{"x": x, "y": y} for x, y in fingers]
    pad.canvas._handle_custom_msg({"event": event, "touches": touches}, [])


def strokes(pad):
    return [stroke.tolist() for stroke in pad.drawing.strokes]


def commands(message):
    """Names of the commands in a message, and how many there are."""
    names = {number: name for name, number in COMMANDS.items()}
    parts = message if isinstance(message[0], list) else [message]
    return [names[part[0]] for part in parts]


def test_mouse_draws_a_stroke_in_the_unit_of_a_drawing(pad):
    send(pad, "mouse_down", 100, 60)
    send(pad, "mouse_move", 120, 80)
    send(pad, "mouse_up", 120, 80)
    assert strokes(pad) == [[[50, 30], [60, 40]]]
    assert pad.drawing.size == (280, 280)


def test_hovering_sends_and_changes_nothing(pad, sent):
    calls = []
    pad.on_change(calls.append)
    send(pad, "mouse_move", 10, 10)
    send(pad, "mouse_out", 10, 10)
    send(pad, "mouse_up", 10, 10)
    touch(pad, "touch_move", (1, 1))
    touch(pad, "touch_end")
    assert (calls, sent) == ([], [])
    assert pad.drawing.is_empty


def test_a_move_sends_one_message_with_the_new_segment_only(pad, sent):
    send(pad, "mouse_down", 0, 0)
    for x in range(10, 500, 10):
        del sent[:]
        send(pad, "mouse_move", x, 5)
        drawn = [commands(message) for message in sent]
        assert [[c for c in message if c != "switchCanvas"] for message in drawn] == [
            ["strokeLine"]
        ]


def test_a_dot_is_a_stroke(pad, sent):
    send(pad, "mouse_down", 100, 100)
    send(pad, "mouse_up", 100, 100)
    assert strokes(pad) == [[[50, 50]]]
    assert any("fillCircle" in commands(message) for message in sent)


@pytest.mark.parametrize("end", ["mouse_up", "mouse_out"])
def test_leaving_the_paper_ends_the_stroke_at_its_edge(pad, end):
    send(pad, "mouse_down", 100, 100)
    send(pad, end, 600, 100)
    send(pad, "mouse_move", 300, 300)  # back with the button still down: it cannot be told
    assert strokes(pad) == [[[50, 50], [280, 50]]]


@pytest.mark.parametrize(
    ("end", "left"), [("touch_end", []), ("touch_end", [(9, 9)]), ("touch_cancel", [])]
)
def test_a_finger_draws_and_any_end_ends(pad, end, left):
    touch(pad, "touch_start", (20, 20))
    touch(pad, "touch_move", (40, 40), (200, 200))  # the palm follows
    touch(pad, end, *left)
    touch(pad, "touch_move", (300, 300))
    assert strokes(pad) == [[[10, 10], [20, 20]]]


def test_a_second_finger_does_not_start_anew(pad):
    touch(pad, "touch_start", (20, 20))
    touch(pad, "touch_start", (20, 20), (200, 200))
    touch(pad, "touch_move", (40, 40), (200, 200))
    touch(pad, "touch_end")
    assert strokes(pad) == [[[10, 10], [20, 20]]]


def test_undo_and_clear(pad):
    for x in (100, 200):
        send(pad, "mouse_down", x, 0)
        send(pad, "mouse_up", x, 50)
    pad.undo_button.click()
    assert strokes(pad) == [[[50, 0], [50, 25]]]
    send(pad, "mouse_down", 0, 0)
    pad.undo()  # under the pen
    assert strokes(pad) == [[[50, 0], [50, 25]]]
    pad.clear_button.click()
    assert pad.drawing.is_empty
    assert not pad.image.any()
    pad.undo()
    assert pad.drawing.is_empty


@pytest.mark.parametrize("digit", range(10))
def test_a_sample_is_drawn_by_its_button_and_its_key(pad, digit):
    pad.sample_buttons[digit].click()
    assert pad.drawing == samples()[digit]
    pad.clear()
    key = {"event": "key_down", "key": str(digit), "shift_key": 0, "ctrl_key": 0, "meta_key": 0}
    pad.canvas._handle_custom_msg(key, [])
    assert pad.drawing == samples()[digit]


def test_setting_a_drawing_shows_it_and_scales_it_to_the_paper(pad, sent):
    pad.drawing = Drawing([[(0, 0), (50, 100)]], size=(100, 100))
    assert strokes(pad) == [[[0, 0], [140, 280]]]
    shown = commands(sent[0])
    assert shown[:2] == ["switchCanvas", "clear"]
    assert shown[-2:] == ["fillCircle", "strokeLines"]
    assert np.array_equal(pad.image, rasterize(pad.drawing))
    with pytest.raises(InputError, match="list"):
        pad.drawing = [[(1, 2)]]


def test_a_reloaded_page_gets_the_drawing_again(pad, sent):
    pad.drawing = samples()[3]
    del sent[:]
    pad.canvas._handle_custom_msg({"event": "client_ready"}, [])
    (shown,) = map(commands, sent)
    assert shown[:2] == ["switchCanvas", "clear"]  # the new page knows of no current canvas
    assert "strokeLines" in shown


def test_the_view_shows_the_image_that_the_network_sees(pad):
    pad.drawing = samples()[8]
    pad.flush()
    assert (Shown(pad.view).image == rasterize(pad.drawing)).all()
    assert pad.view.facts["mode"] == "seen"


def test_errors_of_callbacks_are_shown_and_the_pen_goes_on(pad):
    def broken(_):
        raise ZeroDivisionError("<b>oops</b>")

    pad.on_change(broken)
    send(pad, "mouse_down", 10, 10)
    assert "ZeroDivisionError: &lt;b&gt;oops" in pad.status.value
    pad.on_change(broken, remove=True)
    pad.clear_button.click()
    assert pad.status.value == ""
    send(pad, "mouse_down", 10, 10)
    assert not pad.drawing.is_empty


def test_an_error_while_drawing_leaves_ipycanvas_working(pad, sent, monkeypatch):
    """hold_canvas has no try/finally: an exception in it stops all canvases for good."""
    with monkeypatch.context() as broken:
        broken.setattr(type(pad.canvas), "stroke_line", lambda *_: 1 / 0)
        send(pad, "mouse_down", 10, 10)
        send(pad, "mouse_move", 20, 20)
    assert "ZeroDivisionError" in pad.status.value
    assert _CANVAS_MANAGER._caching is False
    del sent[:]
    with hold_canvas():
        pad.canvas.clear()
    assert len(sent) == 1


def test_a_full_paper_says_so(pad, monkeypatch):
    monkeypatch.setattr(pad_module, "FULL", 5)
    send(pad, "mouse_down", 0, 0)
    for x in range(2, 40, 2):
        send(pad, "mouse_move", x, 0)
    send(pad, "mouse_down", 300, 300)
    assert len(pad.drawing.strokes) == 1
    assert "press Clear" in pad.status.value
    pad.clear()
    assert pad.status.value == ""


async def test_many_moves_make_few_calls_and_the_last_one_is_seen(pad):
    seen = []
    done = asyncio.Event()

    def changed(pad):
        seen.append(len(pad.drawing.strokes[0]))
        if seen[-1] == 101:
            done.set()

    pad.on_change(changed)
    send(pad, "mouse_down", 0, 0)
    for x in range(1, 101):
        send(pad, "mouse_move", x, 0)
    await asyncio.wait_for(done.wait(), 5)
    assert len(seen) <= 20  # 100 moves in a moment; one call, or some on a busy machine


async def test_flush_does_not_wait_for_the_frame(pad):
    seen = []
    pad.on_change(lambda pad: seen.append(pad.drawing.is_empty))
    pad.drawing = samples()[1]
    pad.clear()
    pad.flush()
    assert seen == [True]
    pad.flush()
    assert seen == [True]


async def test_a_pen_that_lifts_does_not_wait_for_the_frame(pad):
    seen = []
    send(pad, "mouse_down", 0, 0)
    pad.flush()  # so that the frame of the next change is still to come
    pad.on_change(lambda pad: seen.append((pad.is_pressed, len(pad.drawing.strokes[0]))))
    send(pad, "mouse_move", 10, 0)
    assert seen == []
    send(pad, "mouse_up", 20, 0)
    assert seen == [(True, 3)]


def test_events_of_two_threads_do_not_mix(pad):
    """JupyterLab's events come in a subshell's thread while a cell uses the pad."""
    digits = samples()
    wrong = []

    def cell():
        for digit in (1, 8) * 20:
            pad.drawing = digits[digit]

    def changed(pad):
        if not np.array_equal(pad.image, rasterize(pad.drawing)):
            wrong.append(pad.drawing)

    pad.on_change(changed)
    thread = threading.Thread(target=cell)
    thread.start()
    for _ in range(20):
        send(pad, "mouse_down", 10, 10)
        send(pad, "mouse_move", 300, 300)
        send(pad, "mouse_up", 300, 300)
    thread.join(10)
    assert (wrong, pad.status.value) == ([], "")
    assert json.loads(pad.drawing.to_json())["strokes"]


def test_a_pen_that_leaves_and_comes_back_draws_on(pad):
    """With the script of the view the canvas hears of it also beyond its border."""
    send(pad, "mouse_down", 280, 280)
    send(pad, "mouse_move", -40, 280)  # to the border, not along it
    send(pad, "mouse_move", -40, 400)
    send(pad, "mouse_move", 100, 400)
    send(pad, "mouse_move", 120, 420)
    send(pad, "mouse_up", 120, 420)
    left, back = pad.drawing.strokes
    assert left.tolist() == [[140, 140], [0, 140]]
    assert back.tolist() == [[50, 200], [60, 210]]
    send(pad, "mouse_move", 200, 200)
    assert len(pad.drawing.strokes) == 2


def test_a_release_beyond_the_paper_ends_the_stroke(pad):
    send(pad, "mouse_down", 280, 280)
    send(pad, "mouse_move", -40, 280)
    send(pad, "mouse_up", -40, 280)
    send(pad, "mouse_move", 100, 100)
    assert len(pad.drawing.strokes) == 1


def test_nothing_is_sent_by_the_comm_of_the_canvas(pad, monkeypatch):
    """ipykernel would send the next events to the thread that sent last, out of order."""
    by_its_comm = []
    monkeypatch.setattr(pad.canvas, "_send", lambda *message, **_: by_its_comm.append(message))
    send(pad, "client_ready")
    send(pad, "mouse_down", 10, 10)
    send(pad, "mouse_move", 300, 300)
    send(pad, "mouse_up", 300, 300)
    pad.undo()
    pad.drawing = samples()[3]
    pad.clear()
    assert by_its_comm == []
