"""Releases: which weights the edge serves, kept in an R2 bucket and spoken to over S3.

    releases = Releases(BucketSettings.from_env())
    releases.push("better.safetensors")  # checked, uploaded, read back, promoted
    releases.rollback()

A weights file is immutable at `mnist/<sha256>.safetensors`. The small pointer
`mnist/current.json` says which one is served; promote and rollback rewrite only that, and only
when nobody else did meanwhile. The edge looks at the pointer every few seconds.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

from botocore.exceptions import ClientError

from mnist_nb.edge.bucket import BucketSettings, connect, errors_named, http_status
from mnist_nb.errors import ReleaseError, WeightsError
from mnist_nb.network.weights import read_weights

__all__ = ["BucketSettings", "Release", "Releases"]

POINTER = "mnist/current.json"
_KEY = re.compile(r"mnist/([0-9a-f]{64})\.safetensors")


@dataclass(frozen=True)
class Release:
    """One weights file in the bucket.

    Attributes:
        sha256: of the file, 64 hexadecimal digits.
        key: of the object.
        bytes: size of the file.
        name: of the network in it.
        pushed_at: when it was uploaded, UTC, such as "2026-11-22T10:30:00Z".
        previous: sha256 of what was served before it; None when nothing was, or in a list.
    """

    sha256: str
    key: str
    bytes: int
    name: str
    pushed_at: str
    previous: str | None = None


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

    def push(self, path: Path | str, promote: bool = True) -> Release:
        """Upload a weights file, check what arrived, and let the edge serve it.

        Args:
            path: a file of the format `mnist-nb.network/1`. It is checked in full before any
                byte leaves this machine. Pushing a file that is already there is no error.
            promote: False only uploads; call `promote` later.

        Raises:
            WeightsError: when the file is not usable; nothing was sent.
            ReleaseError: when the upload or the promotion did not happen.
        """
        weights = read_weights(path)
        content = Path(path).read_bytes()
        if hashlib.sha256(content).hexdigest() != weights.sha256:
            raise ReleaseError(f"{path} changed while it was read; push it once more")
        sha256, key = weights.sha256, _key(weights.sha256)
        with self._named(f"cannot push {path}"):
            try:
                self._s3.put_object(
                    Bucket=self.settings.bucket,
                    Key=key,
                    Body=content,
                    IfNoneMatch="*",
                    ContentType="application/octet-stream",
                    Metadata={"name": quote(weights.architecture.name)},
                )
            except ClientError as error:
                if http_status(error) != 412:  # 412: the same file was pushed before
                    raise
            release = self._verified(sha256)
        return self._point_to(release) if promote else release

    def promote(self, sha256: str) -> Release:
        """Let the edge serve a file that was pushed before.

        Args:
            sha256: of the file, or its first digits when they are those of one file only.

        Raises:
            ReleaseError: when there is no such file, it is damaged, or somebody else promoted
                another one in the same moment.
        """
        with self._named(f"cannot promote {sha256}"):
            release = self._verified(self._full(sha256))
        return self._point_to(release)

    def rollback(self) -> Release:
        """Let the edge serve what it served before; a second rollback takes that back.

        Raises:
            ReleaseError: when there is nothing before the current one, or as `promote` does.
        """
        current = self.current()
        if current is None or current.previous is None:
            shown = f"before {current.sha256[:12]}" if current else "yet"
            raise ReleaseError(f"cannot roll back: nothing was served {shown}; use promote(sha256)")
        return self.promote(current.previous)

    def list(self) -> "list[Release]":
        """All weights files in the bucket, newest first; `previous` is None in each."""
        with self._named("cannot list the bucket"):
            found = [self._described(sha256) for sha256 in self._stored("")]
        return sorted(found, key=lambda release: release.pushed_at, reverse=True)

    def current(self) -> Release | None:
        """What the pointer says is served; None before the first promotion.

        Raises:
            ReleaseError: when the pointer cannot be read.
        """
        with self._named("cannot read the current release"):
            text, _ = self._pointer()
        return None if text is None else _parsed(text)

    def _point_to(self, release: Release) -> Release:
        with self._named(f"cannot promote {release.sha256[:12]}"):
            before, etag = self._pointer()
            try:
                current = _parsed(before) if before is not None else None
            except ReleaseError:
                current = None  # a broken pointer is replaced like any other
            if current and current.sha256 == release.sha256:
                return current
            served = Release(**{**asdict(release), "previous": current.sha256 if current else None})
            body = json.dumps(asdict(served), indent=1).encode()
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
                if http_status(error) != 412 or self._pointer()[0] != body:
                    raise
        return served

    def _verified(self, sha256: str) -> Release:
        """Read the object back and check it, as some stores accept a wrong checksum."""
        answer = self._s3.get_object(Bucket=self.settings.bucket, Key=_key(sha256))
        content = answer["Body"].read()
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise ReleaseError(
                f"the object {_key(sha256)} is damaged: its sha256 is {found[:12]}...; delete it"
                " (it is never overwritten) and push the file once more"
            )
        try:
            name = read_weights(content).architecture.name
        except WeightsError as error:
            raise ReleaseError(f"the object {_key(sha256)} is no weights file: {error}") from None
        return Release(sha256, _key(sha256), len(content), name, _time(answer["LastModified"]))

    def _described(self, sha256: str) -> Release:
        head = self._s3.head_object(Bucket=self.settings.bucket, Key=_key(sha256))
        name = unquote(head["Metadata"].get("name", ""))
        size, when = head["ContentLength"], _time(head["LastModified"])
        return Release(sha256, _key(sha256), size, name, when)

    def _stored(self, start: str) -> Iterator[str]:
        """The sha256 of every file whose sha256 starts so."""
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.settings.bucket, Prefix=f"mnist/{start}"):
            for entry in page.get("Contents", []):
                if found := _KEY.fullmatch(entry["Key"]):
                    yield found[1]

    def _full(self, sha256: str) -> str:
        if not re.fullmatch("[0-9a-f]{4,64}", sha256):
            raise ReleaseError(f"{sha256!r:.80} is not a sha256; give 4 to 64 digits 0-9a-f")
        found = list(self._stored(sha256))
        if len(found) == 1:
            return found[0]
        what = "several files start so; give more digits" if found else "no such file was pushed"
        raise ReleaseError(f"cannot promote {sha256}: {what} (list() shows them)")

    def _pointer(self) -> tuple[bytes | None, str | None]:
        try:
            answer = self._s3.get_object(Bucket=self.settings.bucket, Key=POINTER)
        except ClientError as error:
            if error.response["Error"].get("Code") == "NoSuchKey":
                return None, None
            raise
        return answer["Body"].read(), answer["ETag"]

    def _named(self, what: str) -> AbstractContextManager[None]:
        return errors_named(what, self.settings)


def _key(sha256: str) -> str:
    return f"mnist/{sha256}.safetensors"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parsed(text: bytes) -> Release:
    try:
        said = json.loads(text)
        release = Release(
            **{name: said[name] for name in ("sha256", "key", "bytes", "name", "pushed_at")},
            previous=said.get("previous"),
        )
        if release.key != _key(release.sha256):
            raise ValueError(f"its key is {release.key!r:.80}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReleaseError(
            f"the pointer {POINTER} is not readable ({error}); promote(sha256) writes a new one"
        ) from None
    return release
