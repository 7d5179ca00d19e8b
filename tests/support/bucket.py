"""The bucket and the log of a local edge, as the tests write the one and read the other."""

import hashlib
import json
import os
import signal
import time
from typing import Any

import boto3
import httpx
from botocore.config import Config

from mnist_nb.local_edge import LocalEdge


class Bucket:
    """The bucket of a local edge, written without the checks that `Releases` makes."""

    def __init__(self, edge: LocalEdge) -> None:
        self.name = edge.bucket.bucket
        self.s3: Any = boto3.client(
            "s3",
            endpoint_url=edge.bucket.endpoint_url,
            aws_access_key_id=edge.bucket.access_key_id,
            aws_secret_access_key=edge.bucket.secret_access_key,
            region_name="auto",
            config=Config(
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                proxies={},
            ),
        )

    def put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=content)

    def delete(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.name, Key=key)

    def serve(self, content: bytes, **pointer: Any) -> str:
        """Push a file as `Releases.push` does; `pointer` replaces fields of the pointer."""
        sha256 = hashlib.sha256(content).hexdigest()
        key = f"mnist/{sha256}.safetensors"
        self.put(key, content)
        fields = {"sha256": sha256, "key": key, "bytes": len(content), "name": "test"}
        fields |= {"pushed_at": "2026-11-22T10:00:00Z", "previous": None, **pointer}
        self.put("mnist/current.json", json.dumps(fields).encode())
        return sha256


def log_of(edge: LocalEdge, event: str, count: int) -> list[dict[str, Any]]:
    """The lines of one kind in an edge's log, once there are `count`; each comes by a pipe."""
    deadline = time.monotonic() + 20
    while True:
        lines = [line.partition(": ")[2] for line in edge.logs if f'"event":"{event}"' in line]
        if len(lines) >= count or time.monotonic() > deadline:
            return [json.loads(line) for line in lines]
        time.sleep(0.01)


def evict(edge: LocalEdge) -> None:
    """What the platform does when memory is short; returns once the object is a new one."""

    # Without `verify` each client loads all certificates, which takes 15 ms.
    with httpx.Client(base_url=edge.url, timeout=30, trust_env=False, verify=False) as http:

        def loaded() -> Any:
            return http.get("/model").json().get("loaded_at")

        before, deadline = loaded(), time.monotonic() + 20
        assert edge.pid is not None
        os.kill(edge.pid, signal.SIGUSR2)
        while loaded() == before:
            assert time.monotonic() < deadline, "no object was evicted"
            time.sleep(0.01)
