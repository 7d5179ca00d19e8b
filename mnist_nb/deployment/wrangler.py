"""`wrangler deploy`, run with its output passed on as it comes, and the URL taken from it."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_nb.deployment.credentials import ACCOUNT_ID, API_TOKEN, Credentials
from mnist_nb.errors import AccountError
from mnist_nb.local_edge import find_deploy, find_node, find_wrangler, is_checkout, node_env

TIMEOUT = 300.0  # seconds; an upload of 100 KB takes a few
_TARGET = re.compile(r"\s+(https?://\S+|[\w.-]+\.[a-z]+(?= \(custom domain))")


def names(deploy: Path) -> tuple[str, str]:
    """Name of the Worker and of its bucket, as `wrangler.jsonc` has them."""
    text = (deploy / "wrangler.jsonc").read_text("utf-8")
    found = [re.search(rf'"{key}"\s*:\s*"([\w-]+)"', text) for key in ("name", "bucket_name")]
    if not all(found):
        raise AccountError(f"{deploy / 'wrangler.jsonc'} has no name or bucket_name")
    worker, bucket = (str(match[1]) for match in found if match)
    return worker, bucket


def wrangler(deploy: Path) -> list[str]:
    """The command of wrangler for the Worker in `deploy`; raises as `find_wrangler`."""
    return [str(find_node()), str(find_wrangler(deploy))]


def wrangler_deploy(
    credentials: Credentials,
    account_id: str = "",
    *,
    dry_run: bool = False,
    with_lab: bool = False,
    say: Callable[[str], object] = print,
    command: Sequence[str] | None = None,
) -> str:
    """Deploy the Worker.

    The token goes to wrangler in its environment, never among its arguments, which everybody on
    this machine can read.

    Args:
        credentials: with the API token; a dry run gets none.
        account_id: where to.
        dry_run: build and check only; nothing leaves this machine.
        with_lab: with the website of the notebooks, which is in `public/lab` when it is built.
        say: called with each line of the output.
        command: instead of the wrangler in `deploy/`, for tests.

    Returns:
        The URL of the edge; "" after a dry run.

    Raises:
        AccountError: wrangler failed, with the last lines it wrote.
        SetupError: Node or wrangler is missing.
    """
    deploy = find_deploy()
    arguments = [*(command or wrangler(deploy)), "deploy", *(["--dry-run"] if dry_run else [])]
    if not is_checkout(deploy):
        arguments += ["built/worker.js", "--no-bundle"]
    lines: deque[str] = deque(maxlen=15)
    url, deployed = "", False
    with (
        _folder(deploy) as folder,
        _assets(deploy, with_lab) as assets,
        _running(
            [*arguments, *assets], folder, lambda: _environment(credentials, account_id, dry_run)
        ) as output,
    ):
        for line in output:
            line = credentials.hide(line.rstrip())
            lines.append(line)
            say(line)
            deployed = deployed or (line.startswith("Deployed ") and "triggers" in line)
            if deployed and not url and (found := _TARGET.match(line)):
                url = found[1] if "://" in found[1] else f"https://{found[1]}"
    if output.status:
        how = "did not end in time" if output.timed_out else f"ended with status {output.status}"
        raise AccountError("\n  ".join([f"wrangler deploy {how}; its last lines:", *lines]))
    if not url and not dry_run:
        raise AccountError(
            "wrangler deployed, but named no URL: switch the workers.dev subdomain on, or add a"
            " route in wrangler.jsonc"
        )
    return url


@contextmanager
def _folder(deploy: Path) -> Iterator[Path]:
    """Where wrangler runs. It writes `.wrangler/` there: not into an installed package."""
    if is_checkout(deploy):
        yield deploy
        return
    with tempfile.TemporaryDirectory(prefix="mnist-nb-") as folder:
        yield Path(shutil.copytree(deploy, Path(folder, "deploy")))


@contextmanager
def _assets(deploy: Path, with_lab: bool) -> Iterator[list[str]]:
    """Options for the files beside the Worker: without the website where nobody asked for it."""
    public = deploy / "public"
    if with_lab or not (public / "lab").exists():
        yield []
        return
    with tempfile.TemporaryDirectory(prefix="mnist-nb-") as folder:
        rest = Path(folder, "public")
        shutil.copytree(public, rest, ignore=shutil.ignore_patterns("lab"))
        yield ["--assets", str(rest)]


def _environment(credentials: Credentials, account_id: str, dry_run: bool) -> dict[str, str]:
    # Of what is inherited, only one way to log in may reach it.
    env = {k: v for k, v in node_env().items() if not k.startswith(("CLOUDFLARE_API_", "R2_"))}
    env.pop("CLOUDFLARE_EMAIL", None)
    env |= {"CI": "true", "NO_COLOR": "1", "FORCE_COLOR": "0"}  # it asks nothing, in no colours
    if base := os.environ.get("CLOUDFLARE_API_BASE_URL"):
        env["CLOUDFLARE_API_BASE_URL"] = base
    if not dry_run:
        env |= {API_TOKEN: credentials.api_token.reveal(), ACCOUNT_ID: account_id}
    return env


class _Output(Iterator[str]):
    """Lines of a process; `status` once they are all read."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.status: int | None = None
        self.timed_out = False

    def __next__(self) -> str:
        assert self._process.stdout is not None
        return next(self._process.stdout)

    def expire(self) -> None:
        self.timed_out = True
        _end(self._process)


@contextmanager
def _running(
    arguments: Sequence[str], folder: Path, env: Callable[[], Mapping[str, str]]
) -> Iterator[_Output]:
    """A process of its own group, which has ended when the block has.

    `env` is called for within the call only: tracebacks may show the variables of a function.
    """
    process = subprocess.Popen(
        arguments,
        cwd=folder,
        env=env(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    output = _Output(process)
    timer = threading.Timer(TIMEOUT, output.expire)
    timer.start()
    try:
        yield output
        output.status = process.wait()
    finally:
        timer.cancel()
        _end(process)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _end(process: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
