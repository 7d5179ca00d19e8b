"""The gate: what reads our digits clearly worse than what is served is not promoted unasked."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_nb import Network, Releases
from mnist_nb.errors import InputError, ReleaseError
from mnist_nb.network import certify, write_weights
from tests.releases.conftest import pointer, refusing

pytestmark = pytest.mark.edge

NETWORK = Network.load()
LAST = NETWORK.architecture.layers[-1].weight  # type: ignore[union-attr]
SEED = Path(__file__).parents[2] / "model/seeds/1.safetensors"


def spoiled(path: Path, rows: list[int], labels: str = "0123456789") -> Path:
    """The shipped network, its last rows in another order."""
    tensors = dict(NETWORK.weights.tensors)
    tensors[LAST] = tensors[LAST][rows]
    path.write_bytes(write_weights(replace(NETWORK.architecture, labels=tuple(labels)), tensors))
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """It takes each 3 for a 5, and the other way round: 80 % of the digits are right."""
    return spoiled(tmp_path / "bad.safetensors", [0, 1, 2, 5, 4, 3, 6, 7, 8, 9])


def test_a_worse_file_is_refused_and_forced_with_a_reason(releases: Releases, bad: Path) -> None:
    releases.push(NETWORK.path)
    with pytest.raises(ReleaseError, match=r"reads 80\.0% of 400 digits .* 100\.0%.*force=") as no:
        releases.push(bad)
    assert not releases.proposal()
    assert [r.sha256 for r in releases.list() if r.is_current] == [NETWORK.sha256]
    releases.propose(bad)  # a trial is what shows it
    with pytest.raises(ReleaseError) as again:
        releases.promote()
    assert str(again.value) == str(no.value)
    promoted = releases.promote(force="an exercise in class")
    assert promoted.check == {
        **{"digits": 0.8, "of": 400, "cost": certify(NETWORK.weights).cost},
        "by": certify(NETWORK.weights).by,
    }
    note = releases.history()[0]
    assert (note.forced, note.why) == (True, "an exercise in class")
    # Back to what is better, and no gate stands before a rollback.
    releases.promote(NETWORK.sha256)
    assert releases.rollback().sha256 == promoted.sha256
    assert [note.forced for note in releases.history()[:2]] == [False, False]


def test_a_force_that_was_not_needed_is_only_a_reason(releases: Releases) -> None:
    releases.push(NETWORK.path)
    releases.push(SEED, force="to be sure")
    note = releases.history()[0]
    assert (note.forced, note.why) == (False, "to be sure")


@pytest.mark.parametrize("reason", ["x" * 501, 5])
def test_a_reason_is_a_short_text(releases: Releases, reason: Any) -> None:
    for word in ("force", "reason"):
        with pytest.raises(InputError, match="at most 500 characters"):
            releases.push(NETWORK.path, **{word: reason})
    assert releases.list() == []


@pytest.mark.parametrize("check", ["{}", '{"digits": 1, "cost": 5}', '{"digits": "x", "of": []}'])
def test_without_a_certificate_both_read_the_digits_now(
    releases: Releases, s3: Any, bad: Path, check: str
) -> None:
    """Files of older versions, and metadata of anybody."""
    for path in (NETWORK.path, bad):
        content = path.read_bytes()
        key = f"mnist/{hashlib.sha256(content).hexdigest()}.safetensors"
        metadata = {"name": "x", "metrics": "{}", "check": check}
        s3.put_object(Bucket="models", Key=key, Body=content, Metadata=metadata)
    releases.push(NETWORK.path)
    with pytest.raises(ReleaseError, match=r"reads 80\.0% of 400 digits"):
        releases.push(bad)


def test_shares_of_other_digits_do_not_compare(releases: Releases, s3: Any, bad: Path) -> None:
    """As when this project makes other digits than the version that pushed what is served."""
    content = NETWORK.path.read_bytes()
    check = json.dumps({"digits": 0.6, "of": 50, "by": "other", "cost": 1})
    key = f"mnist/{NETWORK.sha256}.safetensors"
    metadata = {"name": "x", "metrics": "{}", "check": check}
    s3.put_object(Bucket="models", Key=key, Body=content, Metadata=metadata)
    releases.push(NETWORK.path)
    with pytest.raises(ReleaseError, match=r"reads 82\.0% of 50 digits .* 100\.0%"):
        releases.push(bad)


def test_other_labels_are_not_compared(releases: Releases, tmp_path: Path) -> None:
    rows = [*range(1, 10), 0]
    releases.push(NETWORK.path)
    letters = releases.push(spoiled(tmp_path / "letters.safetensors", rows, "abcdefghij"))
    assert letters.check["of"] == 0
    assert releases.push(NETWORK.path).previous == letters.sha256


def test_what_is_gone_or_damaged_is_replaced(releases: Releases, s3: Any, bad: Path) -> None:
    releases.push(NETWORK.path)
    s3.delete_object(Bucket="models", Key=pointer(s3)["key"])
    releases.push(bad)
    s3.put_object(Bucket="models", Key=pointer(s3)["key"], Body=b"no weights")
    assert releases.push(SEED).sha256 == pointer(s3)["sha256"]
    # Damaged, and with a certificate of other digits, so that it would have to read ours now.
    check = json.dumps({"digits": 0.9, "of": 50, "by": "other"})
    key, metadata = pointer(s3)["key"], {"name": "x", "metrics": "{}", "check": check}
    s3.put_object(Bucket="models", Key=key, Body=b"no weights", Metadata=metadata)
    assert releases.push(NETWORK.path).sha256 == pointer(s3)["sha256"]


def test_a_bucket_that_falters_opens_no_gate(releases: Releases, bad: Path) -> None:
    releases.push(NETWORK.path)
    refusing(releases, "HeadObject", NETWORK.sha256, 503)
    with pytest.raises(ReleaseError, match="the bucket answered 503"):
        releases.push(bad)


def test_a_few_digits_less_are_let_through(releases: Releases, tmp_path: Path) -> None:
    """1 digit in 400: as far as two good networks are apart."""
    rng = np.random.default_rng(1)
    releases.push(SEED)
    tensors = dict(NETWORK.weights.tensors)
    for _ in range(40):
        noise = rng.normal(0, 0.05, tensors[LAST].shape).astype(np.float32)
        worse = {**tensors, LAST: tensors[LAST] + noise}
        path = tmp_path / "worse.safetensors"
        path.write_bytes(write_weights(NETWORK.architecture, worse))
        share = certify(Network.load(path).weights).digits
        if share < 1:
            break
        tensors = worse
    assert 0.98 <= share < 1
    assert releases.push(path).check["digits"] == round(share, 4)
