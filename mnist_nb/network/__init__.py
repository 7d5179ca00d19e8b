"""A weights file, and 784 bytes to an answer, here."""

from mnist_nb.network.activations import gelu
from mnist_nb.network.answer import DIGITS, Answer, is_sure, threshold
from mnist_nb.network.architecture import Architecture
from mnist_nb.network.candidate import Candidate, read_candidate
from mnist_nb.network.certificate import Certificate, certify, plain_difference
from mnist_nb.network.evidence import PATCH, erased, evidence
from mnist_nb.network.export_onnx import to_onnx
from mnist_nb.network.file_format import (
    MAX_BYTES,
    Weights,
    read_weights,
    shipped_weights,
    write_weights,
)
from mnist_nb.network.gradients import Forward, Gradients, moved
from mnist_nb.network.importing import Imported, convert, import_file
from mnist_nb.network.layers_of import Layers
from mnist_nb.network.numpy_network import Network
from mnist_nb.network.ops import (
    NORM,
    OP,
    Activation,
    BatchNorm,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Gelu,
    Layer,
    Linear,
    MaxPool2d,
    Pool,
    Relu,
    border,
    reach,
    shape_after,
    tensor_names,
)
from mnist_nb.network.plain_loops import outputs as plain_outputs
from mnist_nb.network.plain_loops import run as run_plainly
from mnist_nb.network.smallest_dot import RADII, Dot, ink_gradients, smallest_dot
from mnist_nb.network.words import difference, guess, milliseconds, percent, short, verdict

__all__ = [
    "DIGITS",
    "MAX_BYTES",
    "NORM",
    "OP",
    "PATCH",
    "RADII",
    "Activation",
    "Answer",
    "Architecture",
    "BatchNorm",
    "BatchNorm1d",
    "BatchNorm2d",
    "Candidate",
    "Certificate",
    "Conv2d",
    "Dot",
    "Flatten",
    "Forward",
    "Gelu",
    "Gradients",
    "Imported",
    "Layer",
    "Layers",
    "Linear",
    "MaxPool2d",
    "Network",
    "Pool",
    "Relu",
    "Weights",
    "border",
    "certify",
    "convert",
    "difference",
    "erased",
    "evidence",
    "gelu",
    "guess",
    "import_file",
    "ink_gradients",
    "is_sure",
    "milliseconds",
    "moved",
    "percent",
    "plain_difference",
    "plain_outputs",
    "reach",
    "read_candidate",
    "read_weights",
    "run_plainly",
    "shape_after",
    "shipped_weights",
    "short",
    "smallest_dot",
    "tensor_names",
    "threshold",
    "to_onnx",
    "verdict",
    "write_weights",
]
