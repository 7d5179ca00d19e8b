"""Waiting until the edge serves a release, which each of its objects sees by itself.

An edge has one Durable Object per region, or several with SHARDS. From here those of our own
region can be asked; those of others look at the bucket as often.
"""

from collections.abc import Callable, Iterator
from time import monotonic, sleep
from typing import Any

from mnist_nb.edge import EdgeClient
from mnist_nb.errors import EdgeOffline, EdgeProblem, EdgeProtocolError, InputError, ReleaseError

_PATIENCE, _LEAST_PATIENCE = 10.0, 1.0  # seconds for one question, when there is time or hardly any
_MOST_SHARDS = 10_000
_SHOWN = 8  # objects that a text names
_FIRST_PAUSE, _LAST_PAUSE = 0.1, 1.0  # seconds between two rounds; each is half as long again


def wait_until_served(
    edge: Any,
    sha256: str,
    timeout: float = 60.0,
    *,
    token: str | None = None,
    progress: Callable[[str], object] | None = None,
) -> dict[str, str]:
    """Ask `GET /model` of every object that can be reached until all serve a file.

    Args:
        edge: its URL, or a `LocalEdge` or `EdgeClient`, of which the URL is taken.
        sha256: of the file, all 64 digits.
        timeout: seconds after which no more is asked; an answer under way gets at least one.
        token: bearer token of the edge, when it wants one.
        progress: called with what each object serves whenever that changed.

    Returns:
        The objects by name, such as "EU#0", with the sha256 that each serves.

    Raises:
        ReleaseError: the time is over; the text says what each object serves, or why not.
        EdgeError: the edge does not tell what it serves, or wants another token.
        InputError: the timeout is none.
    """
    if not timeout >= 0:
        raise InputError(f"timeout is {timeout!r}; give seconds, 0 or more")
    deadline, pause, said = monotonic() + timeout, _FIRST_PAUSE, ""
    with EdgeClient(getattr(edge, "url", edge), token, timeout=_PATIENCE) as client:
        while True:
            found = dict(_ask(client, sha256, deadline))
            if all(state == sha256 for state in found.values()):
                return found
            text = ", ".join(f"{name} {_short(found[name])}" for name in list(found)[:_SHOWN])
            text += f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            if progress and text != said:
                progress(f"waiting for {sha256[:8]}: {text}")
            said = text
            if monotonic() + pause > deadline:
                raise ReleaseError(
                    f"the edge {client.url} does not serve {sha256[:12]} after {timeout:g} s:"
                    f" {text}. Is it the edge of this bucket? It looks there every"
                    " MODEL_TTL_SECONDS; `npx wrangler tail` shows what it finds"
                )
            sleep(pause)
            pause = min(1.5 * pause, _LAST_PAUSE)


def _ask(client: EdgeClient, wanted: str, deadline: float) -> Iterator[tuple[str, str]]:
    """Name each object of this region, and the sha256 it serves or why it serves none."""
    shard, shards = 0, 1
    while shard < shards:
        name, left = f"object {shard}", deadline - monotonic()
        if shard and left <= 0:
            yield name, "was not asked in time"
            return
        client.timeout = min(_PATIENCE, max(left, _LEAST_PATIENCE))
        try:
            model = client.model(shard)
        except EdgeOffline:
            yield name, "gives no answer"
        except EdgeProblem as problem:
            if problem.status not in (429, 500, 503):
                raise
            yield name, f"answers {problem.status} {problem.title}"
        else:
            shards = shards_of(model)
            state = _text(model.get("sha256")) or "names no weights"
            rejected, place = _object(model.get("rejected")), _object(model.get("place"))
            if state != wanted and rejected.get("sha256") == wanted:
                state += f" and refuses it: {_text(rejected.get('reason'))}"
            yield _text(place.get("object")) or name, state
        shard += 1


def shards_of(model: dict[str, Any]) -> int:
    """How many objects the edge says its region has."""
    shards = model.get("shards", 1)
    if type(shards) is not int or not 1 <= shards <= _MOST_SHARDS:
        raise EdgeProtocolError(
            f"the edge says that it has {shards!r:.80} objects, not 1 to {_MOST_SHARDS}:"
            " is this the URL of an edge of this project?"
        )
    return shards


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value[:500] if isinstance(value, str) else ""


def _short(state: str) -> str:
    """A state for people: of a sha256 the digits that a person compares."""
    digits, space, rest = state.partition(" ")
    return f"serves {digits[:8]}{space}{rest}" if len(digits) == 64 else state
