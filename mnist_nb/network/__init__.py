"""A weights file, and 784 bytes to an answer, here."""

from mnist_nb.network.answer import GUESS, is_sure, threshold
from mnist_nb.network.architecture import (
    Architecture,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Gelu,
    Layer,
    Linear,
    MaxPool2d,
    Relu,
)
from mnist_nb.network.candidate import read_candidate
from mnist_nb.network.convert import convert, to_onnx
from mnist_nb.network.evidence import PATCH, erased, evidence
from mnist_nb.network.file_format import Weights, read_weights, shipped_weights, write_weights
from mnist_nb.network.layers_of import Layers
from mnist_nb.network.numpy_network import Network, gelu

__all__ = [
    "GUESS",
    "PATCH",
    "Architecture",
    "BatchNorm2d",
    "Conv2d",
    "Flatten",
    "Gelu",
    "Layer",
    "Layers",
    "Linear",
    "MaxPool2d",
    "Network",
    "Relu",
    "Weights",
    "convert",
    "erased",
    "evidence",
    "gelu",
    "is_sure",
    "read_candidate",
    "read_weights",
    "shipped_weights",
    "threshold",
    "to_onnx",
    "write_weights",
]
