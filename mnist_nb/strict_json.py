"""JSON that means the same to every reader, here and at the edge."""

import json
import math
from typing import Any

MAX_DEPTH = 32  # levels of lists and objects


def loads(text: str | bytes) -> Any:
    """Parse JSON from anywhere.

    Args:
        text: a text, or bytes in UTF-8.

    Raises:
        ValueError: not JSON; NaN, or a number beyond float64; half a surrogate pair, which UTF-8
            cannot say; or nested more than `MAX_DEPTH` deep.
    """
    text = text if isinstance(text, str) else text.decode()
    try:
        value = json.loads(text, parse_constant=_number, parse_float=_number, parse_int=_whole)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [x for item in level for x in _items(item)]
        if not level:
            json.dumps(value, ensure_ascii=False).encode()
            return value
    raise ValueError(_TOO_DEEP)


_TOO_DEEP = f"it is nested more than {MAX_DEPTH} deep"


def _items(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _number(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text:.40} is no number that JSON has, or one beyond float64")
    return value


def _whole(text: str) -> int | float:
    return int(text) if len(text) <= 300 else _number(text)
