"""The whole edge on this machine: the real Workers runtime with its R2."""

from mnist_nb.local_edge.local_edge import LocalEdge
from mnist_nb.local_edge.node import check_packages, find_deploy, find_node, node_env
from mnist_nb.local_edge.shared import shared_edge

__all__ = ["LocalEdge", "check_packages", "find_deploy", "find_node", "node_env", "shared_edge"]
