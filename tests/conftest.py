"""What all tests share."""

import os
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_nb import Network
from mnist_nb.training import datasets


def _needs_data() -> None:
    if not os.environ.get("MNIST_NB_DATA"):
        pytest.skip("MNIST_NB_DATA is not set: no MNIST and no pen strokes to test with")


@pytest.fixture(scope="session")
def mnist_test() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """MNIST's 10,000 test images and labels."""
    _needs_data()
    return datasets.mnist("test")


@pytest.fixture(scope="session")
def pen_digits() -> tuple[list[object], NDArray[np.uint8]]:
    """The pen strokes as drawings, and their labels."""
    _needs_data()
    return datasets.pen_strokes()  # type: ignore[return-value]


@pytest.fixture(scope="session")
def network() -> Network:
    """The network that comes with mnist-nb."""
    return Network.load()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What ipycanvas sends to the browser: one entry a message."""
    from ipycanvas import canvas

    messages: list[Any] = []

    def record(manager: object, command: Any, buffers: Any = ()) -> None:
        messages.append(command)

    monkeypatch.setattr(canvas._CanvasManager, "_send_custom", record)
    return messages
