"""What a lab shows, read from what it sends to the page: the names are those of its `data-*`."""

import queue
import struct

import numpy as np

from mnist_nb import Lab
from mnist_nb.lab.view import COLD, HERE, LATE, STALE, THERE, TRIED, TWIN, View
from mnist_nb.network import Answer
from tests.support.fake_edge import SECONDS


class Shown:
    """A frame and the facts beside it.

    Attributes:
        here, edge: the answers, None where there is none.
        twin: float32 (10,), what this machine says of the image that the edge answered.
        image: uint8 (28, 28).
        tell: the page shall say when it has painted it.
    """

    def __init__(self, view: View) -> None:
        frame, facts = view.frame, view.facts
        self.number, self.flags, *self.ms = struct.unpack_from("<IIff", frame)
        labels = len(facts["labels"])
        rows = np.frombuffer(frame, "<f4", 4 * labels, 16).reshape(4, labels)
        self.image = np.frombuffer(frame, np.uint8, 784, len(frame) - 784).reshape(28, 28)
        self.facts = facts
        self.here = self._answer(HERE, rows[0], facts.get("local", {}))
        self.edge = self._answer(THERE, rows[1], facts.get("edge", {}))
        self.tried = self._answer(TRIED, rows[3], facts.get("candidate") or {})
        self.twin = rows[2] if self.flags & TWIN else None
        self.is_late = bool(self.flags & LATE)

    def _answer(self, flag: int, row: np.ndarray, weights: dict[str, object]) -> Answer | None:
        if not self.flags & flag:
            return None
        doubt = weights.get("not_sure_below")
        return Answer(row, not_sure_below=doubt, sha256=str(weights["sha256"]))  # type: ignore[arg-type]

    @property
    def section(self) -> dict[str, str]:
        """As the page has it in `data-*`."""
        here, edge, facts = self.here, self.edge, self.facts
        twin = here.probabilities if self.twin is None and here else self.twin
        agrees = edge and (
            twin is not None
            and (int(twin.argmax()) == edge.index or not ((here and here.is_sure) or edge.is_sure))
        )
        local, there = facts["local"]["sha256"], facts["edge"]["sha256"]
        values = {
            "state": "drawn" if here else "empty",
            "edge-state": facts["edge"]["state"],
            "edge-stale": bool(self.flags & STALE),
            "edge-cold": None if edge is None else bool(self.flags & COLD),
            "agree": None if edge is None else agrees,
            "max-diff": None if edge is None else float(abs(edge.probabilities - twin).max()),
            "same-weights": (local == there) if there else None,
            "local-winner": here and here.index,
            "edge-winner": edge and edge.index,
            "local-sure": here and here.is_sure,
            "edge-sure": edge and edge.is_sure,
            "local-sha256": local,
            "edge-sha256": there,
            "candidate-sha256": (facts["candidate"] or {}).get("sha256"),
            "candidate-winner": self.tried and self.tried.index,
        }
        return {name: _text(value) for name, value in values.items()}


def shown(lab: Lab) -> Shown:
    """What the lab shows now."""
    return Shown(lab.view)


def wait_for(lab: Lab, **data: str) -> Shown:
    """Wait until the lab shows these `data-*` of the answers."""
    changes: queue.Queue[None] = queue.Queue()

    def changed(_: object) -> None:
        changes.put(None)

    wanted = {name.replace("_", "-"): value for name, value in data.items()}
    lab.view.observe(changed, ["frame", "facts"])
    try:
        while not wanted.items() <= (now := shown(lab)).section.items():
            try:
                changes.get(timeout=SECONDS)
            except queue.Empty:
                raise AssertionError(f"waited for {wanted}, got {now.section}") from None
        return now
    finally:
        lab.view.unobserve(changed, ["frame", "facts"])


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
