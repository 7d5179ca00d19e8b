"""What the tests of imports share."""

import json

import numpy as np

from mnist_nb.network.file_format import read_weights

LINE = {"fc.weight": np.linspace(-1, 1, 7840, dtype=np.float32).reshape(10, 784)}


def ops(content):
    network = json.loads(read_weights(content).architecture.to_json())
    return [layer["op"] for layer in network["layers"]]


W = np.zeros((10, 784), np.float32)
