"""What may happen to a running edge at any time: clients notice little, and nobody has to help."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import httpx
import pytest

from mnist_nb.local_edge.local_edge import LocalEdge
from tests.soak.load import SECONDS, Answer, answers_of, assert_only_from, load
from tests.soak.scale import SOAK, scaled
from tests.support.bucket import Bucket
from tests.support.files import SMALL
from tests.support.processes import runtime_of
from tests.support.variant import variant

pytestmark = pytest.mark.edge

CLIENTS = 16
BACK_SECONDS = 1.0

# The Worker as deployed, and two paths more: the object ends itself; the Worker logs 2 MB.
ABORTABLE = """
import worker, { Classifier as Deployed } from "./worker";
export class Classifier extends Deployed {
  end() { this.ctx.abort("a test"); }
}
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/loud") {
      for (let i = 0; i < 2000; i++) console.log("loud".padEnd(1000, "."));
      return new Response("said");
    }
    if (pathname !== "/end") return worker.fetch(request, env);
    await env.CLASSIFIER.getByName("default").end().catch(() => {});
    return new Response("ended");
  },
};
"""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEdge]:
    folder = tmp_path_factory.mktemp("abortable")
    with variant(folder, ABORTABLE), LocalEdge(ttl=5, seed=False) as edge:
        Bucket(edge).serve(SMALL)
        yield edge


def evict(edge: LocalEdge) -> None:
    """What the platform does when memory is short, or nobody asks for a while."""
    assert edge.pid is not None
    os.kill(edge.pid, signal.SIGUSR2)


def abort(edge: LocalEdge) -> None:
    """What the platform does to an object that is moved, updated or out of memory."""
    assert httpx.get(f"{edge.url}/end", timeout=20, trust_env=False).text == "ended"


def kill(edge: LocalEdge) -> None:
    """What the kernel does when a machine has no memory left."""
    runtime_of(edge).kill()


def test_the_first_eviction_while_the_worker_logs_more_than_a_pipe_holds(edge: LocalEdge) -> None:
    """Once workerd waited for Node to read its log, and Node for workerd to evict, for ever."""
    evicted = threading.Event()

    def shout() -> None:
        while not evicted.is_set():
            httpx.get(f"{edge.url}/loud", timeout=SECONDS, trust_env=False).raise_for_status()

    with ThreadPoolExecutor(1) as pool, load(edge.url, 1) as running:
        shouting = pool.submit(shout)
        try:
            evict(edge)
            for answer in running.follow(len(running.answers)):
                if answer.cold:
                    break
        finally:
            evicted.set()
        shouting.result()


def longest_wait(answers: Sequence[Answer]) -> float:
    """The longest that any client went without a good answer, in seconds."""
    good: dict[int, list[float]] = {}
    for answer in answers:
        if answer.status == 200:
            good.setdefault(answer.client, [answer.began]).append(answer.ended)
    return max(b - a for times in good.values() for a, b in pairwise(times))


@pytest.mark.parametrize("hit", [evict, abort, kill])
def test_clients_see_one_error_at_most_and_the_model_is_back(
    hit: Callable[[LocalEdge], None], edge: LocalEdge
) -> None:
    model, answers = answers_of(edge.url)
    waited = []
    with load(edge.url, CLIENTS) as running:
        for _ in range(scaled(2, 50)):
            now = len(running.answers)
            hit(edge)
            for answer in running.follow(now):
                if answer.cold:  # it did hit, and the model is back
                    break
            running.more(2 * CLIENTS)
            waited.append(longest_wait(running.answers[now:]))
            failed = [answer for answer in running.answers[now:] if answer.status != 200]
            per_client = [answer.client for answer in failed]
            assert len(per_client) == len(set(per_client)), failed
            assert {answer.status for answer in failed} <= {0, 503}, failed
    print(
        f"{hit.__name__}: the longest wait was {min(waited):.2f} to {max(waited):.2f} s; "
        f"{len(failed)} errors in the last round"
    )
    if SOAK:
        # The quickest round tells what the edge takes, the others what else the machine had to do.
        assert min(waited) < BACK_SECONDS
    assert_only_from({model: answers}, running.answers)
    assert answers_of(edge.url) == (model, answers)
