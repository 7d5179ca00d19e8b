"""Modules of `deploy/page/`, which are TypeScript, as one script that Node and a browser run."""

import subprocess
from pathlib import Path

from mnist_nb.local_edge.node import find_deploy, find_node

_BUILD = """
import { readFileSync } from "node:fs";
import { build } from "esbuild";
const stdin = { contents: readFileSync(0, "utf8"), resolveDir: "page", loader: "ts" };
await build({ stdin, outfile: process.argv[1], bundle: true, format: "iife", target: "es2022" });
"""


def bundle(source: str, script: Path) -> Path:
    """Write a plain script of TypeScript that may import what is in `deploy/page/`."""
    command = [find_node(), "--input-type=module", "--eval", _BUILD, script]
    subprocess.run(command, cwd=find_deploy(), input=source.encode(), check=True, timeout=60)
    return script
