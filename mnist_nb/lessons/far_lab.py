"""Draw against an edge that sliders put far away, and measure what that does to its answers."""

import threading

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from mnist_nb.comparison import Distance, Percentiles, Times, time_calls
from mnist_nb.drawing import rasterize, samples
from mnist_nb.edge import EdgeClient
from mnist_nb.lab import Lab, close_all
from mnist_nb.lessons.figures import table

CALLS = 40  # of one measurement


class FarLab(widgets.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A lab, two sliders for round trip and loss, and a button that measures.

    Args:
        url: of the edge, on plain http.
        rtt_ms: round trip at the start, in milliseconds.
        loss: share of segments that get lost at the start.

    Attributes:
        distance: the `Distance` between them.
        lab: the `Lab` that asks the far edge.
        rows: what was measured so far, for the table.
    """

    def __init__(self, url: str, rtt_ms: float = 90, loss: float = 0.0) -> None:
        self.distance = Distance(url, rtt_ms, loss).start()
        self.lab = Lab(edge=self.distance.url)
        wide = {"width": "min(100%, 430px)"}
        label = {"description_width": "150px"}
        self.rtt = widgets.IntSlider(
            int(rtt_ms), 0, 300, 10, description="Round trip (ms)", layout=wide, style=label
        )
        self.loss = widgets.FloatSlider(
            100 * loss, min=0, max=10, step=0.5, description="Lost segments (%)", layout=wide,
            style=label, readout_format=".1f",
        )  # fmt: skip
        self.button = widgets.Button(
            description=f"Measure {CALLS} calls",
            tooltip="Ask the far edge and add a row below",
            layout={"width": "170px"},
        )
        self.result = widgets.HTML()
        self.rows: list[list[str]] = []
        guard = self.lab.pad.status.guard
        self.rtt.observe(guard(lambda change: self._moved()), "value")
        self.loss.observe(guard(lambda change: self._moved()), "value")
        self.button.on_click(guard(lambda button: self._start()))
        controls = widgets.VBox([self.rtt, self.loss, self.button])
        super().__init__([controls, self.result, self.lab])
        self.add_class("mnist-nb")
        self._thread: threading.Thread | None = None

    def measure(self, calls: int = CALLS) -> Times:
        """Time calls of one image at the distance that is set, and add a row to the table."""
        image: NDArray[np.uint8] = rasterize(samples()[3])
        rtt, loss = self.distance.rtt_ms, self.distance.loss
        with EdgeClient(self.distance.url, timeout=60) as edge:
            times = time_calls(lambda: edge.classify(image), calls, f"{rtt:g} ms", warm_up=2)
        p: Percentiles = times.percentiles
        numbers = [f"{value:.1f}" for value in (p.p50, p.p95, p.p99)]
        self.rows.append([f"{rtt:g} ms, {100 * loss:g} % lost", *numbers, str(p.samples)])
        self.result.value = table(
            "Calls of one image over this distance, in milliseconds",
            ["distance", "p50", "p95", "p99", "calls"],
            self.rows[-8:],
        ).page
        return times

    def close(self) -> None:
        """Stop asking, close the connections and take it off the page."""
        if hasattr(self, "result"):  # ipywidgets closes also what could not be made
            self.lab.close()
            self.distance.stop()
            close_all(self)

    def _moved(self) -> None:
        self.distance.rtt_ms, self.distance.loss = self.rtt.value, self.loss.value / 100

    def _start(self) -> None:
        """Measure beside the drawing: in the callback it would hold up the pen."""
        self.button.disabled, self.button.description = True, "Measuring ..."
        self._thread = threading.Thread(target=self._measure_beside, daemon=True)
        self._thread.start()

    def _measure_beside(self) -> None:
        try:
            self.measure()
        except Exception as error:  # nobody else would see it
            self.lab.pad.status.show(error)
        finally:
            self.button.disabled, self.button.description = False, f"Measure {CALLS} calls"

    def __repr__(self) -> str:
        return f"FarLab({self.distance!r})"
