"""package-lock.json installs the same packages on every platform and from any registry."""

import json
import re

from mnist_nb.local_edge.node import find_deploy


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
