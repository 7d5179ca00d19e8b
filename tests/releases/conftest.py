"""A bucket of the local edge, emptied for each test."""

import hashlib
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from mnist_nb import LocalEdge
from mnist_nb.releases.releases import POINTER, Releases
from tests.support.networks import random_network

SECRET = "do-not-show-me"


@pytest.fixture(scope="module")
def empty_edge() -> Iterator[LocalEdge]:
    with LocalEdge(ttl=0, seed=False) as running:
        yield running


@pytest.fixture(scope="module")
def s3(empty_edge: LocalEdge) -> Any:
    """A client of our own, to look at and to damage the bucket."""
    settings = empty_edge.bucket
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        region_name="auto",
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
        config=Config(s3={"addressing_style": "path"}, proxies={}),
    )


@pytest.fixture
def releases(empty_edge: LocalEdge, s3: Any) -> Releases:
    """An empty bucket."""
    for entry in s3.list_objects_v2(Bucket="models").get("Contents", []):
        s3.delete_object(Bucket="models", Key=entry["Key"])
    return empty_edge.releases()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("weights")
    paths = [folder / f"{seed}.safetensors" for seed in range(3)]
    for seed, path in enumerate(paths):
        path.write_bytes(random_network(np.random.default_rng(seed)))
    return paths


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pointer(s3: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(s3.get_object(Bucket="models", Key=POINTER)["Body"].read())
    return found


def refusing(
    releases: Releases, operation: str, part: str, status: int, said: bytes = b""
) -> Callable[[], None]:
    """Have its store refuse what has that part in its URL, until what is returned is called."""

    def refuse(request: Any, **_: Any) -> Any:
        if part not in request.url:
            return None
        raw: Any = BytesIO(said or b"<Error><Code>Refused</Code></Error>")
        raw.stream = lambda: iter([raw.read()])
        return AWSResponse(request.url, status, {}, raw)

    event = f"before-send.s3.{operation}".rstrip(".")
    releases._s3.meta.config.retries = {"total_max_attempts": 1}
    releases._s3.meta.events.register(event, refuse)
    return lambda: releases._s3.meta.events.unregister(event, refuse)
