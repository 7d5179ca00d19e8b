"""Weights on trial: proposed beside those that are served, compared, and promoted or withdrawn."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mnist_nb.errors import InputError, ReleaseConflict, ReleaseError
from mnist_nb.network import Candidate, read_candidate, read_weights
from mnist_nb.releases.release import (
    Proposal,
    conflict,
    is_percent,
    read_pointer,
    read_proposal,
    time_of,
)
from mnist_nb.releases.trail import Trail, reason_of
from mnist_nb.releases.trials import Trial, trial_at, wait_until_seen, watch


class Proposals(Trail):
    """The part of `Releases` that is about trials."""

    def proposal(self) -> Proposal | None:
        """What the pointer puts on trial beside the current release; None for nothing.

        Raises:
            ReleaseError: when the pointer cannot be read.
        """
        with self._named("cannot read the current release"):
            text, _ = self._pointer()
        return None if text is None or not read_pointer(text) else read_proposal(text)

    def propose(
        self,
        path: Path | str | Candidate,
        percent: float = 10,
        *,
        shadow: bool = False,
        reason: str = "",
        progress: Callable[[str], object] | None = None,
    ) -> Proposal:
        """Put weights on trial beside those that are served.

        The edge compares both on every request of one image, and stops the trial by itself when
        they differ too often; what is served stays. Another trial under way ends.

        Args:
            path: as for `push`, which uploads it.
            percent: of the requests of one image, 0 to 100, that the candidate answers. The same
                image is always answered by the same weights.
            shadow: the candidate answers none, and is only compared.
            reason: for people, kept with the pointer and in the trail.
            progress: as for `push`.

        Raises:
            InputError: percent is no share, or reason no short text.
            WeightsError: the file is not usable; nothing was sent.
            ReleaseConflict: somebody else moved the pointer in the same moment.
            ReleaseError: nothing is served yet, the file is served already, it has other labels,
                or the upload did not happen.
        """
        if not is_percent(percent):
            raise InputError(f"percent is {percent!r:.80}; give 0 to 100")
        reason = reason_of(reason)
        candidate = path if isinstance(path, Candidate) else read_candidate(path)
        wanted = candidate.weights.architecture.labels
        with self._named(f"cannot propose {candidate.path}"):
            text, _ = seen = self._pointer()
            if text is None:
                raise ReleaseError("nothing is served yet to compare with: push this file")
            current = read_pointer(text)
            if current.sha256 == candidate.weights.sha256:
                raise ReleaseError(f"{current.sha256[:12]} is served already: propose another file")
            served = read_weights(self.content(current.sha256)).architecture.labels
            if served != wanted:
                raise ReleaseError(
                    f"it has the labels {list(wanted)!r:.80}, and what is served"
                    f" {list(served)!r:.80}: only the same can be compared"
                )
            release = self._upload(candidate, progress or (lambda text: None))
            now = time_of(datetime.now(UTC))
            proposal = Proposal(
                release.sha256, release.bytes, release.name, percent, shadow, now, reason
            )
            note = self._noted("propose", proposal, current.sha256, reason)
            if not self._move(seen, current, proposal, note):
                raise conflict(release, self._current_if_readable())
        return proposal

    def withdraw(self, sha256: str | None = None, *, reason: str = "") -> Proposal:
        """End the trial; what is served stays.

        Args:
            sha256: of the candidate that you mean, all 64 digits; None for whichever it is.
            reason: for people, kept in the trail.

        Raises:
            ReleaseConflict: that one is not on trial, or the pointer was moved in the same moment.
        """
        reason = reason_of(reason)
        with self._named("cannot withdraw"):
            text, _ = seen = self._pointer()
            current = None if text is None else read_pointer(text)
            proposal = None if text is None else read_proposal(text)
            if current is None or proposal is None or sha256 not in (None, proposal.sha256):
                what = f"{sha256[:12]} is not" if sha256 else "nothing is"
                raise ReleaseConflict(f"cannot withdraw: {what} on trial", current)
            note = self._noted("withdraw", proposal, current.sha256, reason)
            if not self._move(seen, current, None, note):
                raise ReleaseConflict(
                    "cannot withdraw: somebody else moved the pointer in the same moment",
                    self._current_if_readable(),
                )
        return proposal

    def wait_until_seen(
        self, edge: Any, timeout: float = 60.0, *, token: str | None = None
    ) -> Trial:
        """Wait until the edge tries what is proposed, or nothing when nothing is.

        See `trials.wait_until_seen`.
        """
        proposal = self.proposal()
        wanted = None if proposal is None else proposal.sha256
        return wait_until_seen(edge, wanted, timeout, token=token)

    def compare_live(self, edge: Any, *, token: str | None = None) -> Trial:
        """What the objects of an edge counted of the trial; see `trials.trial_at`."""
        return trial_at(edge, token=token)

    def watch(
        self,
        edge: Any,
        seconds: float,
        *,
        token: str | None = None,
        progress: Callable[[Trial], object] | None = None,
    ) -> Trial:
        """Look at the trial for some time, and withdraw the candidate when it is stopped.

        A cron of the Worker does the same without this process; `deploy/wrangler.jsonc` has it.

        Args:
            edge: as for `wait_until_served`.
            seconds: for how long.
            token: of the edge, when it wants one.
            progress: called with each look.

        Returns:
            The last look; its `reason` says by which number the candidate was withdrawn.
        """
        last = watch(edge, seconds, token=token, progress=progress)
        if last.is_stopped and last.sha256 is not None:
            with suppress(ReleaseConflict):  # somebody else did, or promoted another
                self.withdraw(last.sha256, reason=last.reason or "")
        return last
