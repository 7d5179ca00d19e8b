"""The exercises of notebook 04: what a bucket holds, what is served, and what is refused."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from mnist_nb.errors import WeightsError
from mnist_nb.lessons.exercises.exercise import Off, number, same_text
from mnist_nb.network import read_weights, shipped_weights


def _objects(answer: Any) -> str:
    value = number(answer)
    if value == 3:
        raise Off("what is the name of a file in the bucket made of?")
    if value == 1:
        raise Off("the pointer is an object of its own.")
    if value != 2:
        raise Off("count the weights files with different bytes, and the pointer.")
    return "The same bytes have the same SHA-256 and so the same name: they are there already."


def _twice(answer: Any) -> str:
    said = same_text(answer)
    if said == "b":
        raise Off("that is what the first rollback does. What does its pointer call “previous”?")
    if said == "a":
        raise Off("the pointer remembers one step only, not the whole history.")
    if said != "c":
        raise Off('the answer is one of "a", "b" and "c".')
    return "A rollback is a promotion too, so a second one takes it back. For a: promote it."


_CASES = (
    ("dcba", "d", "c", 2),
    ("dcba", "a", "b", 1),
    ("edcba", "b", None, 0),
    ("cba", "c", "b", 5),
    ("fedcba", "c", "a", 2),
)


def _prune(answer: Any) -> str:
    if not callable(answer):
        raise Off("the answer is a function.")
    for files, current, previous, keep in _CASES:
        found = answer(list(files), current, previous, keep)
        if found is None:
            raise Off("it returns nothing yet.")
        if isinstance(found, str) or not isinstance(found, Iterable):
            raise Off(f"it returns {found!r:.40}; a list of files is wanted.")
        found = list(islice(found, 2 * len(files)))  # a generator need not end
        said = f"of {', '.join(files)} with {current} current, keep={keep}"
        if current in found:
            raise Off(f"{said}, it deletes what is served.")
        if previous in found:
            raise Off(f"{said} and {previous} before it, nothing is left to roll back to.")
        wanted = [file for file in files[keep:] if file not in (current, previous)]
        if sorted(map(str, found)) != sorted(wanted):
            raise Off(f"{said}, it deletes {found}; {len(wanted)} are right, each once.")
    return "So does Releases.prune, and it looks at the pointer once more before each file."


def _damaged(answer: Any) -> str:
    if not isinstance(answer, bytes | bytearray | memoryview):
        raise Off("the answer is the bytes of a file.")
    answer, content = bytes(answer), shipped_weights().read_bytes()
    size = len(content)
    if len(answer) != size:
        raise Off(f"it has {len(answer):,} bytes; it shall keep all {size:,}.")
    try:
        read_weights(answer)
    except WeightsError as error:
        if "not finite" not in str(error):
            raise Off(f"it is refused, but for another reason: {error}") from None
        both = np.frombuffer(answer, np.uint8), np.frombuffer(content, np.uint8)
        changed = np.count_nonzero(both[0] != both[1])
        if changed > 1:
            raise Off(
                f"it is refused for that, but {changed} bytes are other ones; fewer are enough. "
                "What is in each of the last four already?"
            ) from None
        return f"{error}. One byte, and every answer would be NaN."
    raise Off("this one would be served: its numbers are all finite.")


EXERCISES = {
    "04-1": _objects,
    "04-2": _twice,
    "04-3": _prune,
    "04-4": _damaged,
}
