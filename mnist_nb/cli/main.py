"""The command `mnist-nb`: classify, doctor, import, export; what serves, and the releases.

Each command imports what it needs when it runs, so that `mnist-nb --help` answers at once.
"""

import errno
import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from click.shell_completion import get_completion_class

from mnist_nb._version import __version__
from mnist_nb.cli import networks, publishing, releasing, serving, trials
from mnist_nb.cli.console import console, never_stumble, say
from mnist_nb.cli.serving import start_quietly, token
from mnist_nb.errors import (
    EdgeError,
    InputError,
    MnistNbError,
    ReleaseConflict,
)

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Failure(click.ClickException):
    """An error of ours as one red paragraph on stderr and an exit code, without a traceback."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class

    def show(self, file: Any = None) -> None:
        say(self.message, "bold red")


class _Commands(click.Group):
    def main(self, *args: Any, **kwargs: Any) -> Any:
        never_stumble()
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            say(f"the disk is full: make room, and run it again ({error})", "bold red")
            raise SystemExit(1) from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MnistNbError as error:
            raise _Failure(str(error), 3 if isinstance(error, ReleaseConflict) else 1) from error


FIRST = """\
mnist-nb lab                draw a digit in JupyterLab, with an edge on this machine
mnist-nb classify FILE.png  what both say of a picture of yours
mnist-nb edge               only the edge, with a web page to draw on

mnist-nb --help             all commands"""


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="mnist-nb")
@click.option(
    "--token-over-http",
    is_flag=True,
    help="Send MNIST_NB_EDGE_TOKEN to another machine also without TLS, for all to read.",
)
@click.pass_context
def main(ctx: click.Context, token_over_http: bool) -> None:
    """Draw a digit; numpy here and a Durable Object at the edge both say what it is."""
    if token_over_http:  # through the environment, as notebooks that a command starts need it too
        from mnist_nb.edge import TOKEN_OVER_HTTP

        os.environ[TOKEN_OVER_HTTP] = "1"
        ctx.call_on_close(lambda: os.environ.pop(TOKEN_OVER_HTTP, None))
    if ctx.invoked_subcommand is None:
        click.echo(FIRST)


@main.command()
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
)
@click.option(
    "--edge",
    metavar="URL",
    envvar="MNIST_NB_EDGE_URL",
    show_envvar=True,
    help="Edge to ask.  [default: one started on this machine for this call]",
)
@click.option("--local-only", is_flag=True, help="Ask no edge.")
@click.option("--one", is_flag=True, help="Read all that is on a picture as one digit.")
@click.option(
    "--show",
    "shown",
    metavar="FILE.png",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the picture with its digits boxed to this file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object for each digit.")
@click.pass_context
def classify(
    ctx: click.Context,
    files: tuple[Path, ...],
    edge: str | None,
    local_only: bool,
    one: bool,
    shown: Path | None,
    as_json: bool,
) -> None:
    """Say which digits are on each picture.

    A picture is a drawing, a scan or a photo of one digit or of several that do not touch, as PNG,
    JPEG or what else Pillow reads; they are read in lines. FILE can be a folder, for the pictures
    in it, or - for stdin. Both answers show side by side: that of this machine and that of the
    edge.
    """
    from mnist_nb.cli.classify import Reader, find_pictures, write_boxes
    from mnist_nb.cli.terminal import show, show_reading

    if local_only and ctx.get_parameter_source("edge") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--local-only asks no edge: leave out one of the two")
    pictures = find_pictures(files)
    if shown and len(pictures) != 1:
        raise click.UsageError(f"--show shows one picture, and there are {len(pictures)}")
    answers: list[dict[str, Any]] = []
    with ExitStack() as stack:
        reader = stack.enter_context(Reader())
        if edge and not local_only:
            reader.ask(edge, token())
        elif not local_only:
            try:
                reader.ask(start_quietly(stack))
            except MnistNbError as error:
                say(f"Only the local answer: {error}", "yellow")
        for path in pictures:
            try:
                picture, reports = reader.read(path, one=one)
            except InputError as error:
                answers.append({"file": str(path), "error": str(error)})
                say(str(error), "bold red")
                continue
            answers += [report.to_dict() for report in reports]
            if shown:
                write_boxes(shown, picture, reports)
            if not as_json:
                for report in reports:
                    show(report, console())
                show_reading(reports, console())
    if as_json:
        click.echo(json.dumps(answers, indent=2))
    if reader.edge_error:
        raise EdgeError(f"Only the local answer: {reader.edge_error}")
    if any("error" in answer for answer in answers):
        raise SystemExit(1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> None:
    """Check all that the lab needs.

    Says what to do for each part that fails. The exit code is 1 when there is one.
    """
    from dataclasses import asdict

    from mnist_nb.cli.doctor import examine
    from mnist_nb.cli.terminal import show_finding

    findings = []
    for finding in examine(os.environ.get("MNIST_NB_EDGE_URL")):
        findings.append(finding)
        if not as_json:
            show_finding(finding, console())
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    failed = sum(finding.state == "fail" for finding in findings)
    if not as_json:
        say(f"{failed} of {len(findings)} checks failed." if failed else "The lab can start.")
    if failed:
        raise SystemExit(1)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes a shell complete these commands.

    For bash: `eval "$(mnist-nb completion bash)"`, in ~/.bashrc to keep it; zsh alike. For fish:
    `mnist-nb completion fish > ~/.config/fish/completions/mnist-nb.fish`.
    """
    found = get_completion_class(shell)
    assert found is not None  # click has these three
    click.echo(found(main, {}, "mnist-nb", "_MNIST_NB_COMPLETE").source())


for command in (
    *networks.COMMANDS,
    *serving.COMMANDS,
    *releasing.COMMANDS,
    *trials.COMMANDS,
    *publishing.COMMANDS,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
