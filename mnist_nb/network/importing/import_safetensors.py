"""A state dict as a safetensors file, without the layers that ours describes."""

import re

import numpy as np

from mnist_nb.errors import WeightsError
from mnist_nb.network.importing.cursor import FLOATS, widened
from mnist_nb.network.importing.import_pytorch import strip_prefixes
from mnist_nb.network.importing.source import Source, Tensors


def read_tensors(content: bytes) -> Source:
    """Return the float tensors of a safetensors file by name.

    The file has them in the order of their names. They are put in one in which they can run:
    convolutions, then linear layers, so that each takes what the one before gives, and each batch
    norm behind the first that has as many outputs.

    Raises:
        WeightsError: truncated or no safetensors file.
    """
    import safetensors

    try:
        entries = dict(safetensors.deserialize(content))  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError as error:
        raise WeightsError(f"not a valid safetensors file: {error}") from None
    tensors = {}
    for name in sorted(entries, key=_natural):
        entry = entries[name]
        if entry["dtype"] in FLOATS and 0 not in entry["shape"]:
            numbers = np.frombuffer(entry["data"], FLOATS[entry["dtype"]])
            tensors[name] = widened(numbers.reshape(entry["shape"]))
    return Source(strip_prefixes(_in_order(tensors), [])[0], "safetensors")


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort numbers in names by their value."""
    return [(int(n[:9] or -1), text) for n, text in re.findall(r"(\d*)(\D*)", name)]


def _in_order(tensors: Tensors) -> Tensors:
    modules: dict[str, list[str]] = {}
    for name in tensors:
        modules.setdefault(name.rpartition(".")[0], []).append(name)
    weights = {prefix: tensors.get(f"{prefix}.weight".lstrip(".")) for prefix in modules}
    shapes = {prefix: () if w is None else w.shape for prefix, w in weights.items()}
    convs = [prefix for prefix in modules if len(shapes[prefix]) == 4]
    linears = [prefix for prefix in modules if len(shapes[prefix]) == 2]
    others = [prefix for prefix in modules if prefix not in convs and prefix not in linears]
    ordered: list[str] = []
    channels = 1
    while convs or linears:
        left = convs or linears
        fits = (p for p in left if shapes[p][1] in ((1, channels) if convs else (channels,)))
        # The first linear layer takes what is flattened, more than any other's outputs.
        widest = max(left, key=lambda p: shapes[p][1]) if left is linears else left[0]
        prefix = next(fits, widest)
        left.remove(prefix)
        channels = shapes[prefix][0]
        norm = next((p for p in others if shapes[p] == (channels,)), None)
        ordered += [prefix] if norm is None else [prefix, norm]
        if norm is not None:
            others.remove(norm)
    return {name: tensors[name] for prefix in [*ordered, *others] for name in modules[prefix]}
