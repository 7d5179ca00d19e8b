"""Clients of the edge: 784 bytes to an answer, over there."""

from mnist_nb.edge.address import is_loopback, normal_url
from mnist_nb.edge.client import AsyncEdgeClient, EdgeClient
from mnist_nb.edge.conversation import CONNECTIONS
from mnist_nb.edge.protocol import CLASSES
from mnist_nb.edge.result import EdgeResult

__all__ = [
    "CLASSES",
    "CONNECTIONS",
    "AsyncEdgeClient",
    "EdgeClient",
    "EdgeResult",
    "is_loopback",
    "normal_url",
]
