"""`npx wrangler dev`, as people know it from the original: for its test and for the benchmarks."""

import os
import re
import signal
import subprocess
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from mnist_nb.local_edge.node import find_deploy, find_node, node_env


@contextmanager
def wrangler_dev(weights: Path, state: Path, log: deque[str] | None = None) -> Iterator[str]:
    """Yield its address, with weights that wrangler has put into its bucket.

    Args:
        weights: a weights file.
        state: an empty folder for the bucket.
        log: gets the lines that it writes once it is ready, as they come.
    """
    deploy, env = find_deploy(), node_env()
    wrangler = [find_node(), deploy / "node_modules/wrangler/bin/wrangler.js"]
    put = ["r2", "object", "put", "models/mnist.safetensors", "--file", weights, "--local"]
    there = ["--persist-to", state]
    started = {"cwd": deploy, "env": env, "text": True}
    subprocess.run(
        [*wrangler, *put, *there], check=True, capture_output=True, timeout=60, **started
    )
    process = subprocess.Popen(
        [*wrangler, "dev", "--port", "0", "--inspector-port", "0", "--ip", "127.0.0.1", *there],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **started,
    )
    assert process.stdout is not None
    said, reader = [], None
    try:
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"Ready on (http://\S+)", line):
                sink = deque(maxlen=0) if log is None else log
                # It logs each request, and would stop at a pipe that nobody empties.
                reader = Thread(target=sink.extend, args=[process.stdout])
                reader.start()
                yield found[1]
                break
        else:
            raise RuntimeError("wrangler dev ended:\n" + "".join(said))
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
        if reader:
            reader.join()
        process.stdout.close()
