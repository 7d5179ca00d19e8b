"""What each layer of the edge's kernel gives for one image: `POST /trace`."""

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mnist_nb import tensors
from mnist_nb.edge.protocol import Answer, Request, check_status
from mnist_nb.errors import EdgeProtocolError

_OCTETS = "application/octet-stream"


@dataclass(frozen=True, eq=False)
class EdgeTrace:
    """What each layer gave for one image.

    Attributes:
        outputs: float32 by the index of the layer in the weights file, (channels, rows, columns) or
            (n,); -1 is what enters the first one. Layers that are one step in the kernel have one
            entry, that of the last of them: a convolution and its batch norm, a flatten and the
            linear layer after it. The last holds the logits.
        probabilities: float32 (labels,).
        sha256: of the weights file.
    """

    outputs: dict[int, NDArray[np.float32]] = field(repr=False)
    probabilities: NDArray[np.float32] = field(repr=False)
    sha256: str


def trace_request(row: NDArray[np.uint8]) -> Request:
    """Ask for the trace of one image, uint8 (784,)."""
    return Request("POST", "/trace", {"content-type": _OCTETS}, row.tobytes(), 1)


def read_trace(answer: Answer) -> EdgeTrace:
    """Decode the answer to `trace_request`.

    Raises:
        EdgeProblem: the edge answered with an error, such as that it has no traces.
        EdgeProtocolError: it answered something else than a trace.
    """
    check_status(answer)
    try:
        _, found = tensors.read(answer.body)
        outputs = {int(name): found.pop(name) for name in list(found) if name.isdecimal()}
        outputs[-1] = found.pop("input")
        probabilities = found.pop("probabilities")
        whole = [*outputs.values(), probabilities]
        if found or any(part.dtype != np.float32 or part.size == 0 for part in whole):
            raise ValueError(f"unexpected tensors: {list(found)!r:.80}")
    except (KeyError, ValueError) as error:
        raise EdgeProtocolError(
            f"the edge answered no trace ({error}): deploy the Worker of this version of mnist-nb"
        ) from None
    sha256 = answer.headers.get("x-model-sha256", "")
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise EdgeProtocolError(f"the edge names its weights {sha256[:80]!r}, not by their sha256")
    return EdgeTrace(dict(sorted(outputs.items())), probabilities, sha256)
