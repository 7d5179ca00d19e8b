"""The Worker as deployed and something more, as a folder for `LocalEdge` to run."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_nb.local_edge.node import find_deploy


@contextmanager
def variant(folder: Path, source: str) -> Iterator[None]:
    """Have each `LocalEdge` run another Worker as long as the block lasts.

    Args:
        folder: an empty one, for a copy of `deploy/`.
        source: TypeScript that imports "./worker". What it does not export itself is as there.
    """
    deploy, before = folder / "deploy", os.environ.get("MNIST_NB_DEPLOY")
    ignore = shutil.ignore_patterns("node_modules", ".wrangler")
    shutil.copytree(find_deploy(), deploy, ignore=ignore)
    (deploy / "node_modules").symlink_to(find_deploy() / "node_modules")
    (deploy / "src" / "variant.ts").write_text(f'{source}export * from "./worker";\n')
    config = deploy / "wrangler.jsonc"
    config.write_text(config.read_text().replace("src/worker.ts", "src/variant.ts"))
    os.environ["MNIST_NB_DEPLOY"] = str(deploy)
    try:
        yield
    finally:
        del os.environ["MNIST_NB_DEPLOY"]
        if before is not None:
            os.environ["MNIST_NB_DEPLOY"] = before
