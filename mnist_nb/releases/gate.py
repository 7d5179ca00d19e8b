"""The gate before a promotion: no file replaces one that reads our digits clearly better."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from mnist_nb.errors import WeightsError
from mnist_nb.network import certify, read_weights
from mnist_nb.releases.bucket import http_status
from mnist_nb.releases.release import Release
from mnist_nb.releases.store import Store

MARGIN = 0.02  # of the digits; of 400 it is 8, where two good networks differ by 1 or 2
READS = 0.5  # what is served and reads less is no network for our digits


def refusal_of(store: Store, new: Release, served: str) -> str:
    """Say why a file may not take the place of another; "" when it may.

    The certificates beside them have the share of the digits that this project makes, 400 or for
    a costly network fewer. Where those are not the same ones, or an older version kept none, both
    files read them now.

    Args:
        store: the bucket.
        new: what is to be served.
        served: sha256 of what is. Where that is gone or damaged, anything is better.
    """
    now = _certificate(store, new.sha256)
    try:
        before = _certificate(store, served)
        if not before["of"] or not now["of"]:
            return ""  # one of them has other labels
        if before["by"] != now["by"]:
            few = min(before["of"], now["of"])
            before, now = (_certificate(store, sha256, few) for sha256 in (served, new.sha256))
    except WeightsError:
        return ""
    except ClientError as error:
        if http_status(error) != 404:
            raise  # a bucket that only falters opens no gate
        return ""
    if before["digits"] < READS or now["digits"] >= before["digits"] - MARGIN:
        return ""
    return (
        f"it reads {now['digits']:.1%} of {now['of']} digits that this project makes, and what is"
        f" served, {served[:12]}, {before['digits']:.1%}: up to {MARGIN:.0%} less are let through."
        ' To promote it all the same, say why: force="..." in Python, --force "..." in a shell'
    )


def _certificate(store: Store, sha256: str, most: int | None = None) -> Mapping[str, Any]:
    """What is kept beside a file; with `most`, what it says now of at most so many digits."""
    kept = store.described(sha256).check
    if most is None and _is_whole(kept.get("digits"), kept.get("of"), kept.get("by")):
        return kept
    certificate = certify(read_weights(store.content(sha256)), most)
    found: dict[str, Any] = json.loads(certificate.short())
    return found


def _is_whole(digits: Any, of: Any, by: Any) -> bool:
    is_share = isinstance(digits, int | float) and 0 <= digits <= 1
    return is_share and type(of) is int and of >= 0 and isinstance(by, str)
