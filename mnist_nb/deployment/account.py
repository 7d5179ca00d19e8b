"""The edge in one's own Cloudflare account: bucket, weights, Worker, secret; planned, then done."""

from pathlib import Path

from mnist_nb.deployment.cloudflare import Cloudflare
from mnist_nb.deployment.credentials import ACCOUNT_ID, EDGE_TOKEN, EDGE_URL, Credentials
from mnist_nb.deployment.plan import Outcome, Plan, Step
from mnist_nb.deployment.steps import Say, finish
from mnist_nb.deployment.target import Target
from mnist_nb.deployment.wrangler import names, wrangler_deploy
from mnist_nb.errors import SetupError
from mnist_nb.local_edge import find_deploy, lab_folder
from mnist_nb.network import read_candidate, shipped_weights
from mnist_nb.releases import Releases, megabytes

SECRET = "EDGE_TOKEN"  # its name in the Worker
WAIT = 180.0  # seconds; the name of a new Worker takes a while to be known everywhere


def deploy(
    credentials: Credentials | None = None,
    *,
    weights: Path | str | None = None,
    dry_run: bool = True,
    with_lab: bool = False,
    wait: float = WAIT,
    say: Say = print,
    progress: Say | None = None,
    wrangler: list[str] | None = None,
) -> Outcome:
    """Put the edge online: a bucket when there is none, weights, the Worker, and its secret.

    Run again, it brings the Worker up to date and leaves the rest.

    Args:
        credentials: None takes them from the environment or from `.env`.
        weights: to push and serve; None pushes the shipped file when nothing is served yet.
        dry_run: only look, build, and say what would be done. This is the default.
        with_lab: also the website that `mnist-nb site` built, as `/lab` of the edge.
        wait: seconds to wait until the edge serves; 0 does not wait.
        say: called with the plan, with what was done, and with wrangler's lines.
        progress: called with what is going on.
        wrangler: the command instead of the one in `deploy/`, for tests.

    Raises:
        AccountError: the token, a permission or a setting is missing, or wrangler failed.
        SetupError: `deploy/` or its npm packages are not here, or the website is not built.
        WeightsError, ReleaseError: as `Releases.push`.
    """
    credentials = credentials or Credentials.find()
    tell = progress or (lambda text: None)
    worker, bucket = names(find_deploy())
    pages = [_pages()] if with_lab else []
    with Cloudflare(credentials.api_token) as api:
        wanted = credentials.values.get(ACCOUNT_ID)
        tell("checking the token and the account")
        token_id, account = api.verify(wanted), api.account(wanted)
        has_bucket, secrets = api.has_bucket(account, bucket), api.secrets(account, worker)
        releases = Releases(credentials.bucket(account.id, token_id, bucket))
        current = releases.current() if has_bucket else None
        path = weights or (None if current else shipped_weights())
        edge_token = credentials.secrets.get(EDGE_TOKEN)

        steps = [
            Step(f"bucket {bucket} is there", needed=False)
            if has_bucket
            else Step(
                f"create bucket {bucket}",
                f"created bucket {bucket}",
                f"npx wrangler r2 bucket delete {bucket}   (in deploy/, once it is empty)",
            )
        ]
        candidate = read_candidate(path) if path else None
        sha256 = candidate.weights.sha256 if candidate else ""
        if candidate and not (current and sha256 == current.sha256):
            size = megabytes(len(candidate.content))
            shown = current.sha256[:8] if current else "nothing"
            what = f"{size} to {bucket}/mnist/, and current from {shown} to {sha256[:8]}"
            back = "mnist-nb rollback" if current else ""
            steps.append(Step(f"upload {what}", f"uploaded {what}", back))
        elif current:
            steps.append(Step(f"current is {current.sha256[:8]} ({current.name})", needed=False))
        is_new = secrets is None
        steps.append(
            Step(
                f"deploy Worker {worker}{'' if is_new else ', replacing the one there'}",
                f"deployed Worker {worker}",
                f"npx wrangler {'delete' if is_new else 'rollback'}   (in deploy/)",
            )
        )
        steps += pages
        if edge_token:
            what = f"secret {SECRET}: clients then need {EDGE_TOKEN}"
            back = f"npx wrangler secret delete {SECRET}   (in deploy/)"
            steps.append(Step(f"set {what}", f"set {what}", back))
        elif SECRET not in (secrets or ()):
            steps.append(Step(f"anybody may ask: {EDGE_TOKEN} is not set", needed=False))
        plan = Plan(f"the account {account.name or account.id}", steps, dry_run)
        say(str(plan))
        if dry_run:
            tell("building the Worker")
            wrangler_deploy(credentials, dry_run=True, with_lab=with_lab, say=say, command=wrangler)
            return Outcome(plan, current.sha256 if current else "")

        if not has_bucket:
            tell(f"creating bucket {bucket}")
            api.create_bucket(account, bucket)
        release = current
        if candidate:
            before = current.sha256 if current else None
            release = releases.push(candidate, instead_of=before, progress=progress)
        tell("deploying the Worker")
        url = wrangler_deploy(credentials, account.id, with_lab=with_lab, say=say, command=wrangler)
        if edge_token:
            tell(f"setting secret {SECRET}")
            api.set_secret(account, worker, SECRET, edge_token)
        assert release is not None  # there was a current one, or one was pushed
        target = Target(plan.where, releases, url, token=credentials.edge_token)
        notes = [f"use   export {EDGE_URL}={url}"]
        return finish(target, plan, release, wait, say, progress, notes)


def _pages() -> Step:
    """What the website of the notebooks adds; SetupError when it is not built."""
    sizes = [path.stat().st_size for path in lab_folder().rglob("*") if path.is_file()]
    if not sizes:
        raise SetupError(f"there is no website in {lab_folder()}: `mnist-nb site` builds it")
    what = f"the notebooks as /lab, {len(sizes)} files, {megabytes(sum(sizes))}"
    return Step(f"upload {what}", f"uploaded {what}")
