"""How much the tests of this folder do: a few seconds in `make test`, all of it in `make soak`.

`MNIST_NB_SOAK=1` is the full size, 0.1 a tenth of it; without it each test takes its small size.
"""

import os

SOAK = float(os.environ.get("MNIST_NB_SOAK") or 0)


def scaled(small: int, full: int) -> int:
    """The number of rounds of a test."""
    return max(small, round(full * SOAK))
