"""The Worker's reader of weights files, in Node: thousands of files in a second."""

import json
import struct
import subprocess
from collections.abc import Iterable
from typing import Any

from mnist_nb.local_edge.node import find_deploy, find_node

_SCRIPT = """
import { readFileSync } from "node:fs";
import { build } from "esbuild";
const options = { bundle: true, write: false, format: "esm", target: "es2024" };
const { outputFiles } = await build({ ...options, entryPoints: ["src/network/weights.ts"] });
const source = Buffer.from(outputFiles[0].contents).toString("base64");
const { readWeights } = await import(`data:text/javascript;base64,${source}`);
const input = readFileSync(0);
const answers = [];
for (let at = 0; at < input.length; ) {
  const size = input.readUInt32LE(at);
  const file = Uint8Array.from(input.subarray(at + 4, at + 4 + size));
  at += 4 + size;
  try {
    const { cost, room } = readWeights(file);
    answers.push({ cost, room });
  } catch (error) {
    answers.push({ reason: error.message, stack: error.constructor.name });
  }
}
process.stdout.write(JSON.stringify(answers));
"""


def edge_reads(files: Iterable[bytes]) -> list[dict[str, Any]]:
    """What the Worker says of each file: its `cost` and `room`, or the `reason` of a refusal."""
    content = b"".join(struct.pack("<I", len(file)) + file for file in files)
    run = subprocess.run(
        [str(find_node()), "--input-type=module", "-e", _SCRIPT],
        input=content,
        cwd=find_deploy(),
        capture_output=True,
        check=True,
    )
    answers: list[dict[str, Any]] = json.loads(run.stdout)
    for answer in answers:  # any other error is a fault of the reader
        assert answer.get("stack", "WeightsRefused") == "WeightsRefused", answer
    return answers
