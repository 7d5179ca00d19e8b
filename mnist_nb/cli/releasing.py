"""The commands that release weights and deploy the edge."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_nb.cli.console import console, say, talking

if TYPE_CHECKING:
    from mnist_nb.deployment import Outcome

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_CODES = (
    "Exit codes: 0 it is done, or the dry run is; 1 it did not happen, or the edge does not serve"
    " it in time; 2 wrong usage; 3 somebody else promoted in the same moment."
)


def release_command(function: Callable[..., None]) -> click.Command:
    """A command with the options that all of these have."""
    edge = click.option(
        "--edge",
        metavar="URL",
        envvar="MNIST_NB_EDGE_URL",
        show_envvar=True,
        help="One on this machine is released to, it has a bucket of its own. Any other is waited"
        " for, and the bucket is that of R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY, or of"
        " CLOUDFLARE_API_TOKEN, in the environment or in .env.",
    )
    as_json = click.option(
        "--json", "as_json", is_flag=True, help="Print JSON; the rest to stderr."
    )
    return click.command(epilog=_CODES)(edge(as_json(function)))


_dry_run = click.option("--dry-run", is_flag=True, help="Print the plan and change nothing.")
_reason = click.option("--reason", default="", help="Kept in the trail, for people.")
_force = click.option(
    "--force",
    metavar="REASON",
    default="",
    help="Promote also what reads our digits worse than what is served; the reason is kept.",
)
_no_wait = click.option("--no-wait", is_flag=True, help="Do not wait until the edge serves it.")


@release_command
@click.argument("file", type=FILE)
@click.option("--no-promote", is_flag=True, help="Only upload; the edge goes on as it is.")
@_reason
@_force
@_dry_run
@_no_wait
def push(
    file: Path,
    no_promote: bool,
    edge: str | None,
    no_wait: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Upload weights and let the edge serve them.

    FILE is a weights file, or one that `mnist-nb import` reads, such as Burn's mnist.bin. It is
    checked in full before any of it is sent, and read back afterwards.
    """
    from mnist_nb import deployment

    with talking(as_json) as words:
        words["wait"] = 0 if no_wait else deployment.WAIT
        target = deployment.find_target(edge)
        done = deployment.push(target, file, promote=not no_promote, **how, **words)
    _print_outcome(done, as_json)


@release_command
@click.argument("sha256", required=False)
@_reason
@_force
@_dry_run
@_no_wait
def promote(sha256: str | None, edge: str | None, no_wait: bool, as_json: bool, **how: Any) -> None:
    """Let the edge serve a file that was pushed before.

    SHA256 is that of the file, or its first digits, as `mnist-nb releases` shows them. Without one,
    what is on trial is promoted.
    """
    from mnist_nb import deployment

    with talking(as_json) as words:
        words["wait"] = 0 if no_wait else deployment.WAIT
        done = deployment.promote(deployment.find_target(edge), sha256, **how, **words)
    _print_outcome(done, as_json)


@release_command
@_reason
@_dry_run
@_no_wait
def rollback(edge: str | None, no_wait: bool, as_json: bool, **how: Any) -> None:
    """Let the edge serve what it served before.

    A second rollback takes the first one back.
    """
    from mnist_nb import deployment

    with talking(as_json) as words:
        words["wait"] = 0 if no_wait else deployment.WAIT
        done = deployment.rollback(deployment.find_target(edge), **how, **words)
    _print_outcome(done, as_json)


@release_command
@click.option("--history", is_flag=True, help="What was decided instead: by whom, when and why.")
def releases(history: bool, edge: str | None, as_json: bool) -> None:
    """List the weights that were pushed, newest first."""
    from mnist_nb import deployment
    from mnist_nb.cli.terminal import show_history, show_releases

    with talking(as_json):
        there = deployment.find_target(edge).releases
        notes, found = (there.history(), []) if history else ([], there.list())
    if history and as_json:
        click.echo(json.dumps([asdict(note) for note in notes], indent=2))
    elif history:
        show_history(notes, console())
    elif as_json:
        click.echo(json.dumps([release.to_dict() for release in found], indent=2))
    else:
        show_releases(found, console())


@click.command(epilog=_CODES)
@click.option("--weights", type=FILE, help="A weights file to serve.  [default: the shipped one]")
@click.option(
    "--dry-run/--yes",
    default=True,
    help="Only look, build the Worker and print the plan, or do it.  [default: --dry-run]",
)
@click.option(
    "--with-lab", is_flag=True, help="And the website that `mnist-nb site` built, as /lab."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; the rest to stderr.")
def deploy(weights: Path | None, dry_run: bool, with_lab: bool, as_json: bool) -> None:
    """Put the edge into your Cloudflare account.

    Makes the bucket, uploads weights when none are served yet, deploys the Worker, and sets its
    token from MNIST_NB_EDGE_TOKEN. Needs CLOUDFLARE_API_TOKEN, in the environment or in .env.
    """
    from mnist_nb import deployment

    with talking(as_json) as words:
        done = deployment.deploy(weights=weights, dry_run=dry_run, with_lab=with_lab, **words)
    _print_outcome(done, as_json)
    if dry_run:
        say("Nothing was changed. `mnist-nb deploy --yes` does it.")


def _print_outcome(outcome: "Outcome", as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(outcome.to_dict(), indent=2))


COMMANDS = (push, promote, rollback, releases, deploy)
