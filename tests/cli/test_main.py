"""`mnist-nb` as a person runs it: classify, doctor, import, export, help and errors."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image, ImageDraw

from mnist_nb.cli import doctor
from mnist_nb.cli.main import main
from mnist_nb.drawing.raster import rasterize
from mnist_nb.drawing.samples import samples
from mnist_nb.errors import WeightsError
from mnist_nb.local_edge.local_edge import LocalEdge
from mnist_nb.network.file_format import read_weights, shipped_weights
from tests.cli.conftest import run
from tests.support.files import LAYERS, TENSORS, network, pack


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Dark digits on light paper, one file for each of three sample drawings."""
    paths = []
    for digit in (2, 4, 7):
        ink = Image.fromarray(rasterize(samples()[digit])).resize((280, 280))
        paths.append(tmp_path / f"{digit}.png")
        Image.eval(ink, lambda grey: 240 - grey * 200 // 255).save(paths[-1])
    return paths


def answers(result: Result) -> list[dict[str, Any]]:
    reports: list[dict[str, Any]] = json.loads(result.stdout)
    return reports


def test_alone_it_says_what_one_wants_first() -> None:
    result = run()
    assert result.exit_code == 0
    first = re.findall(r"^mnist-nb (\S+)", result.stdout, re.MULTILINE)
    assert first == ["lab", "classify", "edge", "--help"]
    assert set(first[:3]) <= set(main.commands)


def test_help_names_every_command() -> None:
    shown = run("--help").output
    commands = shown.partition("Commands:\n")[2]
    assert re.findall(r"^  (\w+)  ", commands, re.MULTILINE) == sorted(main.commands)
    released = [
        "deploy",
        "promote",
        "propose",
        "push",
        "releases",
        "rollback",
        "status",
        "withdraw",
    ]
    others = ["app", "check", "classify", "completion", "doctor", "edge", "export", "import", "lab"]
    assert sorted(main.commands) == sorted([*others, "site", *released])
    for name in released:
        text = " ".join(run(name, "--help").output.split())
        assert "--json" in text
        assert "Exit codes: 0 it is done" in text
        assert "3 somebody else promoted" in text
    assert "..." not in commands  # no summary is cut off


def test_local_only_asks_no_edge(pictures: list[Path]) -> None:
    result = run("classify", "--local-only", "--json", *pictures, MNIST_NB_EDGE_URL="http://[::")
    assert result.exit_code == 0, result.stderr
    assert [report["local"]["digit"] for report in answers(result)] == [2, 4, 7]
    assert {report["edge"] for report in answers(result)} == {None}


@pytest.mark.edge
def test_both_sides_answer_alike(pictures: list[Path], edge_url: str) -> None:
    result = run("classify", "--json", "--edge", edge_url, *pictures)
    assert result.exit_code == 0, result.stderr
    reports = answers(result)
    sha256 = read_weights(shipped_weights()).sha256
    for report, digit in zip(reports, (2, 4, 7), strict=True):
        assert report["local"]["digit"] == report["edge"]["digit"] == digit
        assert report["agree"] is True
        assert report["local"]["sure"] is report["edge"]["sure"] is True
        assert report["max_abs_diff"] <= 1e-5
        assert report["local"]["model"]["sha256"] == report["edge"]["model"]["sha256"] == sha256
        assert sum(report["edge"]["probabilities"]) == pytest.approx(1, abs=1e-5)


@pytest.mark.edge
@pytest.mark.parametrize("columns", [40, 80, 160])
def test_bars_fit_the_terminal(pictures: list[Path], edge_url: str, columns: int) -> None:
    result = run("classify", "--edge", edge_url, pictures[2], COLUMNS=str(columns))
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    # The first lines are the name of the file, which may be long.
    bars = next(i for i, line in enumerate(lines) if line.split() == ["here", "edge"])
    assert max(map(len, lines[bars:])) <= columns
    for digit, line in enumerate(lines[bars + 1 : bars + 11]):
        numbers = [float(word) for word in re.findall(r"\d\.\d{3}", line)]
        assert line.split()[0] == str(digit)
        assert len(numbers) == 2
        assert ("█" in line) == (digit == 7) == (numbers[0] > 0.5)
    assert "Both say 7." in result.stdout
    assert re.search("edge  7  [0-9.]+\N{NO-BREAK SPACE}%", result.stdout)


@pytest.mark.edge
def test_a_terminal_without_unicode_gets_ascii(pictures: list[Path], edge_url: str) -> None:
    words = ["classify", "--edge", edge_url, *map(str, pictures)]
    result = CliRunner(charset="ascii").invoke(main, words, env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.stderr
    assert "Both say 7." in result.stdout
    assert "?" not in result.stdout


@pytest.mark.edge
def test_an_edge_with_other_weights_is_sure_by_its_own_threshold(
    pictures: list[Path], tmp_path: Path
) -> None:
    path = tmp_path / "never_sure.safetensors"
    path.write_bytes(pack(TENSORS, network(LAYERS, metrics={"not_sure_below": 1})))
    with LocalEdge(weights=path) as edge:
        result = run("classify", "--json", "--edge", edge.url, *pictures[:2])
        shown = run("classify", "--edge", edge.url, pictures[0])
    for report in answers(result):
        assert report["edge"]["model"]["name"] == "small"
        assert report["local"]["sure"] is True
        assert report["edge"]["sure"] is False
    assert "edge  not sure" in shown.stdout


@pytest.mark.edge
def test_without_an_edge_named_it_borrows_one(pictures: list[Path]) -> None:
    result = run("classify", "--json", pictures[0])
    assert result.exit_code == 0, result.stderr
    assert answers(result)[0]["edge"]["place"] == "local workerd"


def test_what_is_no_digit_is_said_to_be_so(tmp_path: Path) -> None:
    blot = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(blot).ellipse((30, 40, 170, 160), fill=0)
    blot.save(tmp_path / "blot.png")
    result = run("classify", "--local-only", "--json", tmp_path / "blot.png")
    assert answers(result)[0]["local"]["sure"] is False
    result = run("classify", "--local-only", tmp_path / "blot.png")
    assert "here  not sure" in result.stdout


def test_a_dead_edge_leaves_the_local_answer_and_says_so(pictures: list[Path]) -> None:
    result = run("classify", "--json", "--edge", "http://127.0.0.1:9", *pictures)
    assert result.exit_code == 1
    assert [report["local"]["digit"] for report in answers(result)] == [2, 4, 7]
    assert "Only the local answer: no edge at http://127.0.0.1:9" in result.stderr
    assert result.stderr.count("Only the local answer") == 1


def test_an_edge_that_cannot_start_leaves_the_local_answer(
    pictures: list[Path], tmp_path: Path
) -> None:
    result = run("classify", "--json", pictures[0], MNIST_NB_DEPLOY=str(tmp_path))
    assert result.exit_code == 0
    assert answers(result)[0]["local"]["digit"] == 2
    assert f"MNIST_NB_DEPLOY is {tmp_path}" in result.stderr


def test_a_file_without_a_digit_does_not_stop_the_others(
    pictures: list[Path], tmp_path: Path
) -> None:
    blank, text, cut = tmp_path / "blank.png", tmp_path / "text.png", tmp_path / "cut.png"
    Image.new("L", (64, 64), 255).save(blank)
    text.write_text("not a picture")
    cut.write_bytes(pictures[0].read_bytes()[:200])
    result = run("classify", "--local-only", "--json", blank, text, cut, pictures[1])
    assert result.exit_code == 1
    *bad, good = answers(result)
    assert good["local"]["digit"] == 4
    assert bad[0]["error"] == f"{blank}: there is no digit on it, all of it is of one shade"
    assert bad[1]["error"].startswith(f"{text} is not a picture: give a PNG")
    assert bad[2]["error"].startswith(f"{cut} cannot be read")
    for report in bad:
        assert report["error"] in result.stderr


def test_a_photo_is_turned_as_the_camera_was_held(pictures: list[Path], tmp_path: Path) -> None:
    with Image.open(pictures[1]) as upright:
        exif = Image.Exif()
        exif[0x0112] = 6  # orientation: turn a quarter clockwise to see it upright
        upright.convert("RGB").rotate(90).save(tmp_path / "4.jpg", exif=exif)
    result = run("classify", "--local-only", "--json", tmp_path / "4.jpg")
    assert answers(result)[0]["local"]["digit"] == 4


def test_a_folder_stands_for_its_pictures_and_a_dash_for_stdin(pictures: list[Path]) -> None:
    folder = pictures[0].parent
    (folder / "notes.txt").touch()
    digits = [
        a["local"]["digit"] for a in answers(run("classify", "--local-only", "--json", folder))
    ]
    assert digits == [2, 4, 7]
    command = [str(Path(sys.executable).with_name("mnist-nb")), "classify", "-", "--local-only"]
    with pictures[2].open("rb") as picture:
        done = subprocess.run([*command, "--json"], stdin=picture, capture_output=True, check=True)
    assert [a["local"]["digit"] for a in json.loads(done.stdout)] == [7]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 1
    assert "- is not a picture" in done.stderr
    empty = folder / "empty"
    empty.mkdir()
    assert "has no pictures in it" in run("classify", "--local-only", empty).stderr


def test_an_edge_that_is_named_and_not_to_be_asked_is_a_usage_error(pictures: list[Path]) -> None:
    result = run("classify", "--local-only", "--edge", "http://127.0.0.1:9", pictures[0])
    assert result.exit_code == 2
    assert "leave out one of the two" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_for_this_command(shell: str) -> None:
    printed = run("completion", shell)
    assert printed.exit_code == 0, printed.stderr
    assert f"_MNIST_NB_COMPLETE={shell}_complete" in printed.stdout


def test_a_missing_file_is_a_usage_error() -> None:
    result = run("classify", "nowhere.png")
    assert result.exit_code == 2
    assert "'nowhere.png' does not exist" in result.stderr


def test_an_error_of_ours_is_one_paragraph_without_a_traceback(tmp_path: Path) -> None:
    env = {**os.environ, "MNIST_NB_DEPLOY": str(tmp_path)}
    command = [str(Path(sys.executable).with_name("mnist-nb")), "edge"]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"MNIST_NB_DEPLOY is {tmp_path}, which is not the deploy/ folder")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to write to")
def test_a_full_disk_is_said() -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "mnist_nb.cli.main", "--help"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr.partition(":")[0]) == (1, "the disk is full")


# --- doctor --------------------------------------------------------------------------------------


@pytest.mark.edge
def test_doctor_finds_this_machine_healthy(edge_url: str) -> None:
    result = run("doctor", "--json", MNIST_NB_EDGE_URL=edge_url)
    findings = {finding["name"]: finding for finding in json.loads(result.stdout)}
    assert result.exit_code == 0, findings
    assert {f["state"] for f in findings.values()} <= {"ok", "note"}
    assert edge_url in findings["Edge"]["detail"]
    assert read_weights(shipped_weights()).sha256[:8] in findings["Weights"]["detail"]


def test_doctor_says_what_to_do_for_each_that_fails(tmp_path: Path) -> None:
    result = run("doctor", MNIST_NB_DEPLOY=str(tmp_path))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    failed = [line.split()[1] for line in lines if line.startswith("fail")]
    assert failed == ["npm", "Edge"]
    assert "name that of a checkout, or unset it" in result.stdout
    assert f"2 of {len(lines)} checks failed." in result.stderr


def test_doctor_asks_the_edge_it_was_given() -> None:
    findings = {finding.name: finding for finding in doctor.examine("http://127.0.0.1:9")}
    assert findings["Edge"].state == "fail"
    assert "no edge at http://127.0.0.1:9" in findings["Edge"].detail


def test_doctor_finds_a_package_that_is_missing_or_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = ["numpy >= 99", "no-such-package", "click", "torch ; extra == 'train'"]
    monkeypatch.setattr(doctor, "requires", lambda name: needed)
    findings = {f.name: f for f in doctor.examine("http://127.0.0.1:9")}
    packages = findings["Packages"]
    assert packages.state == "fail"
    version = np.__version__
    assert packages.detail == f"numpy is {version}, needed is >=99; no-such-package is missing"
    assert "make setup" in packages.remedy


def test_doctor_goes_on_after_any_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged() -> doctor.Finding:
        raise WeightsError("it is cut off")

    def broken() -> doctor.Finding:
        raise RuntimeError("what nobody thought of")

    monkeypatch.setattr(doctor, "_weights", damaged)
    monkeypatch.setattr(doctor, "_ports", broken)
    findings = {finding.name: finding for finding in doctor.examine("http://127.0.0.1:9")}
    assert findings["Weights"] == doctor.Finding("Weights", "fail", "it is cut off")
    assert findings["Ports"].detail == "RuntimeError: what nobody thought of"
    assert "Chromium" in findings
