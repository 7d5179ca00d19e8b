"""What travels between this machine and the edge, as tables."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from mnist_nb.edge import EdgeResult
from mnist_nb.lessons import figures
from mnist_nb.lessons.figures import Shown, table
from mnist_nb.lessons.layers.pictures import minus
from mnist_nb.lessons.layers.view import css
from mnist_nb.network import milliseconds

SHOWN = ("content-type", "accept", "content-length", "x-model-sha256", "x-model-name", "x-cold",
         "x-place", "server-timing")  # fmt: skip
ROW = 28  # bytes in a line: a row of the image
FEW = 20  # samples of which nobody can say a 95th percentile


class Exchange:
    """An HTTP request and its answer, byte by byte; a notebook shows it as a table.

    Args:
        response: of httpx, to `POST /classify` with bytes both ways.
    """

    def __init__(self, response: Any) -> None:
        self.request, self.response = response.request, response

    def __repr__(self) -> str:
        there, back = len(self.request.content), len(self.response.content)
        return f"<Exchange: {there} bytes there, {back} back>"

    def _repr_html_(self) -> str:
        asked, answered = self.request, self.response
        numbers = np.frombuffer(answered.content, "<f4")
        rows = [
            [digit, answered.content[4 * digit :][:4].hex(" "), _number(value)]
            for digit, value in enumerate(numbers)
        ]
        digits = table("Ten probabilities", ["digit", "bytes", "as float32"], rows)
        body = "\n".join(
            " ".join(_byte(value) for value in asked.content[start : start + ROW])
            for start in range(0, len(asked.content), ROW)
        )
        path = urlsplit(str(asked.url)).path
        return (
            f"<style>{figures.css()}{css()}</style>"
            '<div class="mnist-nb mn-still mn-row" style="max-width:940px">'
            '<section class="mn-message"><p class="mn-head">There</p>'
            f"<pre tabindex='0'>{escape(asked.method)} {escape(path)} HTTP/1.1\n"
            f"{_headers(asked.headers)}</pre>"
            f"<p>then {len(asked.content)} bytes, one for each pixel, here {ROW} in a line:</p>"
            f'<pre class="mn-dump" tabindex="0">{body}</pre></section>'
            '<section class="mn-message"><p class="mn-head">Back</p>'
            f"<pre tabindex='0'>HTTP/1.1 {answered.status_code} {escape(answered.reason_phrase)}\n"
            f"{_headers(answered.headers)}</pre>"
            f"<p>then {len(answered.content)} bytes, four for each digit:</p>"
            f"{digits.html}</section></div>"
        )


class Starts(Shown):
    """Round trips with how warm the Durable Object was, as a table."""

    def __init__(self, cold: Sequence[EdgeResult], warm: Sequence[EdgeResult]) -> None:
        rows = []
        for name, results in (("cold", cold), ("warm", warm)):
            assert {result.cold for result in results} == {name == "cold"}
            times = np.array([result.timing.total_ms for result in results])
            middle, worst = np.percentile(times, [50, 95])
            tail = milliseconds(worst) if len(times) >= FEW else "too few to say"
            rows.append([name, milliseconds(middle), tail, len(times)])
        head = ["the object was", "median", "95th percentile", "requests"]
        shown = table("There and back, measured here", head, rows)
        super().__init__(shown.html, shown.text)


def _headers(headers: Mapping[str, str]) -> str:
    return "\n".join(escape(_cut(f"{name}: {headers[name]}")) for name in SHOWN if name in headers)


def _cut(text: str, length: int = 38) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def _number(value: float) -> str:
    return f"{value:.7f}" if value > 1e-3 else minus(f"{value:.1e}")


def _byte(value: int) -> str:
    return f"<b>{value:02x}</b>" if value else "00"
