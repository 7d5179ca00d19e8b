"""The views of notebook 02, without a browser: what they show, and that they follow the pad."""

import queue
import re
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from mnist_nb import Drawing, Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.lessons import layers as parts
from mnist_nb.lessons.layers.answer import softmax
from mnist_nb.lessons.layers.subject import SAMPLE
from mnist_nb.lessons.layers.view import View
from mnist_nb.network.architecture import Conv2d
from mnist_nb.network.file_format import read_weights
from mnist_nb.network.layers_of import Layers
from tests.support.networks import random_network

SECONDS = 20.0
VIEWS: list[type[View]] = [
    parts.Answer, parts.RasterSteps, parts.Pixels, parts.Convolution, parts.Curves,
    parts.FeatureMaps, parts.Evidence, parts.Softmax, parts.Doubt,
]  # fmt: skip

Subject = parts.Subject


@pytest.fixture
def subject(network: Network) -> Iterator[Subject]:
    made = Subject(network)
    yield made
    made.close()


def data(view: View, selector: str) -> list[dict[str, str]]:
    """The `data-*` of all elements whose opening tag has this text."""
    tags = re.findall(rf"<[^>]*{selector}[^>]*>", view.shown.value)
    return [dict(re.findall(r'data-([\w-]+)="([^"]*)"', tag)) for tag in tags]


@pytest.mark.parametrize("kind", VIEWS)
def test_a_view_follows_the_pad_in_a_thread_of_its_own(kind: type[View], subject: Subject) -> None:
    view = kind(subject)
    assert "this is a sample" in view.shown.value
    shown: queue.Queue[str] = queue.Queue()
    view.shown.observe(lambda change: shown.put(change["new"]), "value")
    subject.pad.drawing = samples()[7]
    assert "this is a sample" not in shown.get(timeout=SECONDS)
    subject.pad.clear()
    assert "this is a sample" in shown.get(timeout=SECONDS)
    assert subject.pad.status.value == ""


def test_beside_an_empty_pad_is_what_the_network_sees(subject: Subject) -> None:
    def seen() -> bytes:
        return bytes(subject.pad.view.frame[-784:])

    sample = subject.image.tobytes()
    assert seen() == sample
    subject.pad.drawing = samples()[7]
    subject.pad.flush()
    assert seen() == subject.image.tobytes() != sample
    subject.pad.clear()
    subject.pad.flush()
    assert seen() == sample


@pytest.mark.parametrize("kind", VIEWS)
def test_a_view_reads_without_a_kernel(kind: type[View], subject: Subject) -> None:
    view = kind(subject)
    bundle = view._repr_mimebundle_()
    shown = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert view.shown.value.replace(" Draw on the pad.", "") in shown["text/html"]
    assert "Draw on the pad" not in shown["text/html"]  # there is none beside a picture
    assert shown["text/plain"] == repr(view) == f"<{kind.__name__}: {kind.title}>"
    for tag in re.findall(r"<(?:img|svg)\b[^>]*>", view.shown.value):
        assert re.search(r'(?:alt|aria-label)="[^"]+"', tag), tag


def test_a_sample_is_said_to_wait_for_the_pad_only_where_one_is(subject: Subject) -> None:
    for kind in VIEWS:
        view = kind(subject)
        has_pad = subject.pad in view.children
        assert ("Draw on the pad." in view.shown.value) == has_pad, kind
        assert ("the pad of the other sections" in view.shown.value) != has_pad, kind


def test_the_same_number_has_the_same_colour_in_every_patch(subject: Subject) -> None:
    view = parts.Convolution(subject)
    colors: dict[str, str] = {}
    for row, column in ((0, 0), (5, 12), (13, 13), (20, 8)):
        view.row.value, view.column.value = row, column
        for color, value in re.findall(r'rgba\(([^)]+)\)" data-value="([^"]+)"', view.shown.value):
            assert colors.setdefault(value, color) == color
    assert len(colors) > 20


def test_every_control_has_a_name(subject: Subject) -> None:
    controls = [c for kind in VIEWS for c in kind(subject).children[-1].children[1].children]
    assert len(controls) > 15
    assert all(control.description for control in controls)


def test_a_view_made_again_replaces_the_one_before(subject: Subject) -> None:
    before = parts.FeatureMaps(subject)
    after = parts.FeatureMaps(subject)
    assert before.comm is None
    assert after.comm is not None
    assert subject.pad.comm is not None


def test_an_error_in_a_view_is_said_below_the_pad_and_the_others_go_on(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = parts.Doubt(subject), parts.Softmax(subject)
    shown: queue.Queue[str] = queue.Queue()

    def fail() -> str:
        raise RuntimeError("out of order")

    monkeypatch.setattr(broken, "html", fail)
    sound.shown.observe(lambda change: shown.put(change["new"]), "value")
    subject.pad.drawing = samples()[2]
    shown.get(timeout=SECONDS)
    assert "RuntimeError: out of order" in subject.pad.status.value


def test_steps_left_out_are_those_of_the_rasteriser(subject: Subject, network: Network) -> None:
    view = parts.RasterSteps(subject)
    tiny = Drawing([30 + stroke / 4 for stroke in samples()[7].strokes])
    subject.pad.drawing = tiny
    view.steps["crop"].value = view.steps["antialias"].value = False
    view.follow()
    shown = {figure["step"]: int(figure["answer"]) for figure in data(view, "data-step")}
    images = {"full": rasterize(tiny), "yours": rasterize(tiny, crop=False, antialias=False)}
    images |= {name: rasterize(tiny, **{name: False}) for name in view.steps}
    assert shown == {
        name: int(network.predict(image)[0].argmax()) for name, image in images.items()
    }
    assert shown["crop"] != shown["full"]
    assert "without “fit the ink into a box of 20 × 20” and “soft edges”" in view.shown.value


def test_a_button_makes_the_drawing_tiny(subject: Subject) -> None:
    view = parts.RasterSteps(subject)
    subject.pad.drawing = samples()[3]
    view.children[-1].children[1].children[-1].click()
    small = np.ptp(np.concatenate(subject.pad.drawing.strokes), axis=0)
    large = np.ptp(np.concatenate(samples()[3].strokes), axis=0)
    np.testing.assert_allclose(small, large / 3)


def test_one_byte_on_its_way_into_the_network(subject: Subject) -> None:
    view = parts.Pixels(subject)
    view.row.value, view.column.value = 10, 12
    image = rasterize(SAMPLE)
    ((shown),) = data(view, "data-byte")
    assert int(shown["byte"]) == image[10, 12]
    assert float(shown["number"]) == pytest.approx((image[10, 12] / 255 - 0.1307) / 0.3081, 1e-5)
    assert view.shown.value.count("<td") == 784
    assert view.shown.value.count("is-chosen") == 1


def test_the_worked_convolution_is_that_of_the_network(subject: Subject, network: Network) -> None:
    view = parts.Convolution(subject)
    outputs = Layers(network).outputs(subject.image)
    for number, row, column in [(0, 0, 0), (3, 25, 25), (7, 11, 14)]:
        view.filter.value, view.row.value, view.column.value = number, row, column
        (shown,) = data(view, "data-sum")
        assert np.float32(shown["network"]) == outputs[1][number, row, column]
        assert float(shown["sum"]) == pytest.approx(float(shown["network"]), abs=1e-6)


def test_the_worked_convolution_works_with_padding_and_strides(subject: Subject) -> None:
    rng = np.random.default_rng(0)
    seen = set()
    while len(seen) < 4:
        network = Network(read_weights(random_network(rng)))
        first = network.architecture.layers[0]
        if not isinstance(first, Conv2d):
            continue
        seen.add((first.stride, first.padding))
        other = Subject(network)
        view = parts.Convolution(other)
        for row, column in [(0, 0), (view.row.max, view.column.max)]:
            view.row.value, view.column.value = row, column
            (shown,) = data(view, "data-sum")
            assert float(shown["sum"]) == pytest.approx(float(shown["network"]), abs=1e-4)
        other.close()


def test_a_pointer_and_arrow_keys_choose_a_cell(subject: Subject) -> None:
    view = parts.Convolution(subject)
    canvas = view.picker.canvas

    def send(**message: object) -> tuple[int, int]:
        canvas._handle_custom_msg(message, [])
        return view.row.value, view.column.value

    key = {"event": "key_down", "shift_key": False, "ctrl_key": False, "meta_key": False}
    result = 28 * 9 + 28  # where the right picture begins
    assert send(event="mouse_down", x=result + 9 * 5 + 4, y=9 + 9 * 7 + 4) == (7, 5)
    assert send(event="mouse_move", x=result + 9 * 6 + 4, y=9 + 9 * 7 + 4) == (7, 6)
    assert send(event="mouse_up", x=result, y=9) == (7, 6)
    assert send(event="mouse_move", x=result, y=9) == (7, 6)  # hovering chooses nothing
    assert send(event="mouse_down", x=9 * 10 + 4, y=9 * 12 + 4) == (11, 9)  # its patch is around it
    assert send(event="mouse_down", x=0, y=0) == (0, 0)
    assert send(event="mouse_down", x=9999, y=9999) == (25, 25)
    assert send(**key, key="ArrowUp") == (24, 25)
    assert send(**key, key="ArrowRight") == (24, 25)
    assert send(event="touch_start", touches=[{"x": 4, "y": 9 * 3 + 4}]) == (2, 0)
    assert view.picker.status.value == ""


def test_hovering_shows_a_cell_and_leaving_shows_the_chosen_one(
    subject: Subject, network: Network
) -> None:
    view = parts.Convolution(subject)
    output = Layers(network).outputs(subject.image)[1][0]
    chosen = view.row.value, view.column.value

    def shown() -> float:
        ((found),) = data(view, "data-sum")
        return float(np.float32(found["network"]))

    def send(event: str, row: int, column: int) -> None:
        at = {"x": 28 * 9 + 28 + 9 * column + 4, "y": 9 + 9 * row + 4}
        view.picker.canvas._handle_custom_msg({"event": event, **at}, [])

    send("mouse_move", 9, 10)
    assert shown() == output[9, 10]
    assert (view.row.value, view.column.value) == chosen
    send("mouse_out", 9, 10)
    assert shown() == output[chosen]
    send("mouse_move", 8, 7)
    send("mouse_down", 8, 7)
    send("mouse_up", 8, 7)
    send("mouse_move", 20, 3)
    assert shown() == output[20, 3]
    send("mouse_out", 27, 3)
    assert shown() == output[8, 7]  # the click
    send("mouse_move", 20, 3)
    view.row.value = 5  # typed, while the pointer rests on the picture
    assert shown() == output[5, 7]
    assert view.picker.status.value == ""


def test_a_pointer_and_a_pen_do_not_wait_for_each_other(subject: Subject) -> None:
    """A view that looks takes the pad's lock: whoever points must not hold that meanwhile."""
    looking, pointing = threading.Event(), threading.Event()

    class Slow(parts.Convolution):
        def html(self) -> str:
            if threading.current_thread().name == "look":
                looking.set()
                assert pointing.wait(SECONDS)
            return super().html()

        def under(self, point: tuple[float, float]) -> tuple[int, ...]:
            pointing.set()
            return super().under(point)

    view = Slow(subject)
    event = {"event": "mouse_down", "x": 300, "y": 40}
    threads = [
        threading.Thread(target=view.prepare, name="look", daemon=True),
        threading.Thread(target=view.picker.canvas._handle_custom_msg, args=(event, [])),
    ]
    threads[1].daemon = True
    threads[0].start()
    assert looking.wait(SECONDS)
    threads[1].start()
    for thread in threads:
        thread.join(SECONDS)
    assert not any(thread.is_alive() for thread in threads)


def test_maps_of_each_stage_are_those_of_the_network(subject: Subject, network: Network) -> None:
    view = parts.FeatureMaps(subject)
    outputs = Layers(network).outputs(subject.image)
    for offset, stage in enumerate(("convolution", "batch norm", "GELU")):
        view.stage.value = stage
        shown = [float(figure["max"]) for figure in data(view, "data-block")]
        expected = [float(outputs[1 + 3 * block + offset].max()) for block in range(3)]
        assert shown == pytest.approx(expected, rel=1e-6)


def test_the_heat_map_adds_up_to_the_difference_of_the_logits(subject: Subject) -> None:
    view = parts.Evidence(subject)
    logits = subject.look.logits
    view.label.value, view.against.value = 4, 9
    (shown,) = data(view, "data-total")
    assert float(shown["gap"]) == pytest.approx(float(logits[4]) - float(logits[9]), abs=1e-5)
    assert float(shown["total"]) == pytest.approx(float(shown["gap"]), abs=1e-5)
    view.against.value = 4  # not against itself: then against the best of the others
    assert "against 4" not in view.shown.value
    view.method.value = "what erasing a patch would cost"
    assert "do not add up" in view.shown.value


def test_a_temperature_softens_the_answer(subject: Subject) -> None:
    view = parts.Softmax(subject)
    tops = []
    for temperature in (0.25, 1.0, 16.0):
        view.temperature.value = temperature
        shares = np.array([float(row["p"]) for row in data(view, "data-p")])
        np.testing.assert_allclose(shares, softmax(subject.look.logits, temperature), atol=1e-6)
        tops.append(shares.max())
    assert tops[0] > tops[1] > tops[2]


def test_doubt_says_sure_of_a_digit_and_not_of_a_scribble(subject: Subject) -> None:
    view = parts.Doubt(subject)
    subject.pad.drawing = samples()[3]
    view.follow()
    assert "the network is <strong>sure</strong>" in view.shown.value
    scribble = view.children[-1].children[1].children[0]
    scribble.click()
    view.follow()
    assert "the network is <strong>not sure</strong>" in view.shown.value
