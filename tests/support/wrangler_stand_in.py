"""A stand-in for `wrangler deploy` that uploads nothing: `python wrangler_stand_in.py MODE URL`.

It writes the lines that wrangler 4 writes, and what tells a test how it was started.
"""

import json
import os
import sys
import time

mode, url, *words = sys.argv[1:]
env = {name: os.environ.get(name) for name in ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID")}
with open(os.environ["WRANGLER_STAND_IN_NOTES"], "a") as notes:
    notes.write(json.dumps({"words": words, "env": env, "arguments": sys.orig_argv}) + "\n")


def line(text: str = "") -> None:
    print(text, flush=True)


line("Total Upload: 59.20 KiB / gzip: 19.51 KiB")
if words[:2] == ["deploy", "--dry-run"]:
    line("--dry-run: exiting now.")
    sys.exit()
if mode == "fail":
    line("✘ [ERROR] A request to the Cloudflare API (/accounts/x/workers/scripts/y) failed.")
    line(f"  Authentication error [code: 10000] for {env['CLOUDFLARE_API_TOKEN']}")
    sys.exit(1)
if mode == "watched":  # until the test has seen it in the list of processes
    line("look at me")
    while not os.path.exists(os.environ["WRANGLER_STAND_IN_NOTES"] + ".seen"):
        time.sleep(0.01)
if mode == "hang":
    line("waiting")
    time.sleep(600)
line("Uploaded mnist-nb (1.42 sec)")
if mode == "nowhere":
    line("No targets deployed for mnist-nb (0.31 sec)")
    sys.exit()
line("Deployed mnist-nb triggers (0.31 sec)")
line(f"  {url}")
line("Current Version ID: 0d3d6ce8-6b51-4d7d-9c8c-6f8a2f0a7a55 https://not.this/one")
