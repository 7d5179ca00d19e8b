"""What README and CONTRIBUTING tell people to type exists, and what they point at is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from PIL import Image

from mnist_nb.cli.main import main
from tests.test_rooms import ROOMS

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "model/README.md",
        *ROOT.glob("docs/*.md"),
    ]
)
CODE = re.compile(r"^```\w*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> Iterator[str]:
    """The lines of code blocks, and the code within sentences, without comments."""
    for block, inline in CODE.findall(page.read_text("utf-8")):
        for line in (block or inline).splitlines():
            yield line.partition(" # ")[0].removeprefix("$ ").strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for line in commands(page):
        if make := re.fullmatch(r"make ([a-z]+)( .*)?", line):
            assert make[1] in targets, line
        if ours := re.match(r"mnist-nb( .*)?$", line):
            words = (ours[1] or "").split()
            command = main.commands.get(words[0]) if words else main
            assert command, line
            options = {
                option
                for parameter in [*command.params, *command.get_help_option_names(_context())]
                for option in getattr(parameter, "opts", [parameter])
            }
            for word in words:
                if word.startswith("--"):
                    assert word.partition("=")[0].strip("[]") in {*options, "--version"}, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_are_there(page: Path) -> None:
    text = CODE.sub("", page.read_text("utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)|(?:src|href|srcset)=\"([^\"]+)\"", text):
        target = (link[0] or link[1]).partition("#")[0]
        if target and "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", ["README.md", "docs/decisions.md"])
def test_the_kernel_is_as_large_as_is_said(page: str) -> None:
    said = re.search(r"C\s+kernel\s+of\s+(\d+)\s+KB", (ROOT / page).read_text("utf-8"))
    assert said
    assert int(said[1]) == round((ROOT / "deploy/kernel/kernel.wasm").stat().st_size / 1e3)


def folders(page: str) -> list[str]:
    """The folders in the first column of a page's tables."""
    text = (ROOT / page).read_text("utf-8")
    return re.findall(r"^\| `([\w/]+)/` \|", text, re.MULTILINE)


def test_the_map_names_every_room_in_the_order_of_imports() -> None:
    named = folders("CONTRIBUTING.md")
    rooms = [name.removeprefix("mnist_nb/") for name in named if name.startswith("mnist_nb/")]
    assert rooms == list(ROOMS)
    for folder in ("deploy", "model", "notebooks", "benchmarks", "tests"):
        assert folder in named


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_folders_that_are_named_are_there(page: str) -> None:
    named = folders(page)
    assert named
    for folder in named:
        assert (ROOT / folder).is_dir(), folder


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_files_that_are_named_are_there(page: Path) -> None:
    for path in re.findall(
        r"`([\w/]+/[\w.-]+\.(?:py|c|js|ts|mjs|css|md))`", page.read_text("utf-8")
    ):
        places = (ROOT, ROOT / "mnist_nb", page.parent)
        assert any((place / path).exists() for place in places), path


def test_readme_names_the_two_commands() -> None:
    lines = list(commands(ROOT / "README.md"))
    assert "make lab" in lines
    assert "make test" in lines


def test_readme_opens_with_an_animation_that_is_light() -> None:
    (first, *_) = re.findall(r"!\[.*?\]\((\S+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert (ROOT / first).stat().st_size <= 1_000_000
    with Image.open(ROOT / first) as picture:
        assert getattr(picture, "n_frames", 1) > 50


def _context() -> click.Context:
    return click.Context(main)
