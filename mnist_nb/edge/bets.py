"""What a class bet on a question, as an edge that collects counts it."""

import re
from typing import Any
from urllib.parse import urlencode

from mnist_nb.edge.protocol import Answer, Request, read_object
from mnist_nb.errors import EdgeProtocolError

_LARGEST = 1e9  # of a value, and of a count


def bets_request(question: str, value: float | None) -> Request:
    """Ask for the bets on a question, and count one more first unless it is None."""
    name = re.sub("[^a-z0-9]+", "-", question.lower()).strip("-")[:60]
    query = {"question": name} | ({} if value is None else {"value": repr(float(value))})
    return Request("GET" if value is None else "POST", f"/bets?{urlencode(query)}")


def read_bets(answer: Answer) -> dict[float, int]:
    """Decode the answer to `bets_request`: how often each value was bet, in their order.

    Raises:
        EdgeProblem: the edge answered with an error, such as that it collects nothing.
        EdgeProtocolError: it answered something else.
    """
    said = read_object(answer).get("bets")
    bets: dict[float, int] = {}
    value: Any
    count: Any
    for bet in said if isinstance(said, list) else [None]:
        value, count = map(bet.get, ("value", "count")) if isinstance(bet, dict) else (None, None)
        numbers = isinstance(value, int | float) and isinstance(count, int)
        if not numbers or not (abs(value) <= _LARGEST and 0 < count <= _LARGEST):
            raise EdgeProtocolError(
                f"the edge answered {said!r:.80}, and not how often each value was bet: deploy the"
                " Worker of this version of mnist-nb"
            )
        bets[float(value)] = count
    return dict(sorted(bets.items()))
