"""Generated requests to the edge: valid, malformed and hostile, each with what may come of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

OCTETS, JSON = "application/octet-stream", "application/json"
IMAGES = np.random.default_rng(3).integers(0, 256, (8, 784), dtype=np.uint8)

Rng = np.random.Generator


@dataclass(frozen=True)
class Wire:
    """One request.

    Attributes:
        statuses: that it may be answered with; () when anything below 500 will do.
        images: indexes into IMAGES, when the answer must be their probabilities.
    """

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    statuses: tuple[int, ...] = ()
    images: tuple[int, ...] = ()


def generate(rng: Rng) -> Wire:
    """Any of the kinds below."""
    return KINDS[rng.integers(len(KINDS))](rng)


def pick(rng: Rng, *choices: Any) -> Any:
    return choices[rng.integers(len(choices))]


def classify(body: bytes, type: str, statuses: tuple[int, ...], **headers: str) -> Wire:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Wire("POST", "/classify", body, {"Content-Type": type} | named, statuses)


def one_image(rng: Rng) -> Wire:
    index = int(rng.integers(len(IMAGES)))
    pixels = IMAGES[index].tolist()
    if rng.random() < 0.3:  # what rounds to the same bytes is the same image
        pixels = [min(255, pixel + 0.25) for pixel in pixels]
    text = json.dumps(pixels, separators=pick(rng, (",", ":"), (", ", ": "), (" ,\n\t", ":")))
    type = pick(rng, JSON, "application/json; charset=utf-8", "text/plain", "APPLICATION/JSON")
    return Wire("POST", "/classify", text.encode(), {"Content-Type": type}, (200,), (index,))


def some_images(rng: Rng) -> Wire:
    many = 1024 if rng.random() < 0.01 else int(rng.integers(1, 9))
    indexes = tuple(int(i) for i in rng.integers(len(IMAGES), size=many))
    body = IMAGES[list(indexes)].tobytes()
    accept = pick(rng, OCTETS, JSON, "*/*", "application/*;q=0.5, text/html", f"{JSON};q=0.1,*/*")
    headers = {"Content-Type": OCTETS, "Accept": accept}
    return Wire("POST", "/classify", body, headers, (200,), indexes)


def bytes_of_a_wrong_length(rng: Rng) -> Wire:
    length = int(pick(rng, 0, 1, 783, 785, 1567, rng.integers(1, 802_816), 802_817, 900_000))
    if length % 784 == 0 and 0 < length <= 802_816:
        length += 1
    return classify(rng.bytes(length), OCTETS, (400, 413))


def broken_json(rng: Rng) -> Wire:
    text = json.dumps(IMAGES[0].tolist())
    cut = int(rng.integers(len(text)))
    junk = pick(rng, "", "]", "}", "\0", "\ud800", "NaN", "1e", "//", "'", "[" * 5000, "\ufeff")
    body = (text[:cut] + junk).encode("utf-8", "surrogatepass")
    # Cut before the last bracket, it is whole again.
    return classify(body, JSON, (200, 400) if junk == "]" else (400,))


def random_bytes_as_json(rng: Rng) -> Wire:
    return classify(rng.bytes(int(rng.integers(1, 3000))), JSON, (400,))


def json_of_another_shape(rng: Rng) -> Wire:
    deep: Any = 0
    for _ in range(int(rng.integers(1, 500))):
        deep = [deep]
    body = pick(
        rng,
        None,
        True,
        7,
        "x" * 1000,
        {},
        {"pixels": [0] * 784},
        [],
        [[0] * 28] * 28,
        [0] * int(rng.integers(785, 2000)),
        deep,
        {"__proto__": {"length": 784}},
    )
    return classify(json.dumps(body).encode(), JSON, (400,))


def pixels_that_are_none(rng: Rng) -> Wire:
    pixels: list[Any] = IMAGES[0].tolist()
    wrong = pick(rng, -1, 256, 1e300, "7", None, True, [], {}, -0.001, 255.5, "\u0000")
    pixels[rng.integers(784)] = wrong
    return classify(json.dumps(pixels).encode(), JSON, (400,))


def too_large(rng: Rng) -> Wire:
    body = b"[" + b"0," * int(rng.integers(40_000, 200_000))
    return classify(body, JSON, (413,))


def another_type(rng: Rng) -> Wire:
    type = pick(rng, "", "text/html", "multipart/form-data; boundary=x", "a" * 5000, "*/*", "json")
    return classify(b"[]", type, (415,))


def an_encoding(rng: Rng) -> Wire:
    coding = pick(rng, "gzip", "br", "zstd", "gzip, gzip", "\xff", "x" * 2000)
    return classify(rng.bytes(200), OCTETS, (415,), Content_Encoding=coding)


def nothing_acceptable(rng: Rng) -> Wire:
    accept = pick(rng, "text/html", "image/*", "application/json;q=0", ",", ";", "q=1", "x/y" * 900)
    return classify(IMAGES[0].tobytes(), OCTETS, (406,), Accept=accept)


def strange_headers(rng: Rng) -> Wire:
    value = pick(rng, "", "*", "Bearer", "\xe9" * 50, 'W/"x", "y"', "bytes=0-1", "0", "z" * 8000)
    name = pick(
        rng,
        "Authorization",
        "Origin",
        "If-None-Match",
        "If-Match",
        "Range",
        "Cookie",
        "X-HTTP-Method-Override",
        "CF-Connecting-IP",
        "X-Forwarded-For",
        "Access-Control-Request-Method",
        "Accept-Encoding",
        "User-Agent",
    )
    path = pick(rng, "/model", "/model/weights", "/healthz", "/openapi.json", "/")
    return Wire(pick(rng, "GET", "HEAD", "OPTIONS"), path, b"", {name: value})


def reading(rng: Rng) -> Wire:
    path = pick(rng, "/model", "/model/weights", "/healthz", "/openapi.json", "/", "/app.js")
    method = pick(rng, "GET", "HEAD", "OPTIONS")
    return Wire(method, path, statuses=(204,) if method == "OPTIONS" else (200,))


def a_shard(rng: Rng) -> Wire:
    wrong = pick(rng, "1", "-1", "", "0.0", "1e3", "9" * 400, "NaN", "%00", "0,0", "\xff", "{}")
    query = "".join(f"%{byte:02x}" for byte in wrong.encode())
    path = pick(rng, "/model", "/model/weights")
    return Wire(pick(rng, "GET", "HEAD"), f"{path}?shard={query}", statuses=(400,))


def another_method(rng: Rng) -> Wire:
    path = pick(rng, "/classify", "/model", "/model/weights", "/healthz", "/openapi.json", "/")
    method = pick(rng, "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "GET", "POST", "SEARCH")
    possible = "POST" if path == "/classify" else "GET"
    return Wire(method, path, b"", {}, () if method == possible else (405,))


def another_path(rng: Rng) -> Wire:
    letters = "".join(chr(rng.integers(33, 127)) for _ in range(rng.integers(1, 40)))
    path = pick(
        rng,
        "/" + letters.translate(dict.fromkeys(map(ord, "?#<>`"))),  # <>`: see NO_HTTP
        "/" + "a" * int(rng.integers(1, 8000)),
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/x",
        "/classify/",
        "/classify%00",
        "/model/../model/x",
        "/constructor",
        "/__proto__",
        "/%ff%fe",
        "/model/weights/0",
        "/.git/config",
        "/src/worker.ts",
        "/_headers",
    )
    return Wire(pick(rng, "GET", "POST", "HEAD", "DELETE"), path)


KINDS: list[Callable[[Rng], Wire]] = [
    one_image,
    some_images,
    some_images,
    bytes_of_a_wrong_length,
    broken_json,
    random_bytes_as_json,
    json_of_another_shape,
    pixels_that_are_none,
    too_large,
    another_type,
    an_encoding,
    nothing_acceptable,
    strange_headers,
    reading,
    a_shard,
    another_method,
    another_path,
]
