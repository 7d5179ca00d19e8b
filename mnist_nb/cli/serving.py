"""The commands that serve until Ctrl+C: the lab, the app and the edge."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

import click

from mnist_nb.cli.console import bringing, console, say
from mnist_nb.errors import EdgeError, MnistNbError, SetupError

if TYPE_CHECKING:
    from mnist_nb.local_edge import LocalEdge

PORT = click.IntRange(1, 65535)
_EDGE = "MNIST_NB_EDGE_URL"  # the kernels inherit it


def token() -> str | None:
    """The token of an edge that wants one."""
    return os.environ.get("MNIST_NB_EDGE_TOKEN")


def start_quietly(stack: ExitStack, **settings: Any) -> str:
    """Start an edge on this machine for as long as `stack` lasts, and return its URL."""
    from mnist_nb.local_edge import LocalEdge

    _bring_packages()
    with console(stderr=True).status("Starting the edge ..."):
        return stack.enter_context(LocalEdge(**settings)).url


def _bring_packages() -> None:
    from mnist_nb.local_edge import find_deploy, host_packages

    with bringing("workerd and Miniflare") as report:
        host_packages(find_deploy(), report)


def _start_and_tell(stack: ExitStack, **settings: Any) -> "LocalEdge":
    from mnist_nb.edge import EdgeClient
    from mnist_nb.local_edge import LocalEdge

    _bring_packages()
    edge = stack.enter_context(LocalEdge(**settings))
    with EdgeClient(edge.url, token=token()) as client:
        try:
            model = client.model()
            runs = f"{model['name']} {model['sha256'][:8]}"
        except EdgeError as error:
            runs = str(error)
    click.echo(f"edge   {edge.url}   {runs}")
    return edge


def _edge_for(what: str, edge: str | None, stack: ExitStack) -> str | None:
    """The edge that was named, or one started here; None, and a warning, where that cannot be."""
    if edge:
        click.echo(f"edge   {edge}")
        return edge
    try:
        return _start_and_tell(stack).url
    except MnistNbError as error:
        say(f"The {what} opens without its edge. {error}", "yellow")
        return None


def _options(port: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """What `lab` and `app` both have."""

    def add(function: Callable[..., None]) -> Callable[..., None]:
        for option in (
            click.option(
                "--edge",
                metavar="URL",
                envvar=_EDGE,
                show_envvar=True,
                help="Edge to compare with, instead of starting one on this machine.",
            ),
            click.option("--no-browser", is_flag=True, help="Print the URL and open nothing."),
            click.option("--port", type=PORT, help=port),
        ):
            function = option(function)
        return function

    return add


@click.command()
@_options("Port of JupyterLab.  [default: 8888 or the next free]")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the notebooks are, or are copied to once.  [default: the checkout, or ./mnist-nb]",
)
def lab(port: int | None, no_browser: bool, edge: str | None, folder: Path | None) -> None:
    """Start the edge and open JupyterLab.

    The browser shows the first notebook; without a display the URL is printed. Ctrl+C ends both.
    """
    from mnist_nb.servers import (
        has_display,
        load_jupyterlab,
        open_notebooks,
        require_port,
        run_jupyterlab,
        until_stopped,
    )

    with until_stopped(), ExitStack() as stack:
        if port is not None:
            require_port(port)
        home = open_notebooks(folder, click.echo)
        load_jupyterlab()
        if url := _edge_for("lab", edge, stack):
            os.environ[_EDGE] = url
        run_jupyterlab(home, port, has_display() and not no_browser, say=click.echo)


@click.command()
@_options("Port of the app.  [default: 8866]")
@click.option(
    "--ip",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; 0.0.0.0 lets the class in. Whoever reaches it can use the app.",
)
def app(port: int | None, no_browser: bool, edge: str | None, ip: str) -> None:
    """Serve the first notebook as an app.

    For a class: everyone who opens the page can draw, without an account and without its code. It
    needs the extra `app`. Ctrl+C ends it.
    """
    from mnist_nb.servers import has_display, require_port, require_voila, run_voila, until_stopped

    with until_stopped(), ExitStack() as stack:
        require_voila()
        require_port(port or 8866)
        url = _edge_for("app", edge, stack)
        if edge and token():
            say("Visitors are not given MNIST_NB_EDGE_TOKEN: an edge that wants it refuses them.")
        run_voila(port or 8866, ip, url, has_display() and not no_browser, say=click.echo)


@click.command()
@click.option("--port", type=PORT, help="Port of the edge.  [default: a free one]")
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps R2 and the Durable Objects.  [default: forgotten at the end]",
)
@click.option(
    "--collect",
    is_flag=True,
    help="Let who draws on its page give drawings to the class, and count the bets of notebooks.",
)
def edge(port: int | None, state: Path | None, collect: bool) -> None:
    """Run the edge on this machine.

    It is the real Workers runtime with its own R2, which gets the shipped weights. Ctrl+C ends it.
    """
    from mnist_nb.local_edge import lab_folder
    from mnist_nb.servers import until_stopped

    with until_stopped(), ExitStack() as stack:
        settings = {"COLLECT": "on"} if collect else None
        local = _start_and_tell(stack, port=port or 0, state=state, vars=settings)
        if lab_folder().is_dir():
            click.echo(f"lab    {local.url}/lab/")
        click.echo(f"page   {local.url}/\nuse    export {_EDGE}={local.url}\nCtrl+C ends it.")
        while local.is_running:
            sleep(0.5)
        last = "\n".join(local.logs[-10:])
        raise SetupError(f"the edge has ended by itself, start it again; its last lines:\n{last}")


COMMANDS = (lab, app, edge)
