"""What a variable of the environment spoils is said with its name, by every command."""

import os

import pytest

from tests.cli.conftest import run

TOKEN = {"MNIST_NB_EDGE_TOKEN": "s3cret-token"}
PLAIN = "http://edge.invalid"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ALL_PROXY", "socks5://127.0.0.1:1"), ("HTTPS_PROXY", "http://.."), ("NO_PROXY", "[::1]")],
)
def test_doctor_names_the_variable(variable: str, value: str) -> None:
    result = run("doctor", MNIST_NB_EDGE_URL="https://edge.invalid", **{variable: value})
    assert result.exit_code == 1
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("fail")]
    assert line.split()[:2] == ["fail", "Edge"]
    assert f"{variable} in the environment" in line


def test_a_token_goes_over_plain_http_when_it_is_said() -> None:
    refused = run("doctor", MNIST_NB_EDGE_URL=PLAIN, **TOKEN)
    assert "could read the token" in refused.stdout
    assert "mnist-nb --token-over-http" in refused.stdout
    asked = run("--token-over-http", "doctor", MNIST_NB_EDGE_URL=PLAIN, **TOKEN)
    assert "could read the token" not in asked.stdout
    assert asked.exit_code == 1  # there is no such machine
    assert "MNIST_NB_TOKEN_OVER_HTTP" not in os.environ
    for shown in (refused, asked):
        assert TOKEN["MNIST_NB_EDGE_TOKEN"] not in shown.output
