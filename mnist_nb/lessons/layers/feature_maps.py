"""What every filter makes of the drawing, and what batch norm and GELU make of that."""

import math

import numpy as np
from numpy.typing import NDArray

from mnist_nb.lessons.layers.pictures import Plot, img, minus, signed_uri, tiles
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View, choice, dropdown
from mnist_nb.network import BatchNorm2d, Conv2d, Flatten, gelu

ACROSS = 8  # maps in a row
WIDTH = 576  # CSS pixels of a row


class FeatureMaps(View):
    """All maps, in rows of eight, for one of the steps after each convolution."""

    title = "the feature maps of every layer"

    def __init__(self, subject: Subject) -> None:
        look = subject.look
        stages = list(
            dict.fromkeys(s for b in _blocks(look.layers.layers, look.outputs) for s in b)
        )
        self.stage = choice("Show them after the", stages, stages[-1])
        super().__init__(subject, [self.stage])

    def html(self) -> str:
        """Return one picture for each convolution."""
        look = self.subject.look
        parts = []
        for nth, outputs in enumerate(_blocks(look.layers.layers, look.outputs)):
            # A block that has no such step is shown as it goes on.
            maps = outputs.get(self.stage.value, list(outputs.values())[-1])
            parts.append(self._picture(nth + 1, maps))
        return self.note() + "".join(parts)

    def _picture(self, nth: int, maps: NDArray[np.float32]) -> str:
        count, height, width = maps.shape
        low, high = float(maps.min()), float(maps.max())
        strongest = int(np.abs(maps).mean(axis=(1, 2)).argmax())
        field = tiles(maps, ACROSS)
        text = f"{nth}. convolution: {count} maps of {height} × {width}"
        span = minus(f"{low:.1f} to {high:.1f}")
        alt = f"{text}, numbers from {span}; the strongest is map {strongest}"
        uri = signed_uri(field, max(-low, high))
        shown = round(WIDTH * field.shape[0] / field.shape[1])
        return (
            f'<figure data-block="{nth}" data-max="{high:.9g}"><figcaption>{text}; '
            f'<span class="mn-quiet">orange up to {high:.1f}, blue down to '
            f"{minus(f'{low:.1f}')}</span></figcaption>"
            f"{img(uri, alt, WIDTH, shown, 'mn-tiles')}</figure>"
        )


def _blocks(
    layers: tuple[object, ...], outputs: list[NDArray[np.float32]]
) -> list[dict[str, NDArray[np.float32]]]:
    """For each convolution the maps after it, and after each step up to the next, by name."""
    blocks: list[dict[str, NDArray[np.float32]]] = []
    for layer, output in zip(layers, outputs[1:], strict=True):
        if isinstance(layer, Flatten):
            break
        if isinstance(layer, Conv2d):
            blocks.append({})
        if blocks:
            blocks[-1][_stage(layer)] = output
    return blocks


def _stage(layer: object) -> str:
    """What a step is called."""
    word = type(layer).__name__.removesuffix("1d").removesuffix("2d")
    known = {"Conv": "convolution", "BatchNorm": "batch norm", "Gelu": "GELU", "Relu": "ReLU"}
    return "pooling" if word.endswith("Pool") else known.get(word, word.lower())


class Curves(View):
    """What becomes of one channel of the first convolution."""

    title = "batch norm and GELU as curves"
    at_rest = True

    def __init__(self, subject: Subject) -> None:
        look = subject.look
        self._index = look.layers.index(BatchNorm2d)
        self.channel = dropdown("Channel", range(len(look.outputs[self._index])))
        super().__init__(subject, [self.channel], with_pad=False)

    def html(self) -> str:
        """Return both plots and what they say in numbers."""
        look, channel = self.subject.look, self.channel.value
        before, normal, after = (look.outputs[self._index + k][channel].ravel() for k in range(3))
        norm = look.layers.layers[self._index]
        assert isinstance(norm, BatchNorm2d)
        mean, var, weight, bias = (
            float(look.network.weights.tensors[f"{norm.prefix}.{name}"][channel])
            for name in ("running_mean", "running_var", "weight", "bias")
        )
        low = math.sqrt(var + norm.eps)
        slope = weight / low
        text = (
            f"Channel {channel}: in training its mean was {_n(mean)} and its standard deviation "
            f"{_n(low)}; the learnt scale is {_n(weight)} and the learnt shift {_n(bias)}. So "
            f"batch norm is the line y = {_n(slope)} · x {_n(bias - mean * slope, plus=True)}."
        )
        below = float((normal < 0).mean())
        gelu_text = (
            f"{100 * below:.0f} % of this channel's {normal.size} numbers are below 0 here. GELU "
            "lets only a little of them through, at least −0.17."
        )
        return (
            f'{self.note()}<div class="mn-row"><figure>{_norm_plot(before, normal, channel)}'
            f"<figcaption>Batch norm</figcaption></figure><figure>{_gelu_plot(normal, after)}"
            f"<figcaption>GELU; dashed is ReLU, max(0, x)</figcaption></figure></div>"
            f"<p>{text}</p><p>{gelu_text}</p>"
            '<p class="mn-quiet">The bars at the bottom count the numbers of your drawing along '
            "the axis (as square roots, or the background would hide the rest).</p>"
        )


def _norm_plot(before: NDArray[np.float32], after: NDArray[np.float32], channel: int) -> str:
    plot = Plot(_span(before), _span(after), ("after the convolution", "after batch norm"))
    order = np.argsort(before)[:: max(1, len(before) // 30)]
    plot.histogram(before).line(before[order], after[order], "is-first")
    label = f"Batch norm of channel {channel} is a straight line"
    return plot.dots(before[order], after[order], "is-first").svg(label)


def _gelu_plot(before: NDArray[np.float32], after: NDArray[np.float32]) -> str:
    low, high = _span(before)
    low, high = min(low, -3.0), max(high, 3.0)
    xs = np.linspace(low, high, 90, dtype=np.float32)
    plot = Plot((low, high), (-0.6, high), ("after batch norm", "after GELU"))
    plot.histogram(before).line(xs, np.maximum(xs, 0), "is-dashed").line(
        xs, gelu(xs.copy()), "is-first"
    )
    order = np.argsort(before)[:: max(1, len(before) // 30)]
    label = "GELU is near 0 below 0, and near x above"
    return plot.dots(before[order], after[order], "is-first").svg(label)


def _span(values: NDArray[np.float32]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.08 * max(high - low, 0.5)
    return low - margin, high + margin


def _n(value: float, plus: bool = False) -> str:
    text = f"{abs(value):.2f}" if plus else minus(f"{value:.2f}")
    return f"{'+' if value >= 0 else '−'} {text}" if plus else text
