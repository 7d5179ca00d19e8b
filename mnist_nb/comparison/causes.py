"""Why what a layer gives differs.

Each cause that we know is tried, and the first that leads to the other side's numbers is named.

All in double precision, on the input that both sides agree on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mnist_nb.network import (
    NORM,
    Activation,
    BatchNorm,
    Conv2d,
    Layer,
    Linear,
    Network,
    Pool,
    border,
    reach,
    run_plainly,
)

Array = NDArray[Any]
Tensors = Mapping[str, Array]
Cause = tuple[str, Array]  # in words, and the numbers that it would give

ROUNDING = 100  # units in the last place of the largest number; twenty are usual
UNKNOWN = "other weights in this layer"
MIRRORS: dict[str, Callable[[Array], Array]] = {
    "mirrored left to right": lambda x: x[..., ::-1],
    "upside down": lambda x: x[..., ::-1, :],
    "turned by 180 degrees": lambda x: x[..., ::-1, ::-1],
    "transposed, its rows are columns": lambda x: x.swapaxes(-1, -2),
    "turned by 90 degrees": lambda x: np.rot90(x, 1, (-2, -1)),
    "turned by 270 degrees": lambda x: np.rot90(x, 3, (-2, -1)),
}
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "the tanh approximation of gelu": lambda x: (
        x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    ),
    "the sigmoid approximation of gelu": lambda x: x / (1 + np.exp(-1.702 * x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "leaky relu of slope 0.01": lambda x: np.maximum(x, 0.01 * x),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "no activation": lambda x: x,
}


def cause_of_input(network: Network, image: NDArray[np.uint8], there: Array) -> str:
    """Say why another image enters the first layer.

    Args:
        network: the one here.
        image: uint8 (28, 28), what both sides got.
        there: float32 (1, 28, 28), what entered over there.
    """
    entry = network.architecture
    here = (image[None] / entry.scale - entry.mean) / entry.std
    for name, turned in MIRRORS.items():
        if _same(turned(here), there):
            return f"the image is {name} over there"
    for down in range(-3, 4):
        for right in range(-3, 4):
            if (down or right) and _same(np.roll(here, (down, right), (1, 2)), there):
                return f"the image is moved by {down} rows and {right} columns over there"
    pixels = image.reshape(-1) / 255
    slope, start = np.polyfit(pixels, there.reshape(-1), 1)
    if slope and _same((slope * pixels + start).reshape(there.shape), there):
        mean, std = round(-start / slope, 6) + 0.0, 1 / slope
        ours = f"{entry.mean * entry.scale / 255:.4g} and {entry.std * entry.scale / 255:.4g}"
        return (
            f"other preprocessing: of pixels 0 to 1 a mean of {mean:.4g} and a deviation of "
            f"{std:.4g} are taken over there, {ours} here"
        )
    return "other preprocessing: another image enters the first layer"


def cause_in_layer(
    layers: Sequence[Layer], tensors: Tensors, x: Array, here: Array, there: Array
) -> str:
    """Say why layers give something else for the same input.

    Args:
        layers: those between two places where both sides are known, mostly one.
        tensors: of the file here.
        x: what enters them, on both sides.
        here: what they give on this side.
        there: and on the other.
    """
    used = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    x = x.astype(np.float64)
    causes = _causes(layers, used, x, here.astype(np.float64), there.astype(np.float64))
    with np.errstate(all="ignore"):  # a wrong guess may divide by 0
        return next((name for name, guess in causes if _same(guess, there)), UNKNOWN)


def _same(guess: Array, there: Array) -> bool:
    if guess.shape != there.shape or not np.isfinite(there).all():
        return False
    unit = float(np.spacing(np.abs(there).max().astype(np.float32)))
    return bool(np.abs(guess - there).max() <= ROUNDING * unit)


def _causes(
    layers: Sequence[Layer], tensors: Tensors, x: Array, here: Array, there: Array
) -> Iterator[Cause]:
    def given(tensors: Tensors, layers: Sequence[Layer] = layers, x: Array = x) -> Array:
        for layer in layers:
            x = (
                convolve(layer, x, tensors)
                if isinstance(layer, Conv2d)
                else _run(layer, x, tensors)
            )
        return x

    if not any(isinstance(layer, Conv2d | Linear | BatchNorm) for layer in layers):
        yield from _without_weights(layers, x)
        yield "another activation or pooling in this layer", there
        return
    for name, rounded in (("half precision", _half), ("bfloat16", _bfloat16)):
        yield (
            f"weights of {name} over there",
            given({key: rounded(tensor) for key, tensor in tensors.items()}),
        )
    yield from _moved_channels(here, there)
    for layer in layers:
        if isinstance(layer, Conv2d | Linear):
            for name, weight in _other_orders(layer, tensors[layer.weight], here, there, x):
                yield name, given({**tensors, layer.weight: weight})
    for index, layer in enumerate(layers):
        if isinstance(layer, BatchNorm):
            for eps in _other_eps(layer, tensors, here, there):
                changed = [*layers[:index], replace(layer, eps=eps), *layers[index + 1 :]]
                name = f"batch norm's eps is about {eps:.2g} over there, {layer.eps:.2g} here"
                yield name, given(tensors, changed)
    yield from _one_weight(layers, tensors, x, here, there)
    yield from _scaled_channels(layers, here, there)
    apart = _apart(here, there)
    if len(apart) < len(here):
        yield f"other weights for {_counted(apart, here)} in this layer", there


def _without_weights(layers: Sequence[Layer], x: Array) -> Iterator[Cause]:
    for layer in layers:
        if isinstance(layer, Activation):
            for name, function in ACTIVATIONS.items():
                yield f"another activation: {name} over there", function(x)
        if isinstance(layer, Pool):
            for kind in get_args(Pool):
                other = kind(layer.size, layer.stride, layer.padding)
                if kind is not type(layer):
                    name = f"another pooling: {kind.__name__.lower()} over there"
                    yield name, _run(other, x, {})


def _moved_channels(here: Array, there: Array) -> Iterator[Cause]:
    """The channels of one side in another order, each taken once."""
    apart = np.abs(here[:, None] - there[None]).reshape(len(here), len(here), -1).max(axis=2)
    order = apart.argmin(axis=0)  # the channel here for each over there
    if len(set(order.tolist())) == len(order):
        moved = np.flatnonzero(order != np.arange(len(order)))
        yield f"{_counted(moved, here)} are swapped", here[order]


def _other_orders(
    layer: Conv2d | Linear, weight: Array, here: Array, there: Array, x: Array
) -> Iterator[tuple[str, Array]]:
    apart = _apart(here, there)
    if len(apart) == 2:  # with a bias or a batch norm that stayed where they were
        swapped = weight.copy()
        swapped[apart] = weight[apart[::-1]]
        yield f"the weights of {_counted(apart, here)} are swapped", swapped
    if isinstance(layer, Conv2d):
        for name, turned in MIRRORS.items():
            yield f"the windows of this convolution are {name} over there", turned(weight)
        if weight.shape[0] == weight.shape[1]:
            yield "inputs and outputs of the weights are transposed", weight.swapaxes(0, 1)
        return
    yield "the weights are transposed over there", weight.T.reshape(weight.shape)
    yield "the weights are transposed over there", weight.reshape(weight.shape[::-1]).T
    if x.ndim == 3:
        channels, rows, columns = x.shape
        first, last = (channels, rows, columns), (rows, columns, channels)
        for shape, order, name in ((last, (0, 3, 1, 2), "last"), (first, (0, 2, 3, 1), "first")):
            moved = weight.reshape(-1, *shape).transpose(order).reshape(weight.shape)
            yield f"the weights are for a flatten that counts channels {name}", moved


def _other_eps(layer: BatchNorm, tensors: Tensors, here: Array, there: Array) -> list[float]:
    """The eps that each channel would have, where it is the same for all."""
    _, bias, _, var = (tensors[f"{layer.prefix}.{part}"] for part in NORM)
    shape = (len(here), -1)
    ours, theirs = (
        values.reshape(shape) - bias[:, None] for values in (here, there)
    )  # each w / sqrt(var + eps) times the same
    ratio = (ours * theirs).sum(axis=1) / (ours * ours).sum(axis=1)
    found = (var + layer.eps) / ratio**2 - var
    likely = found[np.argsort(var)]  # a small variance shows it best
    guesses = [*likely[:2], np.median(found), *(10.0**power for power in range(-8, 0))]
    return [float(eps) for eps in guesses if eps > 0]


def _one_weight(
    layers: Sequence[Layer], tensors: Tensors, x: Array, here: Array, there: Array
) -> Iterator[Cause]:
    """One number of one window of a convolution."""
    layer, apart = layers[0], _apart(here, there)
    if not isinstance(layer, Conv2d) or len(apart) != 1 or len(layers) > 2:
        return
    channel = int(apart[0])
    factor = 1.0
    if len(layers) == 2:
        if not isinstance(norm := layers[1], BatchNorm):
            return
        scale, _, _, var = (tensors[f"{norm.prefix}.{part}"][channel] for part in NORM)
        factor = float(scale / np.sqrt(var + norm.eps))
    weight = tensors[layer.weight]
    windows = _windows(layer, x, weight.shape[2])  # (I, H', W', k, k)
    inside = weight.shape[1]
    first = channel // (len(weight) // layer.groups) * inside
    taps = windows[first : first + inside].transpose(0, 3, 4, 1, 2)  # (I / groups, k, k, H', W')
    rest = there[channel] - here[channel]
    sizes = factor * (taps * rest).sum(axis=(3, 4)) / (factor**2 * (taps**2).sum(axis=(3, 4)))
    left = np.abs(rest - factor * sizes[..., None, None] * taps).max(axis=(3, 4))
    left[~np.isfinite(left)] = np.inf
    place = np.unravel_index(int(left.argmin()), left.shape)
    guess = here.copy()
    guess[channel] += factor * sizes[place] * taps[place]
    ours = weight[channel][place]
    where = ", ".join(map(str, (channel, *place)))
    yield f"weight [{where}] is {ours + sizes[place]:.4g} over there, {ours:.4g} here", guess


def _scaled_channels(layers: Sequence[Layer], here: Array, there: Array) -> Iterator[Cause]:
    """Each channel times a number, plus one."""
    if here.ndim != 3 or here[0].size < 4:
        return
    apart = _apart(here, there)
    guess, shifts = here.copy(), True
    for channel in apart:
        ours, theirs = here[channel].ravel(), there[channel].ravel()
        slope, start = np.polyfit(ours, theirs, 1) if np.ptp(ours) else (1.0, 0.0)
        guess[channel] = slope * here[channel] + start
        shifts = shifts and abs(slope - 1) < 1e-4
    norm = any(isinstance(layer, BatchNorm) for layer in layers)
    what = "another bias" if shifts else f"another scale{' of the batch norm' if norm else ''}"
    yield f"{what} for {_counted(apart, here)}", guess


def _apart(here: Array, there: Array) -> Array:
    """The channels that differ by more than rounding."""
    unit = float(np.spacing(np.abs(here).max().astype(np.float32)))
    apart = np.abs(here - there).reshape(len(here), -1).max(axis=1)
    return np.flatnonzero(~(apart <= ROUNDING * unit))


def convolve(layer: Conv2d, x: Array, tensors: Tensors) -> Array:
    """Return the convolution of x (channels, rows, columns), in x's dtype."""
    weight = tensors[layer.weight]  # (O, I / groups, k, k)
    windows = _windows(layer, x, weight.shape[2])  # (I, H', W', k, k)
    parts = [
        np.tensordot(some, each, ([0, 3, 4], [1, 2, 3])).transpose(2, 0, 1)
        for some, each in zip(
            np.split(windows, layer.groups), np.split(weight, layer.groups), strict=True
        )
    ]
    y = np.concatenate(parts)
    return y + tensors[layer.bias][:, None, None] if layer.bias else y


def _windows(layer: Conv2d, x: Array, size: int) -> Array:
    wide = reach(layer, size)
    x = np.pad(x, ((0, 0), border(layer, wide), border(layer, wide)))
    windows = sliding_window_view(x, (wide, wide), (1, 2))
    step, gap = layer.stride, layer.dilation
    return windows[:, ::step, ::step, ::gap, ::gap]


def _run(layer: Layer, x: Array, tensors: Tensors) -> Array:
    return run_plainly(layer, x, dict(tensors))


def _half(x: Array) -> Array:
    return x.astype(np.float16).astype(np.float64)


def _bfloat16(x: Array) -> Array:
    bits = x.astype(np.float32).view(np.uint32)
    even = bits + 0x7FFF + (bits >> 16 & 1)
    return (even & np.uint32(0xFFFF0000)).view(np.float32).astype(np.float64)


def _listed(channels: Array) -> str:
    return ", ".join(map(str, channels[:6].tolist())) + (" ..." if len(channels) > 6 else "")


def _counted(channels: Array, of: Array) -> str:
    what = "channel" if of.ndim == 3 else "output"
    return f"{what}{'s' if len(channels) > 1 else ''} {_listed(channels)}"
