"""From a weights file to an edge that serves it: plan, do, report, and how to undo it.

    target = open_target("local")  # or "cloudflare"
    push(target, "better.safetensors")  # prints a plan, does it, prints what was done
    rollback(target)

The notebook and the command line call these same functions, so both say the same words.
"""

from mnist_nb.deployment.account import deploy
from mnist_nb.deployment.credentials import Credentials, Secret
from mnist_nb.deployment.plan import Outcome, Plan
from mnist_nb.deployment.steps import promote, push, rollback
from mnist_nb.deployment.target import Target, open_target

__all__ = [
    "Credentials",
    "Outcome",
    "Plan",
    "Secret",
    "Target",
    "deploy",
    "open_target",
    "promote",
    "push",
    "rollback",
]
