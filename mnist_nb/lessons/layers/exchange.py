"""What travels between this machine and the edge, as tables."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from mnist_nb.edge import EdgeResult
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
        rows = "".join(
            f"<tr><th scope='row'>{digit}</th><td><code>{_hex(answered.content[4 * digit :][:4])}"
            f"</code></td><td>{_number(value)}</td></tr>"
            for digit, value in enumerate(numbers)
        )
        body = "\n".join(
            " ".join(_byte(value) for value in asked.content[start : start + ROW])
            for start in range(0, len(asked.content), ROW)
        )
        path = urlsplit(str(asked.url)).path
        return _page(
            '<div class="mn-row mn-exchange"><section class="mn-message"><h3>There</h3>'
            f"<pre tabindex='0'>{escape(asked.method)} {escape(path)} HTTP/1.1\n"
            f"{_headers(asked.headers)}</pre>"
            f"<p>then {len(asked.content)} bytes, one for each pixel, here {ROW} in a line:</p>"
            f'<pre class="mn-dump" tabindex="0">{body}</pre></section>'
            '<section class="mn-message"><h3>Back</h3>'
            f"<pre tabindex='0'>HTTP/1.1 {answered.status_code} {escape(answered.reason_phrase)}\n"
            f"{_headers(answered.headers)}</pre>"
            f"<p>then {len(answered.content)} bytes, four for each digit:</p>"
            '<table class="mn-plain"><tr><th scope="col">digit</th><th scope="col">bytes</th>'
            f'<th scope="col">as float32</th></tr>{rows}</table></section></div>'
        )


class Starts:
    """Round trips with how warm the Durable Object was; a notebook shows them as a table."""

    def __init__(self, cold: Sequence[EdgeResult], warm: Sequence[EdgeResult]) -> None:
        self.cold, self.warm = list(cold), list(warm)

    def __repr__(self) -> str:
        return f"<Starts: {len(self.cold)} cold, {len(self.warm)} warm>"

    def _repr_html_(self) -> str:
        rows = ""
        for name, results in (("cold", self.cold), ("warm", self.warm)):
            told = [result.cold for result in results]
            assert all(told) if name == "cold" else not any(told)
            times = np.array([result.timing.total_ms for result in results])
            middle, worst = np.percentile(times, [50, 95])
            tail = milliseconds(worst) if len(times) >= FEW else "too few to say"
            cells = [milliseconds(middle), tail, str(len(times))]
            rows += f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{c}</td>" for c in cells)
            rows += "</tr>"
        return _page(
            '<table class="mn-plain"><caption>There and back, measured here</caption><tr>'
            '<th scope="col">the object was</th><th scope="col">median</th>'
            f'<th scope="col">95th percentile</th><th scope="col">requests</th></tr>{rows}</table>'
        )


def _page(content: str) -> str:
    return f'<style>{css()}</style><div class="mnist-nb mn-still">{content}</div>'


def _headers(headers: Mapping[str, str]) -> str:
    return "\n".join(escape(_cut(f"{name}: {headers[name]}")) for name in SHOWN if name in headers)


def _cut(text: str, length: int = 46) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def _number(value: float) -> str:
    return f"{value:.7f}" if value > 1e-3 else f"{value:.1e}".replace("-", "−")


def _byte(value: int) -> str:
    return f"<b>{value:02x}</b>" if value else "00"


def _hex(content: bytes) -> str:
    return content.hex(" ")
