"""Push, promote and roll back: each prints a plan, does it, waits for the edge, and reports."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mnist_nb.deployment.plan import Outcome, Plan, Step
from mnist_nb.deployment.target import Target
from mnist_nb.errors import MnistNbError, ReleaseConflict, ReleaseError
from mnist_nb.network import read_candidate
from mnist_nb.releases import Release, megabytes

Say = Callable[[str], object]
WAIT = 60.0  # seconds until an edge has seen a promotion; it looks every five


def push(
    target: Target,
    path: Path | str,
    *,
    promote: bool = True,
    reason: str = "",
    force: str = "",
    dry_run: bool = False,
    wait: float = WAIT,
    say: Say = print,
    progress: Say | None = None,
) -> Outcome:
    """Upload a weights file and let the edge serve it.

    Args:
        target: where to.
        path: a weights file, or one of Burn or PyTorch. It is read once, and checked before
            anything else.
        promote: False only uploads.
        reason: as in `Releases.promote`.
        force: as in `Releases.promote`.
        dry_run: only say what would be done.
        wait: seconds to wait until the edge serves it; 0 does not wait.
        say: called with the plan, and with what was done.
        progress: called with what is going on.

    Raises:
        WeightsError: the file is not usable; nothing was sent.
        ReleaseConflict: somebody else promoted in the same moment.
        ReleaseError: it did not happen, or the edge does not serve it in time.
    """
    candidate = read_candidate(path)
    sha256, size = candidate.weights.sha256, megabytes(len(candidate.content))
    current, doubts = _look(target, dry_run)
    where = f"bucket {target.releases.settings.bucket}, mnist/{sha256[:8]}….safetensors"
    steps = [Step(f"upload {size} to {where}", f"uploaded {size} to {where}")]
    if not doubts and target.releases.has(sha256):
        steps = [Step(f"{where} is there", needed=False)]
    if promote:
        steps.append(_move(target, current, sha256))
    if doubt := candidate.certificate.doubt:
        doubts = [Step(doubt, needed=False), *doubts]
    plan = Plan(target.where, [*doubts, *steps], dry_run)
    say(str(plan))
    if dry_run:
        return Outcome(plan, sha256, url=target.url)
    release = target.releases.push(
        candidate,
        promote=promote,
        instead_of=current.sha256 if current else None,
        reason=reason,
        force=force,
        progress=progress,
    )
    return finish(target, plan, release, wait if promote else 0, say, progress)


def promote(
    target: Target,
    sha256: str | None = None,
    *,
    reason: str = "",
    force: str = "",
    dry_run: bool = False,
    wait: float = WAIT,
    say: Say = print,
    progress: Say | None = None,
) -> Outcome:
    """Let the edge serve a file that was pushed before, named by its sha256 or its first digits.

    None is what is on trial. The other arguments and the errors are those of `push`.
    """
    current, doubts = _look(target, dry_run)
    tried = target.releases.proposal() if sha256 is None else None
    if sha256 is None:
        if tried is None:
            raise ReleaseConflict("cannot promote: nothing is on trial, so name a file", current)
        sha256 = tried.sha256
    elif not dry_run:
        sha256 = target.releases.find(sha256)
    plan = Plan(target.where, [*doubts, _move(target, current, sha256)], dry_run)
    say(str(plan))
    if dry_run:
        return Outcome(plan, sha256, url=target.url)
    chosen = None if tried else sha256
    replaced = current.sha256 if current else None
    release = target.releases.promote(chosen, instead_of=replaced, reason=reason, force=force)
    return finish(target, plan, release, wait, say, progress)


def rollback(
    target: Target,
    *,
    reason: str = "",
    dry_run: bool = False,
    wait: float = WAIT,
    say: Say = print,
    progress: Say | None = None,
) -> Outcome:
    """Let the edge serve what it served before; arguments and errors as in `push`."""
    current, doubts = _look(target, dry_run)
    before = current.previous if current else None
    if before:
        steps = [*doubts, _move(target, current, before, back="back ")]
    else:
        steps = [*doubts, Step("nothing to roll back to: nothing was served before", needed=False)]
    plan = Plan(target.where, steps, dry_run)
    say(str(plan))
    if dry_run:
        return Outcome(plan, before or "", url=target.url)
    return finish(target, plan, target.releases.rollback(reason=reason), wait, say, progress)


def _look(target: Target, dry_run: bool) -> tuple[Release | None, list[Step]]:
    """What is current. A dry run goes on without a bucket, and says so in its plan."""
    try:
        return target.releases.current(), []
    except ReleaseError as error:
        if not dry_run:
            raise
        return None, [Step(str(error), needed=False)]


def _move(target: Target, current: Release | None, sha256: str, back: str = "") -> Step:
    before = current.sha256[:8] if current else "nothing"
    if current and current.sha256 == sha256:
        return Step(f"current is {before} already", needed=False)
    how = f"current {back}from {before} to {sha256[:8]}"
    return Step(f"move {how}", f"moved {how}", f"mnist-nb rollback{target.undo}" if current else "")


def finish(
    target: Target,
    plan: Plan,
    release: Release,
    wait: float,
    say: Say,
    progress: Say | None,
    notes: Sequence[str] = (),
) -> Outcome:
    """Wait for the edge and report; what was changed is reported also when the edge is late."""
    served: dict[str, str] = {}
    late: MnistNbError | None = None
    if wait and target.url:
        try:
            served = target.releases.wait_until_served(
                target.url, release.sha256, wait, token=target.token, progress=progress
            )
            notes = [f"served by the edge's object {', '.join(served)}", *notes]
        except MnistNbError as error:
            notes, late = ["not served yet", *notes], error
    say("")
    say(plan.report(target.url, notes))
    if late:
        raise late
    return Outcome(plan, release.sha256, release, served, target.url)
