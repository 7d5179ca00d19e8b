"""`npx wrangler dev`, as people know it from the original."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.files import SMALL
from tests.support.wrangler_dev import wrangler_dev

pytestmark = pytest.mark.edge


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    weights = tmp_path / "small.safetensors"
    weights.write_bytes(SMALL)
    with wrangler_dev(weights, tmp_path / "state") as address:
        yield address


def test_wrangler_dev_classifies(url: str) -> None:
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as http:
        answer = http.post("/classify", json=[0] * 784)
        assert answer.status_code == 200, answer.text
        assert len(answer.json()) == 10
        assert sum(answer.json()) == pytest.approx(1, abs=1e-5)
        assert http.get("/model").json()["name"] == "small"
        assert "<canvas" in http.get("/").text
        large = {"Content-Type": "application/octet-stream"}
        answer = http.post("/classify", content=bytes(10_000_000), headers=large)
        assert answer.status_code == 413
