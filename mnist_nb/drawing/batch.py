"""What every network here takes: uint8 images, checked once and in one way."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_nb.errors import InputError

PIXELS = 784  # 28 rows of 28


def as_images(images: Any) -> NDArray[np.uint8]:
    """Check images and give them one row each.

    Args:
        images: uint8 (784,), (28, 28), (N, 784), (N, 28, 28) or, as other programs have them,
            (N, 1, 28, 28); 0 = background, 255 = ink.

    Returns:
        uint8 (N, 784), contiguous.

    Raises:
        InputError: any other dtype or shape, or no image at all.
    """
    try:
        array = np.asarray(images)
    except ValueError as error:  # a ragged list
        raise InputError(f"these are not images: {error}; give uint8 arrays of 28x28") from None
    if array.dtype != np.uint8:
        raise InputError(f"images have dtype {array.dtype}, not uint8: {_dtype_advice(array)}")
    shape = array.shape
    one = ((PIXELS,), (28, 28))
    if shape not in one and shape[1:] not in (*one, (1, 28, 28)):
        raise InputError(
            f"images have shape {shape}; give (784,), (28, 28), (N, 784) or (N, 28, 28)"
            " (`rasterize` makes 28x28 from a drawing or a picture)"
        )
    if array.size == 0:
        raise InputError(f"there is no image in an array of shape {shape}; give at least one")
    return np.ascontiguousarray(array.reshape(-1, PIXELS))


def _dtype_advice(array: NDArray[Any]) -> str:
    if array.dtype == bool:
        return "multiply by 255 and cast: (images * 255).astype(np.uint8)"
    if array.dtype.kind not in "iuf" or array.size == 0:
        return "give numbers 0..255 as uint8"
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        return "it holds NaN or infinity; give numbers 0..255 as uint8"
    if array.dtype.kind == "f" and low >= 0 and high <= 1:
        return "multiply by 255 and cast: (images * 255).round().astype(np.uint8)"
    if low >= 0 and high <= 255:
        return "cast: images.astype(np.uint8)"
    return f"its values run from {low} to {high}; scale them to 0..255 and cast to uint8"
