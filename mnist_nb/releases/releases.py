"""Releases: which weights the edge serves, kept in an R2 bucket and spoken to over S3.

    releases = Releases(BucketSettings.from_env())
    releases.push("better.safetensors")  # checked, uploaded, read back, promoted
    releases.wait_until_served("https://mnist.example.workers.dev")
    releases.rollback()

A weights file is immutable at `mnist/<sha256>.safetensors`. The small pointer
`mnist/current.json` says which one is served; promote and rollback rewrite only that, and only
when nobody else did meanwhile. The edge looks at the pointer every few seconds. Each move of it
leaves a note, see `trail`.
"""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from mnist_nb.errors import ReleaseConflict, ReleaseError
from mnist_nb.network import Candidate, read_candidate
from mnist_nb.releases.bucket import BucketSettings
from mnist_nb.releases.gate import refusal_of
from mnist_nb.releases.proposals import Proposals
from mnist_nb.releases.release import (
    POINTER,
    Proposal,
    Release,
    conflict,
    plan_of_prune,
    read_pointer,
    read_proposal,
)
from mnist_nb.releases.served import wait_until_served
from mnist_nb.releases.trail import Note, reason_of

__all__ = ["POINTER", "BucketSettings", "Note", "Proposal", "Release", "Releases"]

Say = Callable[[str], object]


class Releases(Proposals):
    """Pushes weights to a bucket and says which of them the edge serves.

    Args:
        settings: of the bucket; None takes them from the environment.
        who: is noted to have done what is done; None is the user's and the machine's name.
    """

    def push(
        self,
        path: Path | str | Candidate,
        promote: bool = True,
        *,
        instead_of: str | None = None,
        reason: str = "",
        force: str = "",
        progress: Say | None = None,
    ) -> Release:
        """Upload a weights file, check what arrived, and let the edge serve it.

        Interrupted anywhere, the edge serves what it had, and another push finishes the work.

        Args:
            path: a file of the format `mnist-nb.network/1`, or one that `mnist-nb import` reads,
                such as Burn's `mnist.bin`. It is read once, and checked in full before any byte
                leaves this machine; a `Candidate` was so before. Pushing a file that is already
                there is no error.
            promote: False only uploads; call `promote` later.
            instead_of: as in `promote`.
            reason: as in `promote`.
            force: as in `promote`.
            progress: called with what is done next, such as "uploading 1.5 MB".

        Raises:
            WeightsError: when the file is not usable; nothing was sent.
            ReleaseConflict: when somebody else promoted meanwhile, as in `promote`.
            ReleaseError: when the upload or the promotion did not happen, or the gate refuses it.
        """
        reason_of(reason), reason_of(force)
        say = progress or _silent
        if isinstance(path, Candidate):
            candidate = path
        else:
            say(f"checking {Path(path).name}")
            candidate = read_candidate(path)
        release = self._upload(candidate, say)
        if not promote:
            return release
        say(f"moving the pointer to {release.sha256[:8]}")
        return self._point_to(release, instead_of, reason=reason, force=force)

    def promote(
        self,
        sha256: str | None = None,
        *,
        instead_of: str | None = None,
        reason: str = "",
        force: str = "",
    ) -> Release:
        """Let the edge serve a file that was pushed before. A trial under way ends.

        A gate lets no file take the place of one that reads our digits clearly better; see `gate`.

        Args:
            sha256: of the file, or its first digits when they are those of one file only. None
                promotes what is on trial, unless it was withdrawn meanwhile.
            instead_of: sha256 of what you believe is current. When it is not any more, nothing is
                promoted. None takes the place of whatever is current at the call.
            reason: for people, kept in the trail.
            force: a reason to promote it against the gate, kept in the trail.

        Raises:
            ReleaseConflict: when `instead_of` is not current, or somebody else promoted another
                file in the same moment; its text and `.current` say which is current.
            ReleaseError: when there is no such file, it is damaged, or the gate refuses it.
        """
        tried = None
        if sha256 is None:
            tried = self.proposal()
            if tried is None:
                raise ReleaseConflict("cannot promote: nothing is on trial", self.current())
            sha256 = tried.sha256
        with self._named(f"cannot promote {sha256}"):
            release = self._verified(self.find(sha256))
        return self._point_to(release, instead_of, tried, reason=reason, force=force)

    def rollback(self, *, reason: str = "") -> Release:
        """Let the edge serve what it served before; a second rollback takes that back.

        No gate stands in its way.

        Args:
            reason: for people, kept in the trail.

        Raises:
            ReleaseError: when there is nothing before the current one, or as `promote` does.
        """
        current = self.current()
        if current is None or current.previous is None:
            shown = f"before {current.sha256[:12]}" if current else "yet"
            raise ReleaseError(f"cannot roll back: nothing was served {shown}; use promote(sha256)")
        with self._named(f"cannot roll back to {current.previous}"):
            release = self._verified(current.previous)
        return self._point_to(release, current.sha256, what="rollback", reason=reason)

    def list(self) -> "list[Release]":
        """All weights files in the bucket, newest first; `previous` is None in each."""
        current = self._current_if_readable()
        with self._named("cannot list the bucket"), ThreadPoolExecutor(8) as threads:
            found = sorted(
                threads.map(self.described, self._stored("")),
                key=lambda release: release.pushed_at,
                reverse=True,
            )
        sha256 = current and current.sha256
        return [replace(release, is_current=release.sha256 == sha256) for release in found]

    def current(self) -> Release | None:
        """What the pointer says is served; None before the first promotion.

        Raises:
            ReleaseError: when the pointer cannot be read.
        """
        with self._named("cannot read the current release"):
            text, _ = self._pointer()
        return None if text is None else read_pointer(text)

    def find(self, sha256: str) -> str:
        """The full sha256 of the one file in the bucket whose sha256 starts so.

        Raises:
            ReleaseError: when there is none, or more than one.
        """
        if not re.fullmatch("[0-9a-f]{4,64}", sha256):
            raise ReleaseError(f"{sha256!r:.80} is not a sha256; give 4 to 64 digits 0-9a-f")
        with self._named(f"cannot find {sha256}"):
            found = list(self._stored(sha256))
        if len(found) == 1:
            return found[0]
        what = "several files start so; give more digits" if found else "no such file was pushed"
        raise ReleaseError(f"cannot promote {sha256}: {what} (list() shows them)")

    def has(self, sha256: str) -> bool:
        """Whether the file with this sha256, all 64 digits, is in the bucket."""
        with self._named("cannot list the bucket"):
            return sha256 in self._stored(sha256)

    def wait_until_served(
        self,
        edge: Any,
        sha256: str | None = None,
        timeout: float = 60.0,
        *,
        token: str | None = None,
        progress: Say | None = None,
    ) -> dict[str, str]:
        """Wait until every object of the edge that can be reached from here serves a file.

        See `served.wait_until_served`; `sha256` is that of the current release when None.
        """
        if sha256 is None:
            current = self.current()
            if current is None:
                raise ReleaseError("nothing was promoted yet, so there is nothing to wait for")
            sha256 = current.sha256
        return wait_until_served(edge, sha256, timeout, token=token, progress=progress)

    def prune(
        self, keep: int = 5, *, dry_run: bool = False, say: Say = print
    ) -> "Sequence[Release]":
        """Delete old files: all but the newest `keep`, the current one and the one before it.

        Args:
            keep: how many of the newest stay.
            dry_run: only say what would be deleted.
            say: called with the plan before anything is deleted.

        Returns:
            What was deleted, or would be.

        Raises:
            ReleaseError: when the bucket does not let it, or its pointer cannot be read: then
                nobody knows what is served.
        """
        if keep < 0:
            raise ReleaseError(f"keep is {keep}; give how many of the newest files stay, 0 or more")
        served = self._served()
        old = [release for release in self.list()[keep:] if release.sha256 not in served]
        say(plan_of_prune(old, keep, self.settings.bucket, dry_run))
        deleted = []
        for release in [] if dry_run else old:
            if release.sha256 in self._served():  # somebody promoted it meanwhile
                continue
            with self._named(f"cannot delete {release.key}"):
                self._s3.delete_object(Bucket=self.settings.bucket, Key=release.key)
            deleted.append(release)
        return old if dry_run else deleted

    def _point_to(
        self,
        release: Release,
        instead_of: str | None = None,
        tried: Proposal | None = None,
        *,
        what: str = "promote",
        reason: str = "",
        force: str = "",
    ) -> Release:
        why = reason_of(force) or reason_of(reason)
        with self._named(f"cannot promote {release.sha256[:12]}"):
            before, _ = seen = self._pointer()
            try:
                current = read_pointer(before) if before is not None else None
            except ReleaseError:
                current = None  # a broken pointer is replaced like any other
            if instead_of is not None and (current is None or current.sha256 != instead_of):
                raise conflict(release, current, instead_of)
            if tried is not None and (before is None or read_proposal(before) != tried):
                raise ReleaseConflict(
                    f"cannot promote {tried.sha256[:12]}: it is not on trial any more", current
                )
            if current and current.sha256 == release.sha256:
                return current
            before_it = current.sha256 if current else None
            refusal = before_it and what == "promote" and refusal_of(self, release, before_it)
            if refusal and not force:
                raise ReleaseError(f"cannot promote {release.sha256[:12]}: {refusal}")
            served = replace(release, previous=before_it, is_current=True)
            note = self._noted(what, served, before_it, why, bool(refusal))
            if not self._move(seen, served, None, note):
                raise conflict(release, self._current_if_readable())
        return served

    def _served(self) -> set[str | None]:
        """What must stay: the current file, the one to roll back to, and one on trial."""
        current, tried = self.current(), self.proposal()
        served = {current.sha256, current.previous} if current else set()
        return served | ({tried.sha256} if tried else set())


def _silent(text: str) -> None:
    pass
