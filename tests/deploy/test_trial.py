"""Weights on trial beside those in service, in the real runtime."""

import hashlib
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from mnist_nb import LocalEdge, Network, rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.network import read_weights, write_weights
from tests.support.bucket import Bucket, log_of
from tests.support.files import SMALL

pytestmark = pytest.mark.edge

OCTETS = {"Content-Type": "application/octet-stream"}
NETWORK = Network.load()
DIGITS = np.array([rasterize(drawing) for drawing in samples()])
LAST = NETWORK.architecture.layers[-1].weight  # type: ignore[union-attr]


def changed(rows: list[int], by: float = 1.0) -> bytes:
    """The shipped network with the last layer's rows in another order, and scaled."""
    tensors = {name: tensor.copy() for name, tensor in NETWORK.weights.tensors.items()}
    tensors[LAST] = tensors[LAST][rows] * np.float32(by)
    return write_weights(NETWORK.architecture, tensors)


SHIPPED = write_weights(NETWORK.architecture, NETWORK.weights.tensors)
GOOD = changed([*range(10)], by=1.01)  # the same labels, other probabilities
BAD = changed([0, 1, 2, 5, 4, 3, 6, 7, 8, 9])  # takes each 3 for a 5, and the other way round
FIRST, SECOND, THIRD = (hashlib.sha256(file).hexdigest() for file in (SHIPPED, GOOD, BAD))


@pytest.fixture(scope="module")
def edge() -> Iterator[LocalEdge]:
    with LocalEdge(ttl=0, seed=False) as edge:
        yield edge


@pytest.fixture(scope="module")
def bucket(edge: LocalEdge) -> Bucket:
    return Bucket(edge)


@pytest.fixture(scope="module")
def http(edge: LocalEdge) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as client:
        yield client


count = iter(range(10_000))


def propose(
    bucket: Bucket, file: bytes, percent: Any = 50, shadow: Any = False, **more: Any
) -> str:
    sha256 = hashlib.sha256(file).hexdigest()
    bucket.put(f"mnist/{sha256}.safetensors", file)
    about = {"sha256": sha256, "bytes": len(file), "name": "candidate", "percent": percent}
    about |= {"shadow": shadow, "proposed_at": f"trial {next(count)}"} | more
    bucket.serve(SHIPPED, candidate=about)
    return sha256


def ask(http: httpx.Client, images: np.ndarray[Any, Any]) -> tuple[str, np.ndarray[Any, Any]]:
    answer = http.post("/classify", content=images.tobytes(), headers=OCTETS)
    assert answer.status_code == 200, answer.text
    return answer.headers["X-Model-Sha256"], np.frombuffer(answer.content, "<f4").reshape(-1, 10)


def candidate(http: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = http.get("/model").json()["candidate"]
    return found


def variants(many: int) -> np.ndarray[Any, Any]:
    """Images that differ in a pixel of the border."""
    images = np.resize(DIGITS, (many, 28, 28))
    images[:, 0, 0], images[:, 0, 27] = np.arange(many) % 251, np.arange(many) // 251
    return images


def test_without_a_candidate_there_is_none(http: httpx.Client, bucket: Bucket):
    bucket.serve(SHIPPED)
    assert candidate(http) is None


def test_a_share_of_the_images_goes_to_the_candidate(http: httpx.Client, bucket: Bucket):
    propose(bucket, GOOD, 30)
    images = variants(400)
    answers = [ask(http, image) for image in images]
    share = np.mean([sha256 == SECOND for sha256, _ in answers])
    assert 0.2 < share < 0.4
    assert {sha256 for sha256, _ in answers} == {FIRST, SECOND}
    # Each answer is of the weights that its header names, and one image always of the same.
    networks = {sha: Network(read_weights(f)) for sha, f in ((FIRST, SHIPPED), (SECOND, GOOD))}
    for image, (sha256, probabilities) in zip(images[:60], answers, strict=False):
        expected = networks[sha256].predict(image)
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)
        assert ask(http, image)[0] == sha256
    said = candidate(http)
    assert (said["sha256"], said["state"], said["percent"]) == (SECOND, "on trial", 30)
    counts = said["counts"]
    assert counts["compared"] >= 400
    assert counts["disagreed"] == 0
    assert counts["candidate"]["answers"] == sum(sha == SECOND for sha, _ in answers) + sum(
        sha == SECOND for sha, _ in answers[:60]
    )
    assert sum(counts["current"]["labels"]) + counts["current"]["unsure"] == counts["compared"]
    assert counts["current"]["labels"] == counts["candidate"]["labels"]


@pytest.mark.parametrize(("percent", "sha256"), [(0, FIRST), (100, SECOND)])
def test_none_and_all(http: httpx.Client, bucket: Bucket, percent: int, sha256: str):
    propose(bucket, GOOD, percent)
    assert {ask(http, image)[0] for image in DIGITS} == {sha256}


def test_a_batch_is_answered_by_what_is_served(http: httpx.Client, bucket: Bucket):
    propose(bucket, GOOD, 100)
    assert ask(http, DIGITS)[0] == FIRST


def test_a_shadow_answers_nothing_and_is_compared(http: httpx.Client, bucket: Bucket):
    propose(bucket, GOOD, 100, shadow=True)
    assert {ask(http, image)[0] for image in variants(20)} == {FIRST}
    counts = candidate(http)["counts"]
    assert counts["compared"] == counts["current"]["answers"] == 20
    assert counts["candidate"]["answers"] == 0
    assert sum(counts["candidate"]["labels"]) + counts["candidate"]["unsure"] == 20


def test_one_that_differs_too_often_is_stopped(http: httpx.Client, bucket: Bucket, edge: LocalEdge):
    propose(bucket, BAD, 100)
    answers = [ask(http, image)[0] for image in variants(60)]
    stop = answers.index(FIRST)
    assert stop < 40  # 1 image in 5 differs
    assert set(answers[stop:]) == {FIRST}
    said = candidate(http)
    assert said["state"] == "stopped"
    assert said["reason"].startswith(f"it differs in {said['counts']['disagreed']} of ")
    assert any(line["sha256"] == THIRD for line in log_of(edge, "candidate stopped", 1))
    os.kill(edge.pid or 0, signal.SIGUSR2)  # stopped it stays, in an object that comes back
    log_of(edge, "weights in service", 1)
    assert candidate(http)["state"] == "stopped"
    assert ask(http, DIGITS[3])[0] == FIRST


def test_another_trial_of_the_same_file_begins_anew(http: httpx.Client, bucket: Bucket):
    propose(bucket, BAD, 0)
    said = candidate(http)
    assert (said["state"], said["counts"]["compared"]) == ("on trial", 0)


def test_one_that_overflows_is_stopped_and_costs_no_answer(http: httpx.Client, bucket: Bucket):
    file = changed([*range(10)], by=5e37)
    propose(bucket, file, 100)
    for image in variants(12):
        assert ask(http, image)[0] == FIRST
    said = candidate(http)
    assert said["state"] in ("stopped", "refused")
    assert "overflow" in said["reason"]


LABELS = replace(NETWORK.architecture, labels=tuple("abcdefghij"))
MISSING = "ab" * 32


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"percent": 101}, "percent 101, not 0 to 100"),
        ({"percent": -1}, "percent -1"),
        ({"percent": "10"}, 'percent "10"'),
        ({"percent": None}, "percent null"),
        ({"shadow": 1}, "shadow 1, not true or false"),
        ({"sha256": "x"}, 'sha256 "x", not 64'),
        ({"bytes": -1}, "bytes -1"),
        ({"sha256": MISSING}, f"points at mnist/{MISSING}.safetensors, which is not there"),
        ({"sha256": FIRST, "bytes": len(SHIPPED)}, "is the file that is served"),
    ],
)
def test_a_candidate_that_makes_no_sense_leaves_the_current_one(
    http: httpx.Client, bucket: Bucket, changes: dict[str, Any], said: str
):
    propose(bucket, GOOD, **({"percent": 100} | changes))
    assert {ask(http, image)[0] for image in DIGITS} == {FIRST}
    found = candidate(http)
    assert found["state"] == "refused"
    assert said in found["reason"]
    assert found["counts"] is None


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (write_weights(LABELS, NETWORK.weights.tensors), "has other labels"),
        (b"no weights", "bytes"),
    ],
)
def test_a_file_that_cannot_be_tried_is_refused(
    http: httpx.Client, bucket: Bucket, file: bytes, said: str
):
    propose(bucket, file, 100)
    assert ask(http, DIGITS[0])[0] == FIRST
    assert said in candidate(http)["reason"]


@pytest.mark.parametrize("value", [[], "x", 3, True])
def test_a_candidate_that_is_no_object_is_refused(http: httpx.Client, bucket: Bucket, value: Any):
    bucket.serve(SHIPPED, candidate=value)
    assert ask(http, DIGITS[0])[0] == FIRST
    assert "no JSON object" in candidate(http)["reason"]


def test_pointers_of_other_fields_are_read_as_before(http: httpx.Client, bucket: Bucket):
    bucket.serve(SHIPPED, candidate=None, more={"of": "later versions"})
    assert candidate(http) is None
    bucket.serve(SMALL)
    answer = http.get("/model").json()
    assert answer["candidate"] is None
    json.dumps(answer)


def test_an_image_is_answered_by_what_the_pointer_says_now(
    http: httpx.Client, bucket: Bucket, tmp_path: Path
):
    for _ in range(3):
        propose(bucket, GOOD, 100)
        assert ask(http, DIGITS[0])[0] == SECOND
        bucket.serve(SHIPPED)
        assert ask(http, DIGITS[0])[0] == FIRST
        assert candidate(http) is None


def test_a_client_may_ask_for_one_of_the_two(http: httpx.Client, bucket: Bucket):
    propose(bucket, GOOD, 100)

    def asked(images: np.ndarray[Any, Any], which: str) -> tuple[str, str]:
        answer = http.post(f"/classify{which}", content=images.tobytes(), headers=OCTETS)
        assert answer.status_code == 200, answer.text
        return answer.headers["X-Model-Sha256"], answer.headers["X-Candidate-Sha256"]

    assert asked(DIGITS[0], "") == (SECOND, SECOND)
    assert asked(DIGITS[0], "?model=current") == (FIRST, SECOND)
    assert candidate(http)["counts"]["compared"] == 2
    assert asked(DIGITS[0], "?model=candidate") == (SECOND, SECOND)
    assert asked(DIGITS, "?model=candidate") == (SECOND, SECOND)
    counts = candidate(http)["counts"]
    assert (counts["compared"], counts["candidate"]["answers"]) == (2, 1)  # only looked at
    bucket.serve(SHIPPED)
    answer = http.post("/classify?model=current", content=DIGITS[0].tobytes(), headers=OCTETS)
    assert answer.headers["X-Model-Sha256"] == FIRST
    assert "X-Candidate-Sha256" not in answer.headers
    answer = http.post("/classify?model=candidate", content=DIGITS[0].tobytes(), headers=OCTETS)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:mnist-nb:problem:no-candidate"


@pytest.mark.parametrize("query", ["model=", "model=both", "model=current&model=current"])
def test_another_word_for_one_of_the_two_is_told(http: httpx.Client, query: str):
    answer = http.post(f"/classify?{query}", content=DIGITS[0].tobytes(), headers=OCTETS)
    assert answer.status_code == 400
    assert "give current or candidate" in answer.json()["detail"]
