"""Releases: which weights the edge serves, kept in an R2 bucket and spoken to over S3.

    releases = Releases(BucketSettings.from_env())
    releases.push("better.safetensors")  # checked, uploaded, read back, promoted
    releases.wait_until_served("https://mnist.example.workers.dev")
    releases.rollback()

A weights file is immutable at `mnist/<sha256>.safetensors`. The small pointer
`mnist/current.json` says which one is served; promote and rollback rewrite only that, and only
when nobody else did meanwhile. The edge looks at the pointer every few seconds.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from mnist_nb.errors import ReleaseError, WeightsError
from mnist_nb.network import MAX_BYTES, Candidate, read_candidate, read_weights
from mnist_nb.releases.bucket import BucketSettings, connect, errors_named, http_status
from mnist_nb.releases.release import (
    MOST_POINTER,
    POINTER,
    Release,
    conflict,
    key_of,
    megabytes,
    plan_of_prune,
    read_metadata,
    read_pointer,
    sha256_of,
    time_of,
    write_metadata,
    write_pointer,
)
from mnist_nb.releases.served import wait_until_served

__all__ = ["POINTER", "BucketSettings", "Release", "Releases"]

Say = Callable[[str], object]


class Releases:
    """Pushes weights to a bucket and says which of them the edge serves.

    Args:
        settings: of the bucket; None takes them from the environment.
    """

    def __init__(self, settings: BucketSettings | None = None) -> None:
        self.settings = settings or BucketSettings.from_env()
        with self._named("cannot use the bucket"):
            self._s3 = connect(self.settings)

    def __repr__(self) -> str:
        return f"Releases({self.settings!r})"

    def push(
        self,
        path: Path | str | Candidate,
        promote: bool = True,
        *,
        instead_of: str | None = None,
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
            progress: called with what is done next, such as "uploading 1.5 MB".

        Raises:
            WeightsError: when the file is not usable; nothing was sent.
            ReleaseConflict: when somebody else promoted meanwhile, as in `promote`.
            ReleaseError: when the upload or the promotion did not happen.
        """
        say = progress or _silent
        if isinstance(path, Candidate):
            candidate = path
        else:
            say(f"checking {Path(path).name}")
            candidate = read_candidate(path)
        sha256, architecture = candidate.weights.sha256, candidate.weights.architecture
        with self._named(f"cannot push {candidate.path}"):
            say(f"uploading {megabytes(len(candidate.content))}")
            try:
                self._s3.put_object(
                    Bucket=self.settings.bucket,
                    Key=key_of(sha256),
                    Body=candidate.content,
                    IfNoneMatch="*",
                    ContentType="application/octet-stream",
                    Metadata=write_metadata(architecture.name, architecture.metrics),
                )
            except ClientError as error:
                if http_status(error) != 412:  # 412: the same file was pushed before
                    raise
            say("reading it back")
            release = self._verified(sha256)
        if not promote:
            return release
        say(f"moving the pointer to {release.sha256[:8]}")
        return self._point_to(release, instead_of)

    def promote(self, sha256: str, *, instead_of: str | None = None) -> Release:
        """Let the edge serve a file that was pushed before.

        Args:
            sha256: of the file, or its first digits when they are those of one file only.
            instead_of: sha256 of what you believe is current. When it is not any more, nothing is
                promoted. None takes the place of whatever is current at the call.

        Raises:
            ReleaseConflict: when `instead_of` is not current, or somebody else promoted another
                file in the same moment; its text and `.current` say which is current.
            ReleaseError: when there is no such file, or it is damaged.
        """
        with self._named(f"cannot promote {sha256}"):
            release = self._verified(self.find(sha256))
        return self._point_to(release, instead_of)

    def rollback(self) -> Release:
        """Let the edge serve what it served before; a second rollback takes that back.

        Raises:
            ReleaseError: when there is nothing before the current one, or as `promote` does.
        """
        current = self.current()
        if current is None or current.previous is None:
            shown = f"before {current.sha256[:12]}" if current else "yet"
            raise ReleaseError(f"cannot roll back: nothing was served {shown}; use promote(sha256)")
        return self.promote(current.previous, instead_of=current.sha256)

    def list(self) -> "list[Release]":
        """All weights files in the bucket, newest first; `previous` is None in each."""
        current = self._current_if_readable()
        with self._named("cannot list the bucket"), ThreadPoolExecutor(8) as threads:
            found = sorted(
                threads.map(self._described, self._stored("")),
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

    def _point_to(self, release: Release, instead_of: str | None = None) -> Release:
        with self._named(f"cannot promote {release.sha256[:12]}"):
            before, etag = self._pointer()
            try:
                current = read_pointer(before) if before is not None else None
            except ReleaseError:
                current = None  # a broken pointer is replaced like any other
            if instead_of is not None and (current is None or current.sha256 != instead_of):
                raise conflict(release, current, instead_of)
            if current and current.sha256 == release.sha256:
                return current
            before_it = current.sha256 if current else None
            served = replace(release, previous=before_it, is_current=True)
            body = write_pointer(served)
            condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
            try:
                self._s3.put_object(
                    Bucket=self.settings.bucket,
                    Key=POINTER,
                    Body=body,
                    ContentType="application/json",
                    **condition,
                )
            except ClientError as error:
                # boto3 repeats a request whose answer was lost; then the conflict is our own.
                if http_status(error) != 412:
                    raise
                if self._pointer()[0] != body:
                    raise conflict(release, self._current_if_readable()) from None
        return served

    def _current_if_readable(self) -> Release | None:
        """For texts and lists, which a broken pointer must not prevent."""
        with self._named("cannot read the current release"):
            text, _ = self._pointer()
        try:
            return None if text is None else read_pointer(text)
        except ReleaseError:
            return None

    def _served(self) -> set[str | None]:
        """What must stay: the current file, and the one to roll back to."""
        current = self.current()
        return {current.sha256, current.previous} if current else set()

    def _verified(self, sha256: str) -> Release:
        """Read the object back and check it, as some stores accept a wrong checksum."""
        answer = self._s3.get_object(Bucket=self.settings.bucket, Key=key_of(sha256))
        content = _bounded(answer, MAX_BYTES)
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise ReleaseError(
                f"the object {key_of(sha256)} is damaged: its sha256 is {found[:12]}...; delete it"
                " (it is never overwritten) and push the file once more"
            )
        try:
            architecture = read_weights(content).architecture
        except WeightsError as error:
            raise ReleaseError(f"the object {key_of(sha256)} is no weights file: {error}") from None
        when, metrics = time_of(answer["LastModified"]), dict(architecture.metrics)
        return Release(sha256, key_of(sha256), len(content), architecture.name, when, None, metrics)

    def _described(self, sha256: str) -> Release:
        head = self._s3.head_object(Bucket=self.settings.bucket, Key=key_of(sha256))
        name, metrics = read_metadata(head["Metadata"])
        size, when = head["ContentLength"], time_of(head["LastModified"])
        return Release(sha256, key_of(sha256), size, name, when, None, metrics)

    def _stored(self, start: str) -> Iterator[str]:
        """The sha256 of every file whose sha256 starts so."""
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.settings.bucket, Prefix=f"mnist/{start}"):
            for entry in page.get("Contents", []):
                if found := sha256_of(entry["Key"]):
                    yield found

    def _pointer(self) -> tuple[bytes | None, str | None]:
        try:
            answer = self._s3.get_object(Bucket=self.settings.bucket, Key=POINTER)
        except ClientError as error:
            if error.response["Error"].get("Code") == "NoSuchKey":
                return None, None
            raise
        return _bounded(answer, MOST_POINTER), answer["ETag"]

    def _named(self, what: str) -> AbstractContextManager[None]:
        return errors_named(what, self.settings)


def _bounded(answer: Any, most: int) -> bytes:
    """The content of an object; of one with more than so many bytes a byte too many."""
    with closing(answer["Body"]) as body:
        content: bytes = body.read(most + 1)
    return content


def _silent(text: str) -> None:
    pass
