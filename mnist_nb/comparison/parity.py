"""Where two runs of a network differ: layer by layer, for one image.

    print(trace(Network.load(), EdgeClient(url), image))

Two sums of the same numbers in another order differ by rounding, and that is measured here in units
in the last place of the largest number of a layer: 1 of 2^24, about 6e-8 of it. What is more than
rounding has a cause, in the first layer where it shows; `causes` finds its name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_nb.comparison.causes import ROUNDING, cause_in_layer, cause_of_input
from mnist_nb.drawing import as_images
from mnist_nb.errors import InputError
from mnist_nb.network import OP, Flatten, Layers, Network, Weights, plain_outputs

if TYPE_CHECKING:
    from mnist_nb.edge import EdgeTrace


class Traced(Protocol):
    """An `EdgeClient`, or anything else that tells what its layers give."""

    def trace(self, image: NDArray[np.uint8]) -> "EdgeTrace":
        """What each layer gives for one image."""


Array = NDArray[np.float32]
GROWTH = 8  # units in the last place; more than plain sums of some hundred products leave
GROWS = ", where sums by Winograd's algorithm round more than plain ones"


@dataclass(frozen=True)
class LayerDifference:
    """How what came out of a layer differs.

    Attributes:
        name: the layer, such as "4 batchnorm2d", or "input".
        shape: of what it gives.
        largest: absolute difference.
        ulps, typical: the largest and the median difference in units in the last place of the
            layer's largest number.
        where: indices of the largest, (channel, row, column) or (n,).
        here, there: the two numbers at that place.
    """

    name: str
    shape: tuple[int, ...]
    largest: float
    ulps: float
    typical: float
    where: tuple[int, ...]
    here: float
    there: float

    @property
    def is_rounding(self) -> bool:
        """Can two orders of the same sums explain it?"""
        return self.ulps <= ROUNDING


@dataclass(frozen=True)
class Parity:
    """What `trace` found.

    Attributes:
        layers: in the order they run, those that both sides tell.
        cause: of the first difference that is no rounding, in words; None where there is none.
        local_sha256, other_sha256: of the weights files.
    """

    layers: Sequence[LayerDifference] = field(repr=False)
    cause: str | None
    local_sha256: str
    other_sha256: str

    @property
    def first(self) -> LayerDifference | None:
        """The first layer that differs by more than rounding."""
        return next((layer for layer in self.layers if not layer.is_rounding), None)

    @property
    def verdict(self) -> str:
        """A sentence: the fingerprints say whether the files are the same, the sizes how much."""
        files = "the same file" if self.local_sha256 == self.other_sha256 else "another file"
        if first := self.first:
            return f"They part in {first.name}: {self.cause} (over there runs {files})."
        most = max(self.layers, key=lambda layer: layer.ulps)
        said = (
            f"The same to rounding, from {files}: at most {most.ulps:.0f} units in the last place"
        )
        return f"{said}, in {most.name}{GROWS if most.ulps > GROWTH else ''}."

    def __str__(self) -> str:
        rows = "\n".join("  ".join(cell.rjust(14) for cell in row) for row in self._rows())
        return f"{self.verdict}\n{rows}"

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        lines = [f"<tr>{''.join(f'<th scope=col>{escape(cell)}</th>' for cell in head)}</tr>"]
        for row, layer in zip(rows, self.layers, strict=True):
            mark = "" if layer.is_rounding else " style='font-weight: bold'"
            lines.append(f"<tr{mark}>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>")
        return f"<p>{escape(self.verdict)}</p><table>{''.join(lines)}</table>"

    def _rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [
            ("layer", "largest", "in ulps", "typical", "at", "here", "there")
        ]
        for layer in self.layers:
            place = ", ".join(map(str, layer.where))
            sizes = (f"{layer.largest:.2e}", f"{layer.ulps:.3g}", f"{layer.typical:.2g}")
            rows.append((layer.name, *sizes, place, f"{layer.here:.6g}", f"{layer.there:.6g}"))
        return rows


def trace(network: Network, other: Traced | Network | Weights, image: Any) -> Parity:
    """Compare what each layer gives, here and there.

    Args:
        network: runs here.
        other: an edge that tells what its layers give (its setting TRACE is "on"; that of a local
            edge is), another network with the same kinds of layers, such as a file's copy, or
            weights, which then run in plain loops and double precision.
        image: uint8 (28, 28) or (784,).

    Raises:
        InputError: several images, or networks whose layers cannot be compared.
        EdgeError: the edge did not answer, or tells no traces.
    """
    pixels = as_images(image)
    if len(pixels) != 1:
        raise InputError(f"a trace is of one image, got {len(pixels)}: give one of them")
    pixels = pixels.reshape(28, 28)
    here = _outputs(network, pixels)
    if isinstance(other, Network | Weights):
        there, sha256 = _outputs(other, pixels), other.sha256
    else:
        found = other.trace(pixels)
        there, sha256 = found.outputs, found.sha256
    layers = network.architecture.layers
    differences: list[LayerDifference] = []
    cause, before = None, -1
    for index in sorted(there):
        if index >= 0 and isinstance(layers[index], Flatten):
            continue
        if index not in here or here[index].shape != there[index].shape:
            shape = here[index].shape if index in here else "nothing"
            raise InputError(
                f"layer {index} gives {shape} here and {there[index].shape} there: these are two"
                " architectures, and only networks with the same layers can be compared so"
            )
        named = [f"{i} {OP[type(layers[i])]}" for i in range(before + 1, index + 1)]
        found_here = _difference(" and ".join(named) or "input", here[index], there[index])
        if cause is None and not found_here.is_rounding:
            if index < 0:
                cause = cause_of_input(network, pixels, there[index])
            else:
                group = layers[before + 1 : index + 1]
                cause = cause_in_layer(
                    group, network.weights.tensors, here[before], here[index], there[index]
                )
        differences.append(found_here)
        before = index
    return Parity(differences, cause, network.sha256, sha256)


def _outputs(side: Network | Weights, image: NDArray[np.uint8]) -> dict[int, Array]:
    """By index; without a flatten, after which the numbers are those from before."""
    if isinstance(side, Network):
        entry, found = side.architecture, Layers(side).outputs(image)
    else:
        entry = side.architecture
        found = [values.astype(np.float32) for values in plain_outputs(side, image)]
    flat = {i for i, layer in enumerate(entry.layers) if isinstance(layer, Flatten)}
    return {i: values for i, values in enumerate(found, -1) if i not in flat}


def _difference(name: str, here: Array, there: Array) -> LayerDifference:
    apart = np.abs(here.astype(np.float64) - there)
    apart[~np.isfinite(apart)] = np.inf
    unit = float(np.spacing(np.abs(here).max().astype(np.float32)))
    where = tuple(int(i) for i in np.unravel_index(int(apart.argmax()), apart.shape))
    largest = float(apart[where])
    ulps, typical = largest / unit, float(np.median(apart)) / unit
    numbers = float(here[where]), float(there[where])
    return LayerDifference(name, here.shape, largest, ulps, typical, where, *numbers)
