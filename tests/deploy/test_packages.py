"""package-lock.json installs the same packages on every platform and from any registry."""

import json
import re
import subprocess
from pathlib import Path

from mnist_nb.local_edge.node import find_deploy, find_node, node_env


def test_versions_are_exact() -> None:
    package = json.loads((find_deploy() / "package.json").read_text())
    assert package["devDependencies"]
    for name, version in package["devDependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} {version} is not pinned"


def test_the_lock_names_no_registry_and_every_platform() -> None:
    packages = json.loads((find_deploy() / "package-lock.json").read_text())["packages"]
    locked = {path.rpartition("node_modules/")[2] for path in packages}
    for path, entry in packages.items():
        assert "resolved" not in entry, f"{path} names a registry"
        assert not path or entry["integrity"].startswith("sha512-"), f"{path} is not checked"
        # `npm ci` fails everywhere when the package of one platform is missing.
        for name in entry.get("optionalDependencies", {}):
            assert name in locked, f"{path} needs {name}"


def test_what_an_installed_package_has_is_built_from_these_sources(tmp_path: Path) -> None:
    """`npm run build` makes deploy/built/ anew."""
    deploy = find_deploy()
    again = tmp_path / "built"
    subprocess.run([find_node(), deploy / "build.mjs", again], check=True, env=node_env())
    made = {path.name: path.read_bytes() for path in again.iterdir()}
    assert made == {path.name: path.read_bytes() for path in (deploy / "built").iterdir()}


def test_an_installed_package_runs_what_a_checkout_runs() -> None:
    deploy = find_deploy()
    whole = json.loads((deploy / "package-lock.json").read_text())["packages"]
    lock = json.loads((deploy / "built/package-lock.json").read_text())["packages"]
    assert {"node_modules/miniflare", "node_modules/workerd"} < set(lock)
    assert "node_modules/wrangler" not in lock
    for path in lock.keys() - {""}:
        assert lock[path]["version"] == whole[path]["version"]
        assert lock[path]["integrity"] == whole[path]["integrity"]
