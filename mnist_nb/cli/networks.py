"""The commands about one network's file: import, export, check."""

import json
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from mnist_nb.cli.console import say
from mnist_nb.cli.serving import start_quietly, token
from mnist_nb.errors import WeightsError
from mnist_nb.whole_file import write_whole

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)
_MOST_LAYERS = 1 << 20  # bytes
AGREE = 1e-5  # most that two sides may differ in a probability


@click.command("import")
@click.argument("file", type=_FILE)
@click.option(
    "--out",
    metavar="FILE.safetensors",
    type=_OUT,
    help="Where to write it.  [default: beside FILE, if there is none yet]",
)
@click.option("--name", help="Name of the network.  [default: that of FILE]")
@click.option("--mean", type=float, help="Mean of the pixels, 0 to 1, that training subtracted.")
@click.option("--std", type=float, help="Deviation that it divided them by.")
@click.option("--invert", is_flag=True, help="It learned dark ink on white.")
@click.option(
    "--activation",
    type=click.Choice(["relu", "gelu", "tanh", "sigmoid", "leakyrelu"]),
    help="What stands between the layers of a state dict.",
)
@click.option("--pooling", type=click.Choice(["max", "avg"]), help="How its pools pool.")
@click.option("--take", type=int, help="Which of the ways to read it that were listed.")
@click.option(
    "--layers",
    metavar="FILE.json",
    type=_FILE,
    help="The layers, as docs/weights-format.md has them, where FILE does not tell them.",
)
def import_(file: Path, out: Path | None, layers: Path | None, **how: Any) -> None:
    """Make a weights file of what another program saved.

    FILE is a state dict of PyTorch (.pt, .pth, .safetensors), ONNX, or the weights of Burn's MNIST
    example (.bin, .bpk). Nothing of it is run, and PyTorch is not needed. What FILE does not tell,
    such as how pixels were scaled, is found by reading digits that this project makes; where they
    do not tell it either, the command lists what it may be.
    """
    from mnist_nb.network import import_file, read_weights

    target = out or file.with_suffix(".safetensors")
    if out is None and target.exists() and target != file:
        raise WeightsError(f"{target} is there already: name another with --out, or the same")
    given = None
    try:
        if layers:
            with layers.open("rb") as described:
                given = described.read(_MOST_LAYERS).decode()  # a device never ends
    except (OSError, UnicodeDecodeError) as error:
        raise WeightsError(f"cannot read {layers}: {error}") from None
    imported = import_file(file, layers=given, **how)
    if out is None and target == file:
        target = file.with_name(f"{file.stem}-imported.safetensors")
        if target.exists():
            raise WeightsError(f"{target} is there already: name another with --out, or the same")
    _write(target, imported.content)
    weights = read_weights(imported.content)
    entry = weights.architecture
    ops = " ".join(layer["op"] for layer in json.loads(entry.to_json())["layers"])
    click.echo(f"layers    {ops}")
    for i, row in enumerate(imported.table):
        where = "read with" if i == 0 else "or with"
        click.echo(f"{where:<9} {row.words or 'what FILE says'}: {row.accuracy:.1%} of our digits")
    click.echo(
        f"written   {target}   {entry.name} {weights.sha256[:8]}, {weights.parameters:,} parameters"
    )
    if imported.note:
        say(f"Not certain: {imported.note}.", "bold red")


@click.command()
@click.argument("file", metavar="FILE.onnx", type=_OUT)
@click.option("--weights", type=_FILE, help="A weights file.  [default: the shipped one]")
@click.option("--yes", is_flag=True, help="Write over FILE.onnx without asking.")
def export(file: Path, weights: Path | None, yes: bool) -> None:
    """Write a network as ONNX.

    Its input is `image`, uint8 (N, 1, 28, 28), 0 = background, 255 = ink; its output is
    `probabilities`, float32 (N, 10).
    """
    from mnist_nb.network import read_weights, shipped_weights, to_onnx

    if file.suffix.lower() != ".onnx":
        raise click.UsageError(f"only ONNX is written: name it {file.with_suffix('.onnx')}")
    source = read_weights(weights or shipped_weights())
    content = to_onnx(source)
    if file.exists() and not yes:
        click.confirm(f"{file} is there already. Write over it?", abort=True, err=True)
    _write(file, content)
    click.echo(f"written   {file}   {source.architecture.name} {source.sha256[:8]}, ONNX opset 17")


@click.command(epilog="Exit codes: 0 all of it agrees; 1 it does not, or FILE is refused.")
@click.argument("file", type=_FILE)
@click.option("--edge", metavar="URL", help="An edge that serves FILE, to compare with.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(file: Path, edge: str | None, as_json: bool) -> None:
    """Say what a network is, and whether all sides agree on it.

    FILE is a weights file, or one that `mnist-nb import` reads. It is read by numpy, by plain loops
    in float64, and by the kernel in an edge that is started on this machine for it; with --edge by
    that one too.
    """
    from mnist_nb.edge import EdgeClient
    from mnist_nb.network import Network, certify, plain_difference, read_candidate
    from mnist_nb.training import at_hand

    candidate = read_candidate(file)
    weights, network = candidate.weights, Network(candidate.weights)
    certificate = certify(weights)
    known = at_hand("test", 1000)
    differences: dict[str, float | None] = {"plain loops": plain_difference(weights)}
    with ExitStack() as stack:
        sides = {"kernel": start_quietly(stack, weights=_as_file(stack, candidate.content))}
        sides |= {"edge": edge} if edge else {}
        for side, url in sides.items():
            with EdgeClient(url, token=token() if side == "edge" else None, timeout=30) as client:
                answer = client.classify(known.images[:50])
            if answer.model.sha256 == weights.sha256:
                here = network.predict(known.images[:50])
                differences[side] = float(abs(answer.probabilities - here).max())
            else:
                differences[side] = None
    agree = all(value is not None and value <= AGREE for value in differences.values())
    report = certificate.to_dict() | {"differences": differences, "agree": agree, "mnist": None}
    if known.is_mnist:
        hits = network.predict(known.images).argmax(axis=1) == known.labels
        report["mnist"] = float(hits.mean())
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        _show(report)
    if certificate.doubt:
        say(certificate.doubt, "bold red")
    if not agree:
        raise SystemExit(1)


def _show(report: dict[str, Any]) -> None:
    """Print what `check` found, a line each."""
    doubt, warmth, mnist = (report[k] for k in ("not_sure_below", "temperature", "mnist"))
    lines = {
        "network": f"{report['name']} {report['sha256'][:8]}",
        "layers": " ".join(report["layers"]),
        "size": f"{report['parameters']:,} parameters; {report['cost']:,} multiply-adds an image",
        "reads": f"{report['digits']:.1%} of {report['of']} digits that this project makes"
        + ("" if mnist is None else f", {mnist:.1%} of 1,000 of MNIST's test images"),
        "not sure": "has no threshold" if doubt is None else f"below {doubt:.1%}",
        "calibrated": "does not say"
        if warmth is None
        else f"its logits were divided by {warmth:g}",
    }
    for side, value in report["differences"].items():
        lines[side] = (
            "serves another file: push this one"
            if value is None
            else f"differs by {value:.1e} at most" + ("" if value <= AGREE else ": too much")
        )
    for what, text in lines.items():
        click.echo(f"{what:<12} {text}")


def _as_file(stack: ExitStack, content: bytes) -> Path:
    """Return a file that is there as long as the stack is open."""
    folder = stack.enter_context(TemporaryDirectory())
    path = Path(folder, "checked.safetensors")
    path.write_bytes(content)
    return path


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise WeightsError(f"cannot write {path}: {error.strerror or error}") from None


COMMANDS = (import_, export, check)
