"""Readers with spoiled files, by the thousand: only our errors, in bounded time and memory."""

import json
import subprocess
import sys
import time

import pytest

from tests.soak.readers import READERS
from tests.soak.scale import SOAK, scaled

MOST_SECONDS, MOST_MEGABYTES = 5.0, 1000.0  # of one file; Pillow reads up to 89 million pixels


@pytest.mark.parametrize("name", READERS)
def test_no_file_takes_long_or_much(name: str) -> None:
    count = scaled(60, 3000 if name == "pictures" else 20_000)
    seed = time.time_ns() % 2**31 if SOAK else 18  # a longer run shall find what others did not
    words = [sys.executable, "-m", "tests.soak.readers", name, str(count), str(seed)]
    run = subprocess.run(words, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, f"seed {seed}\n{run.stderr[-4000:]}"
    said = json.loads(run.stdout)
    print(f"{name}: {said}, seed {seed}")
    assert said["read"] + said["refused"] == count
    assert said["refused"] > 0 or name == "metadata"  # of which what cannot be read is left out
    assert said["slowest"] < MOST_SECONDS
    assert said["megabytes"] < MOST_MEGABYTES
