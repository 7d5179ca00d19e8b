"""Choose a threshold: how many digits are refused, how many of what is no digit get through."""

from collections.abc import Mapping
from dataclasses import replace

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from mnist_nb.lab import close_all
from mnist_nb.lessons.layers.pictures import Plot
from mnist_nb.lessons.layers.view import Still, Styles, dropdown
from mnist_nb.network import Network, Weights

START = 0.5


class Threshold(Still):
    """The largest probabilities of digits and of no digits, and a line to move between them.

    Args:
        networks: by what they are called; the last one is shown first.
        digits: images of digits, uint8 (N, 28, 28).
        others: images of what is none.

    Attributes:
        value: the threshold, 0..1.
    """

    def __init__(
        self,
        networks: Mapping[str, Network],
        digits: NDArray[np.uint8],
        others: NDArray[np.uint8],
    ) -> None:
        self._networks = dict(networks)
        self._sure = {
            name: tuple(network.predict(images).max(axis=1) for images in (digits, others))
            for name, network in self._networks.items()
        }
        self.network = dropdown("Network", list(self._networks))
        self.network.value = list(self._networks)[-1]
        self.slider = widgets.FloatSlider(
            description="Not sure below", min=0, max=1, step=0.01, value=START,
            layout={"width": "min(100%, 480px)"}, style={"description_width": "initial"},
        )  # fmt: skip
        self.shown = widgets.HTML()
        for control in (self.network, self.slider):
            control.observe(lambda change: self._show(), "value")
        tools = widgets.HBox([self.network, self.slider])
        tools.add_class("mn-tools")
        body = widgets.VBox([Styles(), tools, self.shown])
        body.add_class("mn-body")
        super().__init__([body])
        self.add_class("mnist-nb")
        self.add_class("mn-view")
        self._show()

    @property
    def value(self) -> float:
        """The threshold, 0..1."""
        return float(self.slider.value)

    def weights(self, name: str) -> Weights:
        """Return the network that is shown, under a name, with the threshold in its notes."""
        weights = self._networks[self.network.value].weights
        metrics = weights.architecture.metrics | {"not_sure_below": self.value}
        named = replace(weights.architecture, name=name, metrics=metrics)
        return replace(weights, architecture=named)

    def rates(self) -> tuple[float, float]:
        """Return the shares 0..1 of digits that are refused, and of others that get through."""
        digits, others = self._sure[self.network.value]
        return float((digits < self.value).mean()), float((others >= self.value).mean())

    def close(self) -> None:
        """Take it off the page."""
        close_all(self)

    def _show(self) -> None:
        digits, others = self._sure[self.network.value]
        refused, through = self.rates()
        figures = ""
        for values, what in ((digits, "digits"), (others, "no digits")):
            axes = ("largest probability", "how many (square root)")
            plot = Plot((0, 1), (0, 1), axes, (290, 190))
            plot.histogram(values, bins=25, share=0.95).upright(self.value, "is-dashed")
            label = f"{len(values)} {what}: {100 * (values < self.value).mean():.0f} % below"
            figures += (
                f"<figure>{plot.svg(label)}<figcaption>{label} the line</figcaption></figure>"
            )
        self.shown.value = (
            f'<div class="mn-row">{figures}</div><p class="mn-sum" role="status" '
            f'data-refused="{refused:.4f}" data-through="{through:.4f}">Of 100 digits '
            f"<strong>{100 * refused:.0f}</strong> are answered with <em>not sure</em>. Of 100 "
            f"drawings that are none, <strong>{100 * through:.0f}</strong> get through as a digit: "
            "the <em>false alarms</em>.</p>"
        )

    def __repr__(self) -> str:
        refused, through = self.rates()
        return f"<Threshold {self.value:.2f}: {refused:.1%} refused, {through:.1%} false alarms>"
