"""JSON that means the same to every reader, here and at the edge."""

import json
import math
import re
from typing import Any

MAX_DEPTH = 32  # levels of lists and objects


def loads(text: str | bytes) -> Any:
    """Parse JSON from anywhere.

    Args:
        text: a text, or bytes in UTF-8.

    Raises:
        ValueError: not JSON; NaN, or a number beyond float64; half a surrogate pair, which UTF-8
            cannot say; a key twice in an object; or nested more than `MAX_DEPTH` deep.
    """
    text = text if isinstance(text, str) else text.decode()
    check_depth(text, MAX_DEPTH + 1)  # the innermost may be empty
    value = json.loads(
        text,
        parse_constant=_number,
        parse_float=_number,
        parse_int=_whole,
        object_pairs_hook=_unique,
    )
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [x for item in level for x in _items(item)]
        if not level:
            json.dumps(value, ensure_ascii=False).encode()
            return value
    raise ValueError(f"it is nested more than {MAX_DEPTH} deep")


def check_depth(text: str | bytes, most: int) -> None:
    """Refuse, before it is parsed, what is nested deeper: parsers recurse, and may end a process.

    Raises:
        ValueError: it is nested more than `most` deep.
    """
    depth = 0
    for match in _TEXTS_AND_BRACKETS.finditer(text if isinstance(text, str) else text.decode()):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > most:
            raise ValueError(f"it is nested more than {most} deep")


_TEXTS_AND_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


def _items(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; readers differ in which of two values of a key they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise ValueError(f"{twice!r:.40} is twice in one object")
    return found


def _number(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text:.40} is no number that JSON has, or one beyond float64")
    return value


def _whole(text: str) -> int | float:
    return int(text) if len(text) <= 300 else _number(text)
