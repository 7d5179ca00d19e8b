"""The Worker keeps to its own OpenAPI document, on requests that schemathesis makes from it."""

import json
from collections import Counter
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from mnist_nb.local_edge.local_edge import LocalEdge
from tests.soak.scale import scaled

pytestmark = pytest.mark.edge

SEEDS = st.integers(0, 2**32 - 1)


def image_bytes(many: int, seed: int) -> bytes:
    return np.random.default_rng(seed).bytes(784 * many)


def image_json(seed: int) -> bytes:
    return json.dumps(list(image_bytes(1, seed))).encode()


def test_every_route_keeps_to_the_document(
    edge: LocalEdge, small: str, workerd: psutil.Process
) -> None:
    import schemathesis
    from schemathesis import GenerationMode

    # Chance rarely finds bodies of just 784 bytes.
    schemathesis.openapi.media_type("text/plain", st.builds(image_json, SEEDS))

    document = httpx.get(f"{edge.url}/openapi.json", timeout=20, trust_env=False).json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=edge.url)
    schema.config.checks.negative_data_rejection.expected_statuses = ["400", "413"]
    schema.validate()
    seen: Counter[tuple[str, int]] = Counter()
    for result in schema.get_all_operations():
        operation = result.ok()
        most = 1 if operation.path in ("/trace", "/drawings") else 3
        octets = st.builds(image_bytes, st.integers(1, most), SEEDS)
        schemathesis.openapi.media_type("application/octet-stream", octets)
        takes = operation.body or operation.query or operation.headers
        for mode in GenerationMode:
            if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
                continue  # nothing that can be wrong

            @seed(1)
            @settings(
                max_examples=scaled(8, 2000) if takes else 1,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def conforms(case: Any) -> None:
                answer = case.call()
                seen[case.operation.label, answer.status_code] += 1
                case.validate_response(answer)

            conforms()
    print(f"{seen.total()} requests")
    assert seen["POST /classify", 200]
    assert seen["POST /classify", 400]
    assert seen["POST /drawings", 201]
    assert seen["GET /model", 304]
