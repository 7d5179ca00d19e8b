"""The commands about one network's file: import, export, check."""

import json
from pathlib import Path

import numpy as np
import pytest

from mnist_nb.local_edge.local_edge import LocalEdge
from mnist_nb.network.export_onnx import to_onnx
from mnist_nb.network.file_format import read_weights, shipped_weights
from tests.cli.conftest import run
from tests.network.test_infer import nearest
from tests.support.files import SMALL
from tests.support.other_programs import saved


def test_import_writes_a_weights_file_beside_it_once(state_dict: Path) -> None:
    result = run("import", state_dict)
    assert result.exit_code == 0, result.stderr
    assert "layers    flatten linear\n" in result.stdout
    target = state_dict.with_suffix(".safetensors")
    weights = read_weights(target)
    assert f"{target}   line {weights.sha256[:8]}, 7,840 parameters" in result.stdout
    again = run("import", state_dict)
    assert again.exit_code == 1
    assert "is there already" in again.stderr
    assert run("import", state_dict, "--out", target, "--name", "mine").exit_code == 0
    assert read_weights(target).architecture.name == "mine"


def test_import_takes_layers_from_a_file(state_dict: Path, tmp_path: Path) -> None:
    layers = [{"op": "relu"}, {"op": "flatten"}, {"op": "linear", "weight": "fc.weight"}]
    (tmp_path / "layers.json").write_text(json.dumps(layers))
    result = run("import", state_dict, "--layers", tmp_path / "layers.json")
    assert "layers    relu flatten linear\n" in result.stdout
    if (endless := Path("/dev/zero")).exists():
        result = run("import", state_dict, "--layers", endless, "--out", "x")
        assert (result.exit_code, "not JSON" in result.stderr) == (1, True)
    (tmp_path / "layers.json").write_bytes(b"\xff")
    result = run("import", state_dict, "--layers", tmp_path / "layers.json", "--out", "x")
    assert result.exit_code == 1
    assert "layers.json" in result.stderr


def test_import_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "some.pt").write_bytes(b"GIF89a, or so")
    result = run("import", tmp_path / "some.pt")
    assert result.exit_code == 1
    assert "expected a state dict of PyTorch, safetensors, ONNX" in result.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "some.pt"]


def test_export_writes_onnx(tmp_path: Path) -> None:
    result = run("export", tmp_path / "mnist.onnx")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "mnist.onnx").read_bytes() == to_onnx(read_weights(shipped_weights()))
    result = run("export", tmp_path / "no" / "mnist.onnx")
    assert result.exit_code == 1
    assert "cannot write" in result.stderr


def test_import_says_how_it_read_a_file_and_what_is_not_certain(tmp_path: Path) -> None:
    (tmp_path / "net.pt").write_bytes(saved(nearest()))
    result = run("import", tmp_path / "net.pt", "--mean", 0, "--std", 1)
    assert result.exit_code == 0, result.stderr
    assert "layers    flatten linear relu linear\n" in result.stdout
    assert "of our digits" in result.stdout
    assert "Not certain: relu was taken as the usual one" in " ".join(result.stderr.split())


def test_import_lists_what_it_may_be_and_takes_one(tmp_path: Path) -> None:
    weight = nearest(hidden=False)["fc.weight"]  # what is added to all pixels is not seen
    weight -= weight.mean(axis=1, keepdims=True)
    weight *= 3 / np.linalg.norm(weight, axis=1, keepdims=True)
    (tmp_path / "net.pt").write_bytes(saved({"fc.weight": weight}))
    unclear = run("import", tmp_path / "net.pt")
    assert unclear.exit_code == 1
    assert "Add --take with the number of the right one" in unclear.stderr
    rows = [line.split() for line in unclear.stderr.splitlines() if "%" in line]
    assert [row[0] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
    result = run("import", tmp_path / "net.pt", "--take", len(rows))
    assert result.exit_code == 0, result.stderr
    assert f"read with {' '.join(rows[-1][2:])}: " in result.stdout
    assert run("import", tmp_path / "net.pt", "--take", 99, "--out", "x").exit_code == 1


def test_import_of_our_own_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(SMALL)
    result = run("import", path)
    assert result.exit_code == 1
    assert "a weights file of mnist-nb already: use it as it is" in result.stderr
    assert path.read_bytes() == SMALL


def test_import_of_safetensors_leaves_them_alone(tmp_path: Path) -> None:
    import safetensors.numpy

    path = tmp_path / "line.safetensors"
    safetensors.numpy.save_file({"fc.weight": np.eye(10, 784, dtype=np.float32)}, path)
    before = path.read_bytes()
    result = run("import", path)
    assert result.exit_code == 0, result.stderr
    assert path.read_bytes() == before
    assert read_weights(tmp_path / "line-imported.safetensors").architecture.name == "line"


def test_export_asks_before_it_overwrites_and_minds_the_suffix(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"mine")
    asked = run("export", path)
    assert asked.exit_code == 1
    assert "is there already. Write over it?" in asked.stderr
    assert path.read_bytes() == b"mine"
    assert run("export", path, "--yes").exit_code == 0
    assert path.read_bytes() == to_onnx(read_weights(shipped_weights()))
    other = run("export", tmp_path / "net.safetensors")
    assert other.exit_code == 2
    assert "only ONNX is written: name it" in other.stderr
    assert not (tmp_path / "net.safetensors").exists()


@pytest.mark.edge
def test_check_certifies_a_file(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    path.write_bytes(SMALL)
    with LocalEdge(weights=path) as edge:
        result = run("check", path, "--edge", edge.url, "--json")
        assert result.exit_code == 0, result.stderr
        said = json.loads(result.stdout)
        weights = read_weights(path)
        assert (said["sha256"], said["parameters"]) == (weights.sha256, weights.parameters)
        assert said["layers"] == [
            *("conv2d", "batchnorm2d", "gelu", "maxpool2d", "flatten", "linear"),
        ]
        assert said["agree"] is True
        assert set(said["differences"]) == {"plain loops", "kernel", "edge"}
        assert max(said["differences"].values()) < 3e-6
        assert said["not_sure_below"] is None
        assert "reads only" in result.stderr  # it is untrained
        other = run("check", shipped_weights(), "--edge", edge.url)
        assert other.exit_code == 1
        assert "edge         serves another file: push this one\n" in other.stdout
        assert "reads        100.0% of 400 digits that this project makes" in other.stdout
        assert "not sure     below 83.8%\n" in other.stdout
