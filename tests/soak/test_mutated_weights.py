"""Spoiled weights are pushed while others classify: no wrong answer, no outage, always a reason."""

import hashlib
from collections import Counter
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

from mnist_nb.errors import WeightsError
from mnist_nb.local_edge.local_edge import LocalEdge
from mnist_nb.network.file_format import read_weights
from mnist_nb.network.numpy_network import Network
from tests.soak.load import IMAGES, Load, answers_of, assert_only_from, load
from tests.soak.mutants import mutant
from tests.soak.scale import SOAK, scaled
from tests.support.bucket import Bucket
from tests.support.files import LAYERS, SMALL, TENSORS, network, pack
from tests.support.hostile import HOSTILE

pytestmark = pytest.mark.edge

OTHER = pack({**TENSORS, "fc.w": -TENSORS["fc.w"]}, network(LAYERS, name="other"))
# Where the edge may refuse what Python reads: it has limits of its own, and reads strictly.
EDGE_ONLY = ("multiply-adds", "packed it needs", "field ", "overflow float32", "numbers an image")


def served(running: Load, http: httpx.Client) -> dict[str, Any]:
    answer = http.get("/model")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def python_reads(content: bytes) -> Network | None:
    try:
        return Network(read_weights(content))
    except WeightsError:
        return None


def test_no_wrong_answer_no_outage_and_a_reason_for_each(
    edge: LocalEdge, bucket: Bucket, workerd: psutil.Process
) -> None:
    rng = np.random.default_rng(2)
    good, known = [], {}
    for content in (SMALL, OTHER):
        good.append(bucket.serve(content))
        known.update([answers_of(edge.url)])
    # make test pushes each of the hostile ones elsewhere, without load.
    files = [content for content, _ in HOSTILE.values()][:: 1 if SOAK else 6]
    files += [mutant(rng) for _ in range(scaled(30, 1000))]
    counts: Counter[str] = Counter()
    with (
        httpx.Client(base_url=edge.url, timeout=20, trust_env=False) as http,
        load(edge.url, clients=2) as running,
    ):
        for number, content in enumerate(files):
            sha256 = hashlib.sha256(content).hexdigest()
            if number % 7 == 0:  # the pointer is good, the object is not
                content, promised = SMALL, hashlib.sha256(SMALL + b"%d" % number).hexdigest()
                key = f"mnist/{promised}.safetensors"
                bucket.put(key, content)
                bucket.serve(content, sha256=promised, key=key)
                said = served(running, http)
                assert said["sha256"] in good
                assert "these are not the bytes pushed" in said["rejected"]["reason"]
                counts["damaged"] += 1
            else:
                bucket.serve(content)
                said = served(running, http)
                network = python_reads(content)
                if said["sha256"] == sha256:
                    assert network is not None, "the edge serves what Python refuses"
                    name, answers = answers_of(edge.url)
                    assert name == sha256
                    rows = np.array([np.frombuffer(answers[i], "<f4") for i in sorted(answers)])
                    np.testing.assert_allclose(rows, network.predict(IMAGES), atol=1e-4)
                    known[sha256] = answers
                    counts["still good"] += 1
                else:
                    assert said["sha256"] in known
                    refused = said["rejected"]
                    assert refused["sha256"] == sha256
                    assert refused["reason"]
                    assert "could not be loaded" not in refused["reason"], refused
                    if network is not None:
                        assert any(part in refused["reason"] for part in EDGE_ONLY), refused
                    counts["refused"] += 1
            if number % 5 == 0 or said["sha256"] not in good:
                bucket.serve((SMALL, OTHER)[number % 2])
                assert served(running, http)["sha256"] == good[number % 2]
        running.more(8)
    print(f"{dict(counts)}, {len(running.answers)} answers meanwhile")
    assert {answer.status for answer in running.answers} == {200}
    assert_only_from(known, running.answers)
    assert counts["refused"] > counts["still good"] > 0
