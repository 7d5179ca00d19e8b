"""What a reader of another program's file returns."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Layers = list[dict[str, Any]]
Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Scaling:
    """A pixel p, 0 to 255, enters as (p / 255 - mean) / std, or (1 - p / 255 - mean) / std."""

    mean: float
    std: float
    invert: bool = False

    def __str__(self) -> str:
        flags = f"--mean {self.mean:g} --std {self.std:.6g}"
        return f"{flags} --invert" if self.invert else flags


@dataclass(frozen=True)
class Source:
    """What a file says, as its reader returns it.

    Attributes:
        tensors: by name.
        origin: what kind of file it is.
        layers: in the order they run, or None where the file does not tell them.
        names: of all modules of a state dict, as far as they are known.
        scaling: how pixels enter, or None where the file does not tell it.
        before: what the network itself does to a pixel x before its first layer, x * a + b.
    """

    tensors: Tensors
    origin: str
    layers: Layers | None = None
    names: list[str] = field(default_factory=list)
    scaling: Scaling | None = None
    before: tuple[float, float] = (1.0, 0.0)
