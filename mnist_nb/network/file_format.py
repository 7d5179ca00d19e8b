"""The weights file `mnist-nb.network/1`: a safetensors file that describes its own layers.

A reader checks everything before a number is used, because a weights file may come from anywhere:
sizes, offsets, dtypes, shapes that chain, and that every value is finite.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_nb import tensors as container
from mnist_nb.errors import WeightsError
from mnist_nb.network.architecture import Architecture
from mnist_nb.network.cost import check_cost
from mnist_nb.network.ops import BatchNorm

FORMAT = "mnist-nb.network/1"
MAX_BYTES = 16 << 20  # of a file; the Worker has the same cap, as its memory is 128 MB


@dataclass(frozen=True, eq=False)
class Weights:
    """A weights file that has passed every check.

    Attributes:
        architecture: the layers and labels.
        tensors: float32 arrays by name, in PyTorch's axis order.
        sha256: of the file's bytes, 64 hexadecimal digits.
        size: of the file in bytes.
        path: where it was read from, or None.
    """

    architecture: Architecture
    tensors: dict[str, NDArray[np.float32]]
    sha256: str
    size: int
    path: Path | None = None

    @property
    def parameters(self) -> int:
        """How many numbers training found; batch norm's running statistics are not among them."""
        return sum(
            tensor.size
            for name, tensor in self.tensors.items()
            if not name.endswith((".running_mean", ".running_var"))
        )


def shipped_weights(name: str = "mnist") -> Path:
    """Return a file that comes with mnist-nb, from a checkout or an installed wheel.

    Args:
        name: "mnist", or "small": its sister of 9,504 parameters.

    Raises:
        WeightsError: it is in neither place.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package, package.parent):
        path = folder / "model" / f"{name}.safetensors"
        if path.is_file():
            return path
    raise WeightsError(
        f"model/{name}.safetensors is neither in {package} nor beside it: reinstall mnist-nb, or "
        "train it with `python model/train.py`"
    )


def read_weights(source: "Path | str | bytes") -> Weights:
    """Read and check a weights file.

    Args:
        source: a path, or the bytes of a file.

    Raises:
        WeightsError: the file is missing, too large, truncated, hostile or of another format.
    """
    if not isinstance(source, bytes):
        return read_file(Path(source))[1]
    try:
        return _read(source, None)
    except WeightsError as error:
        raise WeightsError(f"these bytes cannot be used as weights: {error}") from None


def read_file(path: Path) -> tuple[bytes, Weights]:
    """Read a weights file once: its bytes, and the network in them; errors as in `read_weights`."""
    try:
        content = file_bytes(path)
        return content, _read(content, path)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror or error}") from None
    except WeightsError as error:
        raise WeightsError(f"{path} cannot be used as weights: {error}") from None


def write_weights(architecture: Architecture, tensors: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Return the bytes of a weights file; the same input gives the same bytes."""
    metadata = {"format": FORMAT, "network": architecture.to_json()}
    content = container.write(metadata, tensors)
    _read(content, None)  # what cannot be read back is not written
    return content


def file_bytes(path: Path, most: int = MAX_BYTES) -> bytes:
    """Read a file of at most so many bytes, whatever its size is said to be.

    Raises:
        WeightsError: it has more, or is no file: a pipe or a device may never end.
        OSError: it cannot be read.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise WeightsError("it is a pipe or a device, not a file: copy it to a file first")
    with path.open("rb") as file:
        size = path.stat().st_size
        content = file.read(most + 1) if size <= most else b""  # it may lie, and grow
    size = max(size, len(content))
    if size > most:
        raise WeightsError(f"{size:,} bytes, at most {most:,} are allowed")
    return content


def _read(content: bytes, path: Path | None) -> Weights:
    if len(content) > MAX_BYTES:
        raise WeightsError(f"{len(content):,} bytes, at most {MAX_BYTES:,} are allowed")
    try:
        metadata, loaded = container.read(content)
    except ValueError as error:
        raise WeightsError(str(error)) from None
    if metadata.get("format") != FORMAT:
        raise WeightsError(f"its format is {metadata.get('format')!r:.60}, expected {FORMAT!r}")
    if "network" not in metadata:
        raise WeightsError("its metadata has no 'network'")
    architecture = Architecture.from_json(metadata["network"])
    tensors = {name: _checked(name, tensor) for name, tensor in loaded.items()}
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    check_cost(architecture, architecture.shapes(shapes), shapes)
    for layer in architecture.layers:
        if isinstance(layer, BatchNorm) and tensors[f"{layer.prefix}.running_var"].min() < 0:
            raise WeightsError(f"{layer.prefix}.running_var has a value below 0")
    digest = hashlib.sha256(content).hexdigest()
    return Weights(architecture, tensors, digest, len(content), path)


def _checked(name: str, tensor: NDArray[np.generic]) -> NDArray[np.float32]:
    if not np.isfinite(tensor).all():
        raise WeightsError(f"tensor {name!r:.80} has values that are not finite")
    return tensor.astype(np.float32)
