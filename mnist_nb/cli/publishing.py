"""The command that builds the website of the notebooks."""

from pathlib import Path

import click

from mnist_nb.cli.console import console, say


@click.command()
@click.argument(
    "folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path)
)
@click.option(
    "--offline",
    metavar="WHEELS",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with Pyodide and its wheels, copied into the site, so that browsers need no"
    " other host.  [default: they fetch them from Pyodide's public distribution]",
)
def site(folder: Path | None, offline: Path | None) -> None:
    """Build the notebooks as a website.

    JupyterLab and Python run in the visitor's browser, with nothing to install, and ask the edge
    that serves the page. Without DIR it becomes /lab of the edge: `mnist-nb edge` serves it, and
    `mnist-nb deploy --with-lab` puts it online. Needs the extra `site`.
    """
    from mnist_nb.local_edge import lab_folder
    from mnist_nb.releases import megabytes
    from mnist_nb.site import build_site

    with console(stderr=True).status("Building the site ..."):
        built = build_site(folder or lab_folder(), offline)
    rest = "" if offline else ", and Python with numpy from elsewhere"
    say(
        f"{built.folder}: {built.files} files, {megabytes(built.bytes)}. A visitor fetches"
        f" JupyterLab and {megabytes(built.first)} of packages once{rest}."
    )


COMMANDS = (site,)
