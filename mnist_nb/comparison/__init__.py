"""Two answers beside each other: do they agree, how long did each take, what does it cost?"""

from mnist_nb.comparison.compare import Comparison, Percentiles, compare
from mnist_nb.comparison.cost import Load, image_price, request_price
from mnist_nb.comparison.distance import Distance
from mnist_nb.comparison.latency import Times, evict, time_calls
from mnist_nb.comparison.parity import LayerDifference, Parity, trace
from mnist_nb.comparison.split import BELOW_NOISE, Part, Split
from mnist_nb.comparison.timed_request import Span, TimedRequest, timed_request

__all__ = [
    "BELOW_NOISE",
    "Comparison",
    "Distance",
    "LayerDifference",
    "Load",
    "Parity",
    "Part",
    "Percentiles",
    "Span",
    "Split",
    "TimedRequest",
    "Times",
    "compare",
    "evict",
    "image_price",
    "request_price",
    "time_calls",
    "timed_request",
    "trace",
]
