"""What the edge's objects counted of the weights on trial."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from time import monotonic, sleep
from typing import Any

from mnist_nb.edge import EdgeClient
from mnist_nb.errors import EdgeProtocolError, InputError, ReleaseError
from mnist_nb.releases.served import shards_of

_PAUSE = 0.5  # seconds between two looks
_COUNTS = ("answers", "unsure")


@dataclass(frozen=True)
class Trial:
    """The counts of all objects that can be reached, added up.

    Attributes:
        sha256, name: of the candidate; None and "" where nothing is on trial.
        state: "on trial", "stopped", "refused" or "none"; of several objects the worst.
        reason: why it is stopped or refused.
        compared: images that both weights answered.
        disagreed: of these, those with two labels where at least one side was sure.
        evidence: how much speaks for more of them than is allowed. At 1 a trial is stopped; an
            object stops its own, and the sum of all of them counts too.
        current: what the served weights said: "answers" given, images "unsure", and how often each
            of the "labels"; "mean_ms" and "p99_ms" where the clock tells.
        candidate: the same of the candidate.
    """

    sha256: str | None = None
    name: str = ""
    state: str = "none"
    reason: str | None = None
    compared: int = 0
    disagreed: int = 0
    evidence: float = 0.0
    current: Mapping[str, Any] = field(default_factory=dict)
    candidate: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_stopped(self) -> bool:
        """Has an object stopped the trial, or do all of them together?"""
        return self.state == "stopped"

    def __str__(self) -> str:
        if self.sha256 is None:
            return f"nothing is on trial{f': {self.reason}' if self.reason else ''}"
        share = f" ({self.disagreed / self.compared:.2%})" if self.compared else ""
        why = f": {self.reason}" if self.reason else ""
        answers = self.candidate.get("answers", 0), self.current.get("answers", 0)
        return (
            f"{self.sha256[:8]} ({self.name}) is {self.state}{why}; it answered {answers[0]} of"
            f" {sum(answers)} images, {self.compared} were compared, {self.disagreed} differ{share}"
        )


def trial_at(edge: Any, *, token: str | None = None) -> Trial:
    """Ask every object of an edge that can be reached from here.

    Args:
        edge: its URL, or a `LocalEdge` or `EdgeClient`, of which the URL is taken.
        token: bearer token of the edge, when it wants one.

    Raises:
        EdgeError: the edge does not answer, or says something else than an edge of this project.
    """
    with EdgeClient(getattr(edge, "url", edge), token, timeout=10) as client:
        return _added(list(_asked(client)))


def watch(
    edge: Any,
    seconds: float,
    *,
    token: str | None = None,
    progress: Callable[[Trial], object] | None = None,
) -> Trial:
    """Look again and again, until the trial is stopped or time is over.

    Args:
        edge: as for `trial_at`.
        seconds: for how long.
        token: as for `trial_at`.
        progress: called with each look.
    """
    if not seconds >= 0:
        raise InputError(f"seconds is {seconds!r}; give 0 or more")
    deadline = monotonic() + seconds
    with EdgeClient(getattr(edge, "url", edge), token, timeout=10) as client:
        while True:
            found = _added(list(_asked(client)))
            if progress:
                progress(found)
            if found.is_stopped or monotonic() + _PAUSE > deadline:
                return found
            sleep(_PAUSE)


def wait_until_seen(
    edge: Any, sha256: str | None, timeout: float = 60.0, *, token: str | None = None
) -> Trial:
    """Ask until an object tries a candidate, or says why it does not; or until none tries any.

    Args:
        edge: as for `trial_at`.
        sha256: of the candidate, all 64 digits; None for nothing.
        timeout: seconds after which no more is asked.
        token: as for `trial_at`.

    Raises:
        ReleaseError: it is not so by then.
    """
    deadline = monotonic() + timeout
    while True:
        found = trial_at(edge, token=token)
        if found.sha256 == sha256 and (sha256 or found.state == "none"):
            return found
        if sha256 and found.sha256 is None and found.state == "refused":
            return found
        if monotonic() + _PAUSE > deadline:
            raise ReleaseError(
                f"the edge does not try {(sha256 or 'nothing')[:12]} after {timeout:g} s, but"
                f" {found}: is it the edge of this bucket? It looks there every MODEL_TTL_SECONDS"
            )
        sleep(_PAUSE)


def _asked(client: EdgeClient) -> Iterator[dict[str, Any]]:
    shard, shards = 0, 1
    while shard < shards:
        model = client.model(shard)
        shards = shards_of(model)
        candidate = model.get("candidate")
        if candidate is not None:
            yield _checked(candidate)
        shard += 1


def _checked(said: Any) -> dict[str, Any]:
    """Of an edge that may be any server: only values of the kinds that are used."""
    try:
        counts = said["counts"] or {}
        found: dict[str, Any] = {
            "sha256": _text(said["sha256"]) or None,
            "name": _text(said["name"]),
            "state": _text(said["state"]),
            "reason": _text(said["reason"]) or None,
            "evidence": _number(counts.get("evidence")) or 0.0,
            **{name: int(counts.get(name, 0)) for name in ("compared", "disagreed")},
        }
        for side in ("current", "candidate"):
            tally = counts.get(side) or {}
            found[side] = {name: int(tally.get(name, 0)) for name in _COUNTS} | {
                "labels": [int(count) for count in tally.get("labels", [])][:1000],
                **{name: _number(tally.get(name)) for name in ("mean_ms", "p99_ms")},
            }
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise EdgeProtocolError(
            f"the edge says of its candidate {said!r:.80} ({error}):"
            " is this the URL of an edge of this project?"
        ) from None
    return found


def _added(found: list[dict[str, Any]]) -> Trial:
    if not found:
        return Trial()
    order = ("on trial", "refused", "stopped")
    worst = max(found, key=lambda one: order.index(one["state"]) if one["state"] in order else -1)
    sums: dict[str, Any] = {
        name: sum(one[name] for one in found) for name in ("compared", "disagreed", "evidence")
    }
    for side in ("current", "candidate"):
        tallies = [one[side] for one in found]
        rows = (tally["labels"] for tally in tallies)  # none of an object that refuses it
        labels = [sum(column) for column in zip_longest(*rows, fillvalue=0)]
        times = {
            name: max((t[name] for t in tallies if t[name] is not None), default=None)
            for name in ("mean_ms", "p99_ms")
        }
        added = {name: sum(t[name] for t in tallies) for name in _COUNTS}
        sums[side] = added | {"labels": labels} | times
    about = {name: worst[name] for name in ("sha256", "name", "state", "reason")}
    trial = Trial(**about, **sums)
    if trial.state != "on trial" or trial.evidence < 1:
        return trial
    why = f"it differs in {trial.disagreed} of {trial.compared} images, of which one side was sure"
    return replace(trial, state="stopped", reason=why)


def _text(value: Any) -> str:
    return value[:500] if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) else None
