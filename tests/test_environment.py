"""What is declared in several places agrees, and nothing in the repository names one machine."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = ["requirements.lock", "requirements-node.lock"]


def locked(name: str) -> dict[str, str]:
    pins = re.findall(r"^([\w.-]+)==([\w.+!-]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in pins}


def test_environment_yml_has_the_dependencies_of_pyproject() -> None:
    text = (ROOT / "environment.yml").read_text()
    conda = {}
    for name, versions in re.findall(r"^  - ([\w-]+)(?: (\S+))?$", text, re.MULTILINE):
        conda[name] = versions
    assert conda.pop("conda-forge") == ""  # the channel
    assert conda.pop("python") == PROJECT["requires-python"].replace(" ", "")
    engines = json.loads((ROOT / "deploy/package.json").read_text())["engines"]
    assert conda.pop("nodejs") == engines["node"] == ">=22.12"
    assert conda.pop("pip") == ""
    assert "  - pip:\n      - .\n" in text
    wanted = map(Requirement, PROJECT["dependencies"])
    assert conda == {need.name: str(need.specifier) for need in wanted}


def test_the_lock_satisfies_pyproject() -> None:
    pins = locked("requirements.lock")
    for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]:
        need = Requirement(line)
        assert need.specifier.contains(pins[canonicalize_name(need.name)]), line


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_of_a_lock_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    assert locked(name)
    for pin in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[\w.-]+==\S+ .*\\\n    --hash=sha256:[0-9a-f]{64}", pin), pin


def test_the_npm_lock_has_no_address_and_all_that_npm_ci_asks_for() -> None:
    text = (ROOT / "deploy/package-lock.json").read_text()
    assert '"resolved"' not in text
    packages = json.loads(text)["packages"]
    for path, package in packages.items():
        # npm ci refuses a lock without the packages of other platforms.
        for name in package.get("optionalDependencies", {}):
            assert f"node_modules/{name}" in packages, f"{path} wants {name}"


def repository_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listing.returncode:
        pytest.skip("not a git checkout, so the files of the repository are not known")
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_a_path_of_one_machine() -> None:
    path_of_one_machine = re.compile(r"(?<![\w.}/-])/(?:root|home|work|Users)/\w+")
    found = []
    for path in repository_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a binary
        found += [f"{path.name}: {match}" for match in path_of_one_machine.findall(text)]
    assert found == []


def test_ci_run_is_executable_and_parses() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", script], check=True)
