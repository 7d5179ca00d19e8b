"""What a class gives to its edge, against the real runtime and its bucket."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from mnist_nb import LocalEdge
from tests.support.bucket import Bucket, log_of
from tests.support.variant import variant

from .test_protocol import IMAGES, assert_problem

pytestmark = pytest.mark.edge

FILE = "mnist/drawings/kept.json"
OCTETS = {"Content-Type": "application/octet-stream"}
TEXT = {"Content-Type": "text/plain"}
SEVEN = {"label": "7", "consent": "yes"}


@pytest.fixture(scope="module")
def collecting() -> Iterator[LocalEdge]:
    with LocalEdge(vars={"COLLECT": "on"}, as_cloudflare=True) as edge:
        yield edge


@pytest.fixture
def http(collecting: LocalEdge) -> Iterator[httpx.Client]:
    Bucket(collecting).delete(FILE)
    with httpx.Client(base_url=collecting.url, timeout=30, trust_env=False) as client:
        yield client


def give(http: httpx.Client, image: bytes = IMAGES[0].tobytes(), **params: str) -> httpx.Response:
    return http.post("/drawings", params=params or SEVEN, content=image, headers=OCTETS)


def take_back(http: httpx.Client, id: str) -> httpx.Response:
    return http.delete("/drawings", params={"id": id})


def keys(edge: LocalEdge) -> list[str]:
    bucket = Bucket(edge)
    return [entry["Key"] for entry in bucket.s3.list_objects_v2(Bucket="models")["Contents"]]


def kept(edge: LocalEdge) -> list[dict[str, Any]]:
    bucket = Bucket(edge)
    content = json.load(bucket.s3.get_object(Bucket="models", Key=FILE)["Body"])
    assert content["format"] == "mnist-nb.collection/1"
    return list(content["digits"])


def test_a_drawing_is_kept_and_nothing_else() -> None:
    who = {"User-Agent": "a browser of mine", "CF-Connecting-IP": "203.0.113.9", "X-Name": "Ada"}
    with (
        LocalEdge(vars={"COLLECT": "on"}, as_cloudflare=True) as edge,
        httpx.Client(base_url=edge.url, headers=who, timeout=30, trust_env=False) as http,
    ):
        answer = give(http)
        (drawing,) = kept(edge)
        (line,) = log_of(edge, "request", 1)
    assert answer.status_code == 201
    id = answer.json()["id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", id)
    day = drawing.pop("day")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day)
    pixels = b64decode(drawing.pop("pixels"))
    np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8), IMAGES[0].ravel())
    assert drawing == {"id": id, "label": 7}
    assert line["path"] == "/drawings"
    assert not re.search(f"{id}|consent|label|203.0.113.9|browser", json.dumps(line))


def test_it_is_taken_back_once(http: httpx.Client, collecting: LocalEdge) -> None:
    ids = [give(http).json()["id"] for _ in range(3)]
    answer = take_back(http, ids[1])
    assert (answer.status_code, answer.content) == (204, b"")
    assert {drawing["id"] for drawing in kept(collecting)} == {ids[0], ids[2]}
    assert_problem(take_back(http, ids[1]), 404, "not-kept", "taken back before")
    assert_problem(take_back(http, "7"), 400, "wrong-id", '"7"')
    assert_problem(http.delete("/drawings"), 400, "wrong-id", "null")
    assert len(kept(collecting)) == 2


@pytest.mark.parametrize("consent", [{}, {"consent": "no"}, {"consent": ""}, {"consent": "Yes"}])
def test_nothing_is_kept_without_consent(
    http: httpx.Client, collecting: LocalEdge, consent: dict[str, str]
) -> None:
    assert_problem(give(http, label="7", **consent), 400, "no-consent", "consent=yes")
    assert FILE not in keys(collecting)


@pytest.mark.parametrize("setting", ["", "On"])
def test_nothing_is_kept_where_the_setting_is_not_on(setting: str) -> None:
    with LocalEdge(vars={"COLLECT": setting} if setting else None) as edge:
        before = keys(edge)
        with httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http:
            assert_problem(give(http), 404, "collecting-off", "set COLLECT to on")
            bet = {"question": "q", "value": "1"}
            assert_problem(http.post("/bets", params=bet), 404, "collecting-off", "COLLECT")
            assert_problem(http.get("/bets", params=bet), 404, "collecting-off", "COLLECT")
            assert http.get("/model").json()["collects"] is False
        assert keys(edge) == before


def test_the_model_says_that_it_collects(http: httpx.Client) -> None:
    assert http.get("/model").json()["collects"] is True


@pytest.mark.parametrize("label", ["", "10", "-1", "7.0", "seven", " 7", "٧"])
def test_a_label_is_a_digit(http: httpx.Client, label: str) -> None:
    answer = give(http, label=label, consent="yes")
    assert_problem(answer, 400, "wrong-label", json.dumps(label, ensure_ascii=False), "0 to 9")


def test_a_drawing_is_one_image_with_ink(http: httpx.Client, collecting: LocalEdge) -> None:
    assert_problem(give(http, b"1"), 400, "wrong-shape", "1 bytes")
    assert_problem(give(http, IMAGES.tobytes()), 400, "wrong-shape", "one by one")
    assert_problem(give(http, bytes(2 << 20)), 413, "too-large", "2097152 bytes")
    assert_problem(give(http, bytes(784)), 400, "no-ink", "draw a digit")
    # What another site's script may send without a preflight is not taken.
    answer = http.post(
        "/drawings", params=SEVEN, content=str(IMAGES[0].ravel().tolist()), headers=TEXT
    )
    assert_problem(answer, 415, "unsupported-type", "octet-stream")
    assert FILE not in keys(collecting)


def test_all_who_give_at_once_are_kept(http: httpx.Client, collecting: LocalEdge) -> None:
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: give(http), range(60)))
        assert {answer.status_code for answer in answers} == {201}
        ids = [answer.json()["id"] for answer in answers]
        backs = list(threads.map(lambda id: take_back(http, id), ids[:30]))
    assert {answer.status_code for answer in backs} == {204}
    left = [drawing["id"] for drawing in kept(collecting)]
    assert set(left) == set(ids[30:])
    assert left != ids[30:]  # their order does not tell who was first


def test_there_is_an_end_of_room(http: httpx.Client, collecting: LocalEdge) -> None:
    give(http)
    (drawing,) = kept(collecting)
    full = {"format": "mnist-nb.collection/1", "digits": [drawing] * 1000}
    Bucket(collecting).put(FILE, json.dumps(full).encode())
    assert_problem(give(http), 507, "full", "1000 drawings", "bucket's keys")
    assert take_back(http, drawing["id"]).status_code == 204
    assert give(http).status_code == 201
    assert_problem(give(http), 507, "full", "1000 drawings")


@pytest.mark.parametrize("content", [b"{", b'{"format": "x", "digits": []}', bytes(3 << 20)])
def test_a_file_that_somebody_spoiled_is_left_alone(
    http: httpx.Client, collecting: LocalEdge, content: bytes
) -> None:
    Bucket(collecting).put(FILE, content)
    answer = give(http)
    assert_problem(answer, 503, "busy", "could not be written")
    assert answer.headers["Retry-After"] == "1"
    found = Bucket(collecting).s3.get_object(Bucket="models", Key=FILE)["Body"].read()
    assert found == content


# R2 refuses more than one write a second to a key; the local one does not. These fail as often as
# the image's first pixel says.
BUSY = """
import worker, { Collected as Deployed } from "./worker";
export class Collected extends Deployed {
  constructor(context, env) {
    let failures = 0;
    const put = (key, text, options) => {
      const { digits } = JSON.parse(text);
      const wanted = Math.max(...digits.map(({ pixels }) => atob(pixels).charCodeAt(0)));
      if (failures++ < wanted) return Promise.reject(new Error("429"));
      failures = 0;
      return env.MODELS.put(key, text, options);
    };
    super(context, { ...env, MODELS: { get: (key) => env.MODELS.get(key), put } });
  }
}
export default worker;
"""


def test_a_busy_bucket_is_asked_once_more(tmp_path: Path) -> None:
    image = lambda failures: bytes([failures]) + IMAGES[0].tobytes()[1:]  # noqa: E731
    with (
        variant(tmp_path, BUSY),
        LocalEdge(vars={"COLLECT": "on"}) as edge,
        httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http,
    ):
        assert_problem(give(http, image(2)), 503, "busy", "send it again")
        assert FILE not in keys(edge)
        assert give(http, image(0)).status_code == 201
        assert give(http, image(1)).status_code == 201
        assert len(kept(edge)) == 2


def test_all_of_it_wants_the_token() -> None:
    with (
        LocalEdge(vars={"COLLECT": "on", "EDGE_TOKEN": "t"}) as edge,
        httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http,
    ):
        bet = {"question": "q", "value": "1"}
        for answer in (
            give(http),
            take_back(http, "7"),
            http.post("/bets", params=bet),
            http.get("/bets", params=bet),
        ):
            assert_problem(answer, 401, "unauthorized", "missing")
        wrong = httpx.post(f"{edge.url}/drawings", headers={"Authorization": "Bearer T"})
        assert_problem(wrong, 401, "unauthorized", "another one")
        http.headers["Authorization"] = "Bearer t"
        id = give(http).json()["id"]
        assert take_back(http, id).status_code == 204


def test_bets_are_counted_as_sums(http: httpx.Client) -> None:
    bets = [2.3, 2.34, -1, 1e-7, 2.3]
    for value in bets:
        answer = http.post("/bets", params={"question": "sums", "value": value})
        assert answer.status_code == 200
    assert answer.json() == http.get("/bets", params={"question": "sums"}).json()
    assert answer.json() == {
        "bets": [
            {"value": -1, "count": 1},
            {"value": 1e-7, "count": 1},
            {"value": 2.3, "count": 3},
        ]
    }
    other = http.get("/bets", params={"question": "constructor"})
    assert other.json() == {"bets": []}


@pytest.mark.parametrize("value", ["", "nan", "inf", "1e10", "-1e10", "seven"])
def test_a_bet_is_a_number(http: httpx.Client, value: str) -> None:
    answer = http.post("/bets", params={"question": "q", "value": value})
    assert_problem(answer, 400, "wrong-bet", json.dumps(value), "give a number")


@pytest.mark.parametrize("question", ["", "A", "a b", "a" * 61, "__proto__"])
def test_a_question_has_a_plain_name(http: httpx.Client, question: str) -> None:
    answer = http.get("/bets", params={"question": question})
    assert_problem(answer, 400, "wrong-question", question[:60])


def test_bets_have_an_end_too() -> None:
    with (
        LocalEdge(vars={"COLLECT": "on"}) as edge,
        httpx.Client(base_url=edge.url, timeout=30, trust_env=False) as http,
    ):
        for number in range(300):
            http.post("/bets", params={"question": "0", "value": number % 7}).raise_for_status()
        for number in range(1, 32):
            bet = {"question": str(number), "value": 1}
            http.post("/bets", params=bet).raise_for_status()
        for question in ("0", "32"):
            answer = http.post("/bets", params={"question": question, "value": 1})
            assert_problem(answer, 507, "full", "300 bets")
        counts = [
            bet["count"] for bet in http.get("/bets", params={"question": "0"}).json()["bets"]
        ]
        assert sum(counts) == 300
