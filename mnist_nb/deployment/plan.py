"""The words for what is going to change and what was changed, the same for notebook and shell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mnist_nb.releases import Release


@dataclass(frozen=True)
class Step:
    """One change.

    Attributes:
        would: what it is, after "would", such as "upload 1.5 MB to ...".
        done: the same once it is done, such as "uploaded 1.5 MB to ...".
        undo: the command that takes it back, "" when nothing has to be.
        needed: False when it is so already; then `would` says that, and nothing is done.
    """

    would: str
    done: str = ""
    undo: str = ""
    needed: bool = True


@dataclass(frozen=True)
class Plan:
    """What is going to change, in order: `print(plan)`.

    Attributes:
        where: what is changed, such as "the edge on this machine, http://127.0.0.1:8787".
        steps: the changes.
        dry_run: nothing of it will be done.
    """

    where: str
    steps: Sequence[Step]
    dry_run: bool = False

    @property
    def undo(self) -> list[str]:
        """The commands that take it back, the last change first."""
        return [step.undo for step in reversed(self.steps) if step.needed and step.undo]

    def __str__(self) -> str:
        tail = "a dry run, nothing is changed" if self.dry_run else "nothing is changed yet"
        lines = [f"would {step.would}" if step.needed else step.would for step in self.steps]
        return tree(f"Plan for {self.where} ({tail})", lines)

    def report(self, url: str | None = None, notes: Sequence[str] = ()) -> str:
        """What was done, where to look at it, and how to take it back."""
        lines = [step.done if step.needed else step.would for step in self.steps]
        lines += [*notes, *([f"open  {url}"] if url else []), *(f"undo  {x}" for x in self.undo)]
        return tree(f"Done for {self.where}", lines)


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        plan: what was planned.
        sha256: of the weights it is about, "" when there are none.
        release: what is current afterwards, or was pushed; None after a dry run.
        served: sha256 by the name of each object that was asked, {} when none was.
        url: of the edge, "" when it is not known.
    """

    plan: Plan
    sha256: str = ""
    release: Release | None = None
    served: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "dry_run": self.plan.dry_run,
            "where": self.plan.where,
            "sha256": self.sha256,
            "steps": [step.would for step in self.plan.steps if step.needed],
            "undo": self.plan.undo,
            "release": self.release and self.release.to_dict(),
            "served": self.served,
            "url": self.url,
        }


def tree(title: str, lines: Sequence[str]) -> str:
    """Lines below a title, as a tree.

    Examples:
        >>> print(tree("Done", ["one", "two"]))
        Done
        ├── one
        └── two
    """
    last = len(lines) - 1
    return "\n".join([title, *(f"{'└' if i == last else '├'}── {x}" for i, x in enumerate(lines))])
