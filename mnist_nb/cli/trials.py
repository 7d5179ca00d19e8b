"""The commands for weights on trial: propose, status and withdraw; `promote` ends one well."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnist_nb.cli.console import encodable, say, talking
from mnist_nb.cli.releasing import FILE, release_command

if TYPE_CHECKING:
    from mnist_nb.releases import Trial


@release_command
@click.argument("file", type=FILE)
@click.option("--percent", default=10.0, show_default=True, help="Of the images that it answers.")
@click.option("--shadow", is_flag=True, help="It answers none, and is only compared.")
@click.option("--reason", default="", help="Kept with the pointer, for people.")
def propose(
    file: Path, percent: float, shadow: bool, reason: str, edge: str | None, as_json: bool
) -> None:
    """Put weights on trial beside those served.

    The edge compares both on every request of one image, and stops the trial by itself when they
    differ too often. `mnist-nb status` shows how it goes.
    """
    from mnist_nb import deployment

    with talking(as_json) as words:
        releases = deployment.find_target(edge).releases
        proposal = releases.propose(
            file, percent, shadow=shadow, reason=reason, progress=words.get("progress")
        )
    if as_json:
        click.echo(json.dumps(asdict(proposal), indent=2))
    else:
        what = "as a shadow" if shadow else f"for {percent:g} % of the images"
        say(f"{proposal.sha256[:8]} ({proposal.name}) is on trial {what}.")


@release_command
@click.option(
    "--watch",
    "seconds",
    type=click.FloatRange(0),
    help="Look for so many seconds, and withdraw what the edge has stopped.",
)
def status(seconds: float | None, edge: str | None, as_json: bool) -> None:
    """Tell how the weights on trial compare."""
    from mnist_nb import deployment

    with talking(as_json):
        target = deployment.find_target(edge)
        with target.client() as client:
            if seconds is None:
                found = target.releases.compare_live(client, token=target.token)
            else:
                found = target.releases.watch(client, seconds, token=target.token)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    else:
        _print_trial(found)


@release_command
@click.option("--reason", default="", help="Kept in the trail, for people.")
def withdraw(reason: str, edge: str | None, as_json: bool) -> None:
    """End the trial; what is served stays."""
    from mnist_nb import deployment

    with talking(as_json):
        proposal = deployment.find_target(edge).releases.withdraw(reason=reason)
    if as_json:
        click.echo(json.dumps(asdict(proposal), indent=2))
    else:
        say(f"{proposal.sha256[:8]} ({proposal.name}) is not on trial any more.")


def _print_trial(trial: "Trial") -> None:
    click.echo(encodable(str(trial)))
    for name, tally in (("served", trial.current), ("on trial", trial.candidate)):
        if tally:
            labels = " ".join(map(str, tally["labels"]))
            click.echo(f"  {name:8}  sure of {labels} (by label), not sure of {tally['unsure']}")


COMMANDS = (propose, status, withdraw)
