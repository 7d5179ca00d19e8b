"""Releases and the Worker, here or in an account: planned, then done."""

from mnist_nb.deployment.account import deploy
from mnist_nb.deployment.cloudflare import Cloudflare
from mnist_nb.deployment.credentials import (
    ACCOUNT_ID,
    API_TOKEN,
    EDGE_TOKEN,
    Credentials,
    Secret,
    remember,
)
from mnist_nb.deployment.plan import Outcome, Plan
from mnist_nb.deployment.steps import WAIT, promote, push, rollback
from mnist_nb.deployment.target import Target, find_target, open_target

__all__ = [
    "ACCOUNT_ID",
    "API_TOKEN",
    "EDGE_TOKEN",
    "WAIT",
    "Cloudflare",
    "Credentials",
    "Outcome",
    "Plan",
    "Secret",
    "Target",
    "deploy",
    "find_target",
    "open_target",
    "promote",
    "push",
    "remember",
    "rollback",
]
