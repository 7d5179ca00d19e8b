"""The optional rate limit, switched on as wrangler.jsonc says, in the real runtime."""

import shutil
import time
from collections.abc import Callable, Iterator
from itertools import count

import httpx
import pytest

from mnist_nb.local_edge.local_edge import LocalEdge
from mnist_nb.local_edge.node import find_deploy
from tests.support.bucket import Bucket
from tests.support.files import SMALL

pytestmark = pytest.mark.edge

LIMIT, PERIOD = 5, 60
TOKEN = {"Authorization": "Bearer s3cret"}
OCTETS = {"Content-Type": "application/octet-stream"}
Ask = Callable[..., int]


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    deploy = tmp_path_factory.mktemp("limited") / "deploy"
    ignore = shutil.ignore_patterns("node_modules", ".wrangler")
    shutil.copytree(find_deploy(), deploy, ignore=ignore)
    (deploy / "node_modules").symlink_to(find_deploy() / "node_modules")
    config = deploy / "wrangler.jsonc"
    before, optional = config.read_text().split("  // Optional: at most `limit`")
    assert '"limit": 6000, "period": 60' in optional
    optional = optional.replace('"limit": 6000', f'"limit": {LIMIT}').replace("\n  // ", "\n  ")
    optional = optional.replace("\n  one /64", "\n  // one /64")  # prose stays a comment
    config.write_text(f"{before.rstrip()},\n  //{optional}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_NB_DEPLOY", str(deploy))
        with (
            LocalEdge(ttl=3600, seed=False, vars={"EDGE_TOKEN": "s3cret"}) as edge,
            httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http,
        ):
            Bucket(edge).serve(SMALL)
            yield http


def in_one_period(http: httpx.Client, asking: Callable[[Ask, str], list[int]]) -> list[int]:
    """Statuses of the requests of a network that is new; again if a period ended among them."""
    for number in count():
        network, began = f"2001:db8:{time.time_ns() & 0xFFFF:x}:{number:x}", time.time() // PERIOD

        def ask(method: str, path: str, address: str, images: int = 0, token: bool = True) -> int:
            headers = {"CF-Connecting-IP": address} | (TOKEN if token else {})
            content = bytes(784 * images) if images else None
            answer = http.request(
                method, path, content=content, headers=headers | (OCTETS if images else {})
            )
            if answer.status_code == 429:
                assert answer.headers["Retry-After"] == "10"
                assert answer.json()["type"] == "urn:mnist-nb:problem:too-many"
            return answer.status_code

        statuses = asking(ask, network)
        if time.time() // PERIOD == began:
            return statuses
    raise AssertionError


def test_requests_are_counted(limited: httpx.Client) -> None:
    def asking(ask: Ask, network: str) -> list[int]:
        return [ask("POST", "/classify", f"{network}::1", 1) for _ in range(LIMIT + 2)]

    assert in_one_period(limited, asking) == [200] * LIMIT + [429] * 2


def test_images_are_counted(limited: httpx.Client) -> None:
    def asking(ask: Ask, network: str) -> list[int]:
        return [ask("POST", "/classify", f"{network}::1", images) for images in (2, 3, 1)]

    assert in_one_period(limited, asking) == [200, 200, 429]

    def large(ask: Ask, network: str) -> list[int]:
        return [ask("POST", "/classify", f"{network}::1", images) for images in (1024, 1)]

    assert in_one_period(limited, large) == [200, 429]


@pytest.mark.parametrize("path", ["/healthz", "/model", "/nothing"])
def test_every_path_of_the_worker_is_counted(limited: httpx.Client, path: str) -> None:
    status = 404 if path == "/nothing" else 200

    def asking(ask: Ask, network: str) -> list[int]:
        return [ask("GET", path, f"{network}::1") for _ in range(LIMIT + 1)]

    assert in_one_period(limited, asking) == [status] * LIMIT + [429]


def test_tokens_cannot_be_tried_without_end(limited: httpx.Client) -> None:
    def asking(ask: Ask, network: str) -> list[int]:
        return [ask("GET", "/model", f"{network}::1", token=False) for _ in range(LIMIT + 3)]

    assert in_one_period(limited, asking) == [401] * LIMIT + [429] * 3


def test_a_network_of_ipv6_is_one_client(limited: httpx.Client) -> None:
    def asking(ask: Ask, network: str) -> list[int]:
        same = [f"{network}::1", f"{network}:0:0:0:1", f"{network}:ffff:1:2:3"]
        same += [f"{network.upper()}::abcd", f"{network.replace('2001:', '2001:0')}::9"]
        used = [ask("GET", "/healthz", address) for address in same]
        return [*used, ask("GET", "/healthz", f"{network}:1::1")]

    assert in_one_period(limited, asking) == [200] * 5 + [429]


@pytest.mark.parametrize(
    "addresses",
    [
        ("192.0.2.{}", "198.51.100.{}"),
        ("::ffff:203.0.113.{}", "203.0.113.99"),
        ("2001:db8:1:{}::1", "2001:db8:2:{}::1"),
        ("::1:{}:1:2:3:4", "::2:{}:1:2:3:4"),
    ],
)
def test_others_are_not_counted(limited: httpx.Client, addresses: tuple[str, str]) -> None:
    def asking(ask: Ask, network: str) -> list[int]:
        one, other = (text.format(int(network[-1], 16) + 1) for text in addresses)
        used = [ask("GET", "/healthz", one) for _ in range(LIMIT + 1)]
        return [*used, ask("GET", "/healthz", other)]

    assert in_one_period(limited, asking) == [200] * LIMIT + [429, 200]
