"""The document at /openapi.json is complete; tests/soak/test_contract.py sends what it says."""

import re
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.edge, pytest.mark.usefixtures("small")]


@pytest.fixture
def document(http: httpx.Client) -> Any:
    answer = http.get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def test_every_route_is_in_it(http: httpx.Client, document: Any) -> None:
    known = re.search(r"but (.*)\.$", http.get("/nothing").json()["detail"])
    assert known
    assert set(document["paths"]) == set(known[1].split(", "))
    for path, methods in document["paths"].items():
        allowed = set(http.options(path).headers["Allow"].lower().split(", "))
        assert set(methods) == allowed, path


def test_every_header_of_an_answer_is_in_it(http: httpx.Client, document: Any) -> None:
    """Beside those that HTTP has for every answer; the page's files have more, see _headers."""
    of_http = {"date", "content-type", "content-length", "transfer-encoding", "content-encoding"}
    of_http.add("connection")  # an error before the body was read
    image = {"content": bytes(784), "headers": {"Content-Type": "application/octet-stream"}}
    for path, methods in document["paths"].items():
        for method in methods if path != "/" else ():
            answer = http.request(method, path, **(image if method == "post" else {}))
            described = methods[method]["responses"][str(answer.status_code)]
            named = {name.lower(): header for name, header in described["headers"].items()}
            needed = {name for name, header in named.items() if header["required"]}
            said = set(answer.headers) - of_http
            assert needed - of_http <= said <= set(named), (path, method)


def test_each_reference_leads_somewhere_and_each_schema_is_used(document: Any) -> None:
    named = set(re.findall(r"'#/components/schemas/(\w+)'", repr(document)))
    assert named == set(document["components"]["schemas"])
