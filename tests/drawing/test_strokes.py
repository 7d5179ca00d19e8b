import json

import numpy as np
import pytest

from mnist_nb import Drawing
from mnist_nb.errors import InputError, MnistNbError


def _json_of(stroke: str, width: str = "9") -> str:
    return f'{{"format": "mnist-nb.drawing/1", "size": [{width}, 9], "strokes": [{stroke}]}}'


def test_json_brings_back_the_same_drawing():
    drawing = Drawing([[(1, 2), (3.25, 4)], [(5, 6)]], (300, 200))
    again = Drawing.from_json(drawing.to_json())
    assert again == drawing
    assert again.size == (300, 200)
    assert [stroke.tolist() for stroke in again.strokes] == [[[1, 2], [3.25, 4]], [[5, 6]]]


def test_drawings_differ_by_points_and_by_size():
    drawing = Drawing([[(1, 2)]])
    assert drawing != Drawing([[(1, 3)]])
    assert drawing != Drawing([[(1, 2)]], (100, 100))
    assert drawing != Drawing([[(1, 2)], [(1, 2)]])
    assert drawing != "a drawing"


def test_empty_strokes_are_dropped():
    assert Drawing().is_empty
    assert Drawing([[], []]).is_empty
    assert len(Drawing([[], [(1, 1)]]).strokes) == 1


def test_a_drawing_does_not_change_with_what_it_was_made_of():
    points = np.array([[1.0, 2.0]])
    drawing = Drawing([points])
    points[:] = 9
    assert drawing.strokes[0].tolist() == [[1, 2]]
    with pytest.raises(ValueError, match="read-only"):
        drawing.strokes[0][0, 0] = 5


@pytest.mark.parametrize(
    ("strokes", "says"),
    [
        ([[(1, 2, 3)]], r"shape \(1, 3\)"),
        ([[1, 2]], r"shape \(2,\)"),
        ([[(1, 2)], [(np.nan, 2)]], "stroke 1"),
        ([[(np.inf, 2)]], "finite"),
        ([[(1e9, 2)]], "million"),
        ([["ab"]], "ab"),
        ([[(1, 2), (3,)]], "stroke 0"),
        ([[None]], "stroke 0"),
        ([[(10**400, 2)]], "stroke 0"),
        ([[(10**5000, 2)]], "too large to show"),
        (7, "got 7"),
        ([np.zeros((100_001, 2))], "100000 points"),
    ],
)
def test_bad_strokes_say_which_and_what(strokes, says):
    with pytest.raises(InputError, match=says) as caught:
        Drawing(strokes)
    assert isinstance(caught.value, MnistNbError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    "size", [(0, 5), (5,), (1, 2, 3), "no", None, (np.nan, 1), (-1, 5), (1e-320, 1), (10**400, 1)]
)
def test_bad_sizes(size):
    with pytest.raises(InputError, match="size"):
        Drawing([], size)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "does not parse"),
        (None, "does not parse"),
        (b"\xff", "does not parse"),
        ("[" * 100_000 + "]" * 100_000, "does not parse"),
        (_json_of("[" * 900 + "]" * 900), "stroke 0"),
        (_json_of(f"[[1{'0' * 400}, 2]]"), "stroke 0"),
        (_json_of("[]", f"1{'0' * 400}"), "size"),
        ("[]", "list"),
        ("{}", "mnist-nb.drawing/1"),
        (json.dumps({"format": "mnist-nb.drawing/2"}), "drawing/2"),
        (json.dumps({"format": "mnist-nb.drawing/1"}), "strokes"),
        (json.dumps({"format": "mnist-nb.drawing/1", "strokes": [[1]], "size": [1, 1]}), "stroke"),
        (json.dumps({"format": "mnist-nb.drawing/1", "strokes": [], "size": [1]}), "size"),
    ],
)
def test_bad_json(text, says):
    with pytest.raises(InputError, match=says):
        Drawing.from_json(text)
