"""One release as a value, and how the bucket writes it down: key, pointer and metadata."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from mnist_nb import strict_json
from mnist_nb.errors import ReleaseConflict, ReleaseError

POINTER = "mnist/current.json"
_KEY = re.compile(r"mnist/([0-9a-f]{64})\.safetensors")
_POINTER_FIELDS = ("sha256", "key", "bytes", "name", "pushed_at", "previous")
_SHA256 = re.compile("[0-9a-f]{64}")
MOST_POINTER = 64 << 10  # bytes, as in the Worker
_MOST_METRICS = 1500  # bytes; a store takes 2 KB of metadata with an object


_PROPOSAL_FIELDS = ("sha256", "bytes", "name", "percent", "shadow", "proposed_at", "reason")


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
        metrics: what training measured, as the file says it; {} when the bucket does not know.
        check: what `mnist-nb check` found of it at the push: `digits`, the share of digits made by
            this project that it reads, and `cost`; {} when the bucket does not know.
        is_current: whether the edge serves it, in a list; equality leaves these three aside.
    """

    sha256: str
    key: str
    bytes: int
    name: str
    pushed_at: str
    previous: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    is_current: bool = field(default=False, compare=False)
    check: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values = {name: getattr(self, name) for name in _POINTER_FIELDS}
        notes = {"metrics": dict(self.metrics), "check": dict(self.check)}
        return {**values, **notes, "current": self.is_current}


def key_of(sha256: str) -> str:
    """The key of a weights file."""
    return f"mnist/{sha256}.safetensors"


def sha256_of(key: str) -> str | None:
    """The other way round; None for an object that is no weights file."""
    found = _KEY.fullmatch(key)
    return found[1] if found else None


@dataclass(frozen=True)
class Proposal:
    """Weights on trial beside those that are served.

    Attributes:
        sha256, bytes, name: of the file.
        percent: of the requests of one image, 0 to 100, that it answers.
        shadow: True when it answers none, and is only compared.
        proposed_at: when the trial began, UTC.
        reason: why it was proposed.
    """

    sha256: str
    bytes: int
    name: str
    percent: float
    shadow: bool
    proposed_at: str
    reason: str = ""


def write_pointer(
    release: Release, proposal: Proposal | None, trail: Sequence[Mapping[str, Any]]
) -> bytes:
    """The content of the pointer: a release, what is on trial beside it, and the newest notes."""
    fields = {name: getattr(release, name) for name in _POINTER_FIELDS}
    trial = {} if proposal is None else {"candidate": asdict(proposal)}
    return json.dumps({**fields, **trial, "trail": trail}, indent=1).encode()


def read_proposal(text: bytes) -> Proposal | None:
    """What a pointer that `read_pointer` reads puts on trial; None for nothing, or no sense."""
    said = json.loads(text).get("candidate")
    if not isinstance(said, dict):
        return None
    try:
        proposal = Proposal(**{name: said[name] for name in _PROPOSAL_FIELDS if name in said})
    except TypeError:
        return None
    texts = (proposal.name, proposal.proposed_at, proposal.reason)
    makes_sense = (
        _may_be("sha256", proposal.sha256)
        and _may_be("bytes", proposal.bytes)
        and is_percent(proposal.percent)
        and isinstance(proposal.shadow, bool)
        and all(isinstance(text, str) for text in texts)
    )
    return proposal if makes_sense else None


def is_percent(value: Any) -> bool:
    """Whether it is a number from 0 to 100."""
    return type(value) in (int, float) and 0 <= value <= 100


def read_pointer(text: bytes) -> Release:
    """The release that a pointer names.

    Raises:
        ReleaseError: it is not one of ours.
    """
    try:
        if len(text) > MOST_POINTER:
            raise ValueError(f"it has more than {MOST_POINTER} bytes")
        said = json.loads(text)
        fields = {name: said[name] for name in _POINTER_FIELDS if name != "previous"}
        previous = said.get("previous")
        for name, value in {**fields, "previous": previous}.items():
            if not _may_be(name, value):
                raise ValueError(f"its {name} is {value!r:.80}")
        release = Release(**fields, previous=previous, is_current=True)
        if release.key != key_of(release.sha256):
            raise ValueError(f"its key is {release.key!r:.80}")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ReleaseError(
            f"the pointer {POINTER} is not readable ({error}); promote(sha256) writes a new one"
        ) from None
    return release


def _may_be(name: str, value: Any) -> bool:
    """Whether a field of the pointer can have this value."""
    if name == "bytes":
        return type(value) is int and value >= 0
    if name == "previous" and value is None:
        return True
    return isinstance(value, str) and (
        name not in ("sha256", "previous") or _SHA256.fullmatch(value) is not None
    )


def write_metadata(name: str, metrics: Mapping[str, Any], check: str = "{}") -> dict[str, str]:
    """What goes with the object, so that a list need not read the files; ASCII, as in a header."""
    text = quote(json.dumps(metrics), safe="{}:,. ")
    known = text if len(text) <= _MOST_METRICS else "{}"
    return {"name": quote(name), "metrics": known, "check": check}


def read_metadata(metadata: Mapping[str, str]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Name, metrics and check; empty where somebody else put the object there."""
    found = []
    for entry in ("metrics", "check"):
        try:
            value = strict_json.loads(unquote(metadata.get(entry, "")))  # NaN is no JSON for others
        except ValueError:
            value = {}
        found.append(value if isinstance(value, dict) else {})
    return unquote(metadata.get("name", "")), found[0], found[1]


def time_of(moment: datetime) -> str:
    """A moment as `pushed_at` has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def megabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1e6:.1f} MB" if size >= 50_000 else f"{size / 1e3:.1f} kB"


def conflict(
    wanted: Release, current: Release | None, instead_of: str | None = None
) -> ReleaseConflict:
    """The error of a promotion that came second; it names what is current now.

    Args:
        wanted: what was to be promoted.
        current: what is current instead.
        instead_of: what was to be replaced, when that was not current before anything was tried.
    """
    why = (
        f"it was to replace {instead_of[:12]}, which is not current"
        if instead_of
        else "somebody else promoted in the same moment"
    )
    now = (
        f"current is now {current.sha256[:12]} ({current.name}, pushed {current.pushed_at})"
        if current
        else "nothing is current now"
    )
    return ReleaseConflict(
        f"cannot promote {wanted.sha256[:12]}: {why}, {now};"
        " look at it and promote again if yours shall replace it",
        current,
    )


def plan_of_prune(old: Sequence[Release], keep: int, bucket: str, dry_run: bool) -> str:
    """What is about to be deleted, for people."""
    verb = "would delete" if dry_run else "deleting"
    count = f"{len(old)} file{'' if len(old) == 1 else 's'}"
    size = megabytes(sum(release.bytes for release in old))
    lines = [f"  {release.sha256[:8]}  {release.pushed_at}  {release.name}" for release in old]
    kept = f"the newest {keep}, the current and the previous stay"
    return "\n".join([f"{verb} {count} ({size}) of bucket {bucket}; {kept}", *lines])
