"""The bucket of the releases as a store: files that never change, and one pointer that does."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from typing import Any

from botocore.exceptions import ClientError

from mnist_nb.errors import ReleaseError, WeightsError
from mnist_nb.network import MAX_BYTES, Candidate, read_weights
from mnist_nb.releases.bucket import BucketSettings, connect, errors_named, http_status
from mnist_nb.releases.release import (
    MOST_POINTER,
    POINTER,
    Release,
    key_of,
    megabytes,
    read_metadata,
    read_pointer,
    sha256_of,
    time_of,
    write_metadata,
)


class Store:
    """Reads and writes what `Releases` decides.

    Args:
        settings: of the bucket; None takes them from the environment.
    """

    def __init__(self, settings: BucketSettings | None = None) -> None:
        self.settings = settings or BucketSettings.from_env()
        with self._named("cannot use the bucket"):
            self._s3 = connect(self.settings)

    def __repr__(self) -> str:
        return f"Releases({self.settings!r})"

    def _current_if_readable(self) -> Release | None:
        """For texts and lists, which a broken pointer must not prevent."""
        with self._named("cannot read the current release"):
            text, _ = self._pointer()
        try:
            return None if text is None else read_pointer(text)
        except ReleaseError:
            return None

    def _upload(self, candidate: Candidate, say: Callable[[str], object]) -> Release:
        """Put a file there, unless it is, and check what arrived."""
        sha256, architecture = candidate.weights.sha256, candidate.weights.architecture
        check = candidate.certificate.short()
        with self._named(f"cannot push {candidate.path}"):
            say(f"uploading {megabytes(len(candidate.content))}")
            try:
                self._s3.put_object(
                    Bucket=self.settings.bucket,
                    Key=key_of(sha256),
                    Body=candidate.content,
                    IfNoneMatch="*",
                    ContentType="application/octet-stream",
                    Metadata=write_metadata(architecture.name, architecture.metrics, check),
                )
            except ClientError as error:
                if http_status(error) != 412:  # 412: the same file was pushed before
                    raise
            say("reading it back")
            return self._verified(sha256)

    def _verified(self, sha256: str) -> Release:
        """Read the object back and check it, as some stores accept a wrong checksum."""
        answer = self._s3.get_object(Bucket=self.settings.bucket, Key=key_of(sha256))
        content = bounded(answer, MAX_BYTES)
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
        name, check = architecture.name, read_metadata(answer["Metadata"])[2]
        return Release(sha256, key_of(sha256), len(content), name, when, None, metrics, check=check)

    def content(self, sha256: str) -> bytes:
        """The bytes of a file, as they lie there."""
        answer = self._s3.get_object(Bucket=self.settings.bucket, Key=key_of(sha256))
        return bounded(answer, MAX_BYTES)

    def described(self, sha256: str) -> Release:
        """A file by what lies beside it."""
        head = self._s3.head_object(Bucket=self.settings.bucket, Key=key_of(sha256))
        name, metrics, check = read_metadata(head["Metadata"])
        size, when = head["ContentLength"], time_of(head["LastModified"])
        return Release(sha256, key_of(sha256), size, name, when, None, metrics, check=check)

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
        return bounded(answer, MOST_POINTER), answer["ETag"]

    def _named(self, what: str) -> AbstractContextManager[None]:
        return errors_named(what, self.settings)

    def _write_pointer(self, body: bytes, etag: str | None) -> bool:
        """Replace the pointer that had this etag, or none; False when somebody else was quicker."""
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
            return self._pointer()[0] == body
        return True


def bounded(answer: Any, most: int) -> bytes:
    """The content of an object; of one with more than so many bytes a byte too many."""
    with closing(answer["Body"]) as body:
        content: bytes = body.read(most + 1)
    return content
