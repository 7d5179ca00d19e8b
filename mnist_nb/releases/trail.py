"""The trail of decisions: who moved the pointer, when, why, and from which commit.

Each move is a note of its own in the bucket, `mnist/releases/<time>-<sha8>.json`, which never
changes. The pointer carries the note in the same write, and goes on carrying it until it is there:
so no move is without its note, also where the bucket takes no more of them.
"""

import getpass
import json
import re
import socket
import subprocess
import warnings
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from mnist_nb.errors import InputError, ReleaseError
from mnist_nb.releases.bucket import BucketSettings, http_status
from mnist_nb.releases.release import MOST_POINTER, Proposal, Release, write_pointer
from mnist_nb.releases.store import Store, bounded

FOLDER = "mnist/releases/"
MOST_REASON = 500  # characters
_MOST_WHO = 200
_MOST_BYTES = 16 << 10  # of a note: a character may take 12 in its JSON
_MOST_PENDING = 20  # notes that the pointer carries
_KEY = re.compile(re.escape(FOLDER) + r"(\d{8}T\d{6}\.\d{3,6}Z)-[0-9a-f]{8}\.json")


@dataclass(frozen=True)
class Note:
    """One move of the pointer.

    Attributes:
        what: "promote", "rollback", "propose" or "withdraw".
        sha256, name: of the weights that it is about.
        when: UTC, such as "2026-11-28T10:30:00.123456Z".
        who: user and machine, or what the caller said.
        why: the reason that was given, "" for none.
        forced: the gate had refused it.
        before: sha256 of what was served until then; None for nothing.
        commit: of the git checkout that it was done from, "-dirty" where that was changed; None
            outside of one.
        trouble: why the note cannot be read; then little else is known of it.
    """

    what: str
    sha256: str
    name: str
    when: str
    who: str
    why: str = ""
    forced: bool = False
    before: str | None = None
    commit: str | None = None
    trouble: str = ""

    @property
    def key(self) -> str:
        """Of its object."""
        return f"{FOLDER}{re.sub('[-:]', '', self.when)}-{self.sha256[:8]}.json"


class Trail(Store):
    """The part of `Releases` that moves the pointer, and keeps account of it.

    Args:
        settings: of the bucket; None takes them from the environment.
        who: is noted to have done what is done; None is the user's and the machine's name.
    """

    def __init__(self, settings: BucketSettings | None = None, *, who: str | None = None) -> None:
        super().__init__(settings)
        self.who = _text(who, "who", _MOST_WHO) if who else f"{_user()}@{socket.gethostname()}"

    def history(self, most: int = 50) -> list[Note]:
        """The newest moves of the pointer, newest first.

        A note that is damaged is one with a `trouble`.

        Raises:
            InputError: most is no count.
            ReleaseError: when the bucket cannot be read.
        """
        if type(most) is not int or most < 1:
            raise InputError(f"most is {most!r:.80}; give how many notes you want, 1 or more")
        with self._named("cannot read the trail"), ThreadPoolExecutor(8) as threads:
            pages = self._s3.get_paginator("list_objects_v2")
            listed = pages.paginate(Bucket=self.settings.bucket, Prefix=FOLDER)
            keys = (entry["Key"] for page in listed for entry in page.get("Contents", []))
            newest = deque((key for key in keys if _KEY.fullmatch(key)), maxlen=most)
            found = {note.key: note for note in pending(self._pointer()[0])}
            asked = [key for key in newest if key not in found]
            found |= dict(zip(asked, threads.map(self._note, asked), strict=True))
        return [found[key] for key in sorted(found, reverse=True)][:most]

    def _noted(
        self,
        what: str,
        about: Release | Proposal,
        before: str | None,
        why: str,
        forced: bool = False,
    ) -> Note:
        """What is about to happen, as it is kept; no secret of the bucket is in it."""
        when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        secret = self.settings.secret_access_key or "\0"
        who, why = (text.replace(secret, "...") for text in (self.who, why))
        return Note(what, about.sha256, about.name, when, who, why, forced, before, _commit())

    def _move(
        self,
        seen: tuple[bytes | None, str | None],
        served: Release,
        proposal: Proposal | None,
        note: Note,
    ) -> bool:
        """Write the pointer in place of the one seen, with a note; False when that is gone."""
        text, etag = seen
        left = [one for one in pending(text) if not self._keep(one)]
        body = write_pointer(served, proposal, [asdict(one) for one in (*left, note)])
        # Half of what is read, as the Worker's cron may add a note before the next move.
        if len(left) >= _MOST_PENDING or len(body) > MOST_POINTER // 2:
            raise ReleaseError(
                f"the notes of the last {len(left)} moves cannot be written to {FOLDER}: make room"
                " in the bucket, as prune() does, or let its key write there"
            )
        if not self._write_pointer(body, etag):
            return False
        if not self._keep(note):
            warnings.warn(
                f"{note.what} of {note.sha256[:12]} is done, but its note {note.key} could not be"
                " written: the pointer keeps it until the next move. Is the bucket full?",
                stacklevel=4,
            )
        return True

    def _keep(self, note: Note) -> bool:
        """Write a note; False when the bucket does not take it."""
        body = {name: value for name, value in asdict(note).items() if name != "trouble"}
        try:
            self._s3.put_object(
                Bucket=self.settings.bucket,
                Key=note.key,
                Body=json.dumps(body, indent=1).encode(),
                IfNoneMatch="*",
                ContentType="application/json",
            )
        except ClientError as error:
            return http_status(error) == 412  # it is there
        except BotoCoreError:
            return False
        return True

    def _note(self, key: str) -> Note:
        answer = self._s3.get_object(Bucket=self.settings.bucket, Key=key)
        try:
            note = _note_of(json.loads(bounded(answer, _MOST_BYTES)))
            if note.key != key:
                raise ValueError(f"it is the note {note.key}")
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            when = _KEY.fullmatch(key)
            return Note("?", "", "", when[1] if when else "", "", trouble=f"{key}: {error}"[:300])
        return note


def pending(pointer: bytes | None) -> list[Note]:
    """The notes that a pointer carries; those that make no sense are left out."""
    try:
        said = json.loads(pointer or b"{}").get("trail") or []
        return [_note_of(value) for value in said[-_MOST_PENDING:]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def reason_of(text: object) -> str:
    """A reason that may be kept; InputError for another value, or a long one."""
    return _text(text, "the reason", MOST_REASON)


def _text(text: object, what: str, most: int) -> str:
    if not isinstance(text, str) or len(text) > most:
        raise InputError(f"{what} has to be a text of at most {most} characters")
    return text


def _note_of(value: Any) -> Note:
    said = {name: value[name] for name in Note.__dataclass_fields__ if name in value}
    note = Note(**said | {"trouble": ""})
    texts = (note.what, note.sha256, note.name, note.when, note.who, note.why)
    kept = (note.before, note.commit)
    if not all(isinstance(text, str) for text in (*texts, *(text or "" for text in kept))):
        raise ValueError("a field of it is no text")
    if not isinstance(note.forced, bool) or not _KEY.fullmatch(note.key):
        raise ValueError("its time, sha256 or forced makes no sense")
    return note


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # one without a name, as in a container
        return "unknown"


def _commit() -> str | None:
    command = ["git", "--no-optional-locks", "describe", "--always", "--dirty"]
    command += ["--abbrev=40", "--exclude=*"]  # the whole sha, and no tag
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
