"""The whole edge on this machine: the real Workers runtime with its R2."""

from mnist_nb.local_edge.local_edge import LocalEdge
from mnist_nb.local_edge.node import find_deploy, find_node, is_secret, lab_folder, node_env
from mnist_nb.local_edge.packages import find_wrangler, host_packages, is_checkout
from mnist_nb.local_edge.shared import shared_edge

__all__ = [
    "LocalEdge",
    "find_deploy",
    "find_node",
    "find_wrangler",
    "host_packages",
    "is_checkout",
    "is_secret",
    "lab_folder",
    "node_env",
    "shared_edge",
]
