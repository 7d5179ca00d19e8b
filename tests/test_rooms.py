"""The house: its rooms, the order in which they may import, and what they share by their doors."""

import ast
import re
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
WORKER = ROOT / "deploy" / "src"
FLOORS = (  # of the Worker: a folder or a file imports only from those above
    ("settings", "problem", "network"),
    ("object",),
    ("env",),
    ("requests",),
    ("openapi", "watch"),
    ("worker",),
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


def test_the_worker_has_floors_too() -> None:
    floor = {room: i for i, rooms in enumerate(FLOORS) for room in rooms}
    for path in WORKER.rglob("*.ts"):
        here = path.relative_to(WORKER).with_suffix("").parts[0]
        for module in re.findall(r'from "(\..+?)"', path.read_text("utf-8")):
            found = (path.parent / module).resolve()
            there = found.relative_to(WORKER).parts[0] if WORKER in found.parents else ""
            if there not in ("", here):
                assert floor[there] < floor[here], f"{path.name} imports {module}"
