"""During a trial, and while it begins and ends, each answer is of the weights that it names."""

import os
import signal
from pathlib import Path

import pytest

from mnist_nb import LocalEdge
from tests.soak.load import answers_of, assert_only_from, load
from tests.soak.scale import scaled
from tests.soak.test_promote import variant
from tests.support.processes import runtime_of

pytestmark = pytest.mark.edge

CLIENTS = 16


def test_every_answer_is_of_the_weights_that_it_names(tmp_path: Path) -> None:
    """Two files by turns: proposed, withdrawn, promoted; the object evicted, workerd killed."""
    paths = [tmp_path / "0.safetensors", tmp_path / "1.safetensors"]
    for number, path in enumerate(paths):
        path.write_bytes(variant(number))
    known: dict[str, dict[int, bytes]] = {}
    by_sha256 = {}
    with LocalEdge(ttl=0.05, seed=False) as edge:
        releases = edge.releases()
        for path in paths:
            by_sha256[releases.push(path).sha256] = path
            releases.wait_until_served(edge)
            known.update([answers_of(edge.url)])
        with load(edge.url, CLIENTS) as running:
            for _ in range(scaled(1, 20)):
                for hit in ("nothing", "evict", "kill"):
                    now = len(running.answers)
                    current = releases.current()
                    assert current is not None
                    (other,) = (
                        path for sha256, path in by_sha256.items() if sha256 != current.sha256
                    )
                    releases.propose(other, 100)
                    releases.wait_until_seen(edge)
                    running.more(CLIENTS)
                    if hit == "evict":
                        os.kill(edge.pid or 0, signal.SIGUSR2)
                    elif hit == "kill":
                        runtime_of(edge).kill()
                    running.more(4 * CLIENTS)
                    releases.withdraw()
                    running.more(CLIENTS)
                    releases.propose(other, 50)
                    running.more(CLIENTS)
                    assert releases.promote().previous == current.sha256
                    running.more(CLIENTS)
                    seen = {a.model for a in running.answers[now:] if a.status == 200}
                    assert seen == set(known)
        assert_only_from(known, running.answers)
        wrong = [answer for answer in running.answers if answer.status not in (0, 200)]
        assert not wrong, wrong[0]
    print(f"{len(running.answers)} answers, each of the weights that it names")
