"""Clients of the edge: 784 bytes to an answer, over there."""

from mnist_nb.edge.address import is_loopback, normal_url
from mnist_nb.edge.client import AsyncEdgeClient, EdgeClient
from mnist_nb.edge.conversation import CONNECTIONS, TOKEN_OVER_HTTP, Which
from mnist_nb.edge.environment import require_usable
from mnist_nb.edge.fetch import IN_BROWSER, Fetch, page_origin
from mnist_nb.edge.protocol import CLASSES
from mnist_nb.edge.result import EdgeResult
from mnist_nb.edge.trace import EdgeTrace

__all__ = [
    "CLASSES",
    "CONNECTIONS",
    "IN_BROWSER",
    "TOKEN_OVER_HTTP",
    "AsyncEdgeClient",
    "EdgeClient",
    "EdgeResult",
    "EdgeTrace",
    "Fetch",
    "Which",
    "is_loopback",
    "normal_url",
    "page_origin",
    "require_usable",
]
