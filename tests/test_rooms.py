"""The house: its rooms, the order in which they may import, and what they share by their doors."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mnist_nb"
# A room imports only from rooms above it in this table.
ROOMS = (
    "drawing",
    "network",
    "edge",
    "releases",
    "local_edge",
    "comparison",
    "deployment",
    "training",
    "lab",
    "lessons",
    "servers",
    "site",
    "cli",
)
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """The room of a file, "" for those at the top."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def imports(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Modules of the package that a file imports, also inside of functions, with the names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mnist_nb":
            yield str(node.module), [alias.name for alias in node.names]
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("mnist_nb") for alias in node.names)


def test_every_folder_is_a_room() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way_and_through_the_doors(path: Path) -> None:
    here = room_of(path)
    if path == PACKAGE / "__init__.py":
        return
    for module, names in imports(path):
        _, *way = module.split(".")
        there = way[0] if way else ""
        if there not in ROOMS or there == here:
            continue
        assert here, f"what stands at the top knows no room, and imports {module}"
        assert ROOMS.index(there) < ROOMS.index(here), f"{here} imports {module}"
        shared = import_module(f"mnist_nb.{there}").__all__
        assert way == [there], f"{module}: import it from mnist_nb.{there}"
        assert set(names) <= set(shared), f"{set(names) - set(shared)} is not shared by {there}"


@pytest.mark.parametrize("room", ROOMS)
def test_files_of_a_room_import_each_other_in_no_circle(room: str) -> None:
    files = {
        ".".join(["mnist_nb", *path.relative_to(PACKAGE).with_suffix("").parts]): path
        for path in FILES
        if room_of(path) == room and path.name != "__init__.py"
    }
    needs = {
        name: {module for module, _ in imports(path) if module in files}
        for name, path in files.items()
    }
    while free := {name for name, needed in needs.items() if not needed & set(needs)}:
        needs = {name: needed for name, needed in needs.items() if name not in free}
    assert not needs, "these import each other"
