"""The edge of a notebook: one of this machine or, in a browser, the one that serves the page."""

from dataclasses import dataclass
from typing import Any

import httpx

from mnist_nb.edge import IN_BROWSER, Fetch, page_origin
from mnist_nb.local_edge import LocalEdge


@dataclass(frozen=True)
class Served:
    """The edge that serves the page; it cannot be stopped from there.

    Attributes:
        url: of it.
    """

    url: str


def edge_here() -> LocalEdge | Served:
    """Start an edge on this machine or, in a browser, name the one that serves the page.

    Raises:
        SetupError: it cannot start.
    """
    return Served(page_origin()) if IN_BROWSER else LocalEdge().start()


def post(url: str, **request: Any) -> httpx.Response:
    """What `httpx.post` does, also where a browser has to send it."""
    transport = Fetch() if IN_BROWSER else None
    with httpx.Client(transport=transport, trust_env=False) as client:
        return client.post(url, **request)
