"""docs/scale.md says what its arithmetic says, and the settings are those it reckons with."""

from itertools import pairwise

import pytest

from mnist_nb.edge.protocol import BATCH
from mnist_nb.local_edge.node import find_deploy
from tests.support import scale


def test_the_tables_are_those_that_the_numbers_give() -> None:
    text = scale.PAGE.read_text()
    assert scale.filled(text) == text, "run: python -m tests.support.scale"


def test_it_reckons_with_what_is_deployed() -> None:
    config = (find_deploy() / "wrangler.jsonc").read_text()
    assert f'"MODEL_TTL_SECONDS": "{scale.TTL_SECONDS}"' in config
    assert max(load.batch for load in scale.LOADS) <= BATCH == 1024


def test_what_the_page_reads_from_them() -> None:
    text = scale.PAGE.read_text()
    assert f"{scale.request_price() / scale.image_price():,.2g}" == "1.4e+03"
    assert "A request costs 1,400 times as much as the image in it" in text
    assert scale.Load(1e6, 32).free() == "$0"
    many = scale.Load(1e9, 1)
    waiting = many.looks * scale.LOOK_MS / 1000 * scale.OBJECT_GB / many.gb_seconds
    assert f"{waiting:.0%}" == "40%"
    awake = scale.DAY * scale.OBJECT_GB
    assert f"{awake:,.0f} GB-s a day" == "11,059 GB-s a day"
    assert awake < scale.FREE_GB_SECONDS
    assert awake * scale.DAYS < scale.GB_SECONDS.included
    assert f"{awake * scale.DAYS / 1e6 * scale.GB_SECONDS.per_million:.2f}" == "4.15"
    log_price = scale.LOG_BYTES / 1000 * (0.25 + 0.10 * 7 / 30)  # of a million lines
    assert f"{log_price:.2f}" == "0.27"
    assert scale.FREE_REQUESTS * scale.LOG_BYTES < 0.5e9
    assert scale.Load(1e6, 45).object_ms < scale.FREE_CPU_MS < scale.Load(1e6, 50).object_ms


def test_cloudflare_s_own_examples() -> None:
    """Example 1 of Workers pricing, and 1 of Durable Objects (which rounds up to a million)."""
    assert scale.WORKER_REQUESTS.of(15e6) == pytest.approx(1.50)
    assert scale.WORKER_CPU_MS.of(7 * 15e6) == pytest.approx(1.50)
    assert scale.DURABLE_REQUESTS.of(2e6) == pytest.approx(0.15)
    assert 1e6 * scale.OBJECT_GB == 128_000
    assert scale.GB_SECONDS.of(128_000) == 0


def test_more_load_never_takes_less() -> None:
    for batch in (1, 32, 256):
        loads = [scale.Load(images, batch) for images in (1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9)]
        for less, more in pairwise(loads):
            assert more.objects >= less.objects
            assert sum(more.costs().values()) >= sum(less.costs().values())
