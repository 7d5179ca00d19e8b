"""The REST calls against a stand-in: each failure ends in the right message, or in success."""

from collections import deque

import pytest

from mnist_nb.deployment.cloudflare import ATTEMPTS, Cloudflare
from mnist_nb.deployment.cloudflare import Account as Seen
from mnist_nb.deployment.credentials import Secret
from mnist_nb.errors import AccountError
from tests.support.cloudflare_stand_in import ACCOUNT, EVERYTHING, TOKEN, TOKEN_ID, Account

HERE = Seen(ACCOUNT, "Ada's account")


class Clock:
    """Notes how long was waited, without waiting."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(account: Account, clock: Clock) -> Cloudflare:
    return Cloudflare(Secret(TOKEN), account.url, sleep=clock.sleep)


def test_all_goes_well(api: Cloudflare, account: Account) -> None:
    account.workers["mnist-nb"] = {}
    assert api.verify() == TOKEN_ID
    assert api.account() == HERE
    assert not api.has_bucket(HERE, "models")
    api.create_bucket(HERE, "models")
    api.create_bucket(HERE, "models")  # there already
    assert api.has_bucket(HERE, "models")
    assert api.secrets(HERE, "mnist-nb") == set()
    assert api.secrets(HERE, "other") is None
    api.set_secret(HERE, "mnist-nb", "EDGE_TOKEN", Secret("hush-hush"))
    assert api.secrets(HERE, "mnist-nb") == {"EDGE_TOKEN"}
    assert account.workers["mnist-nb"] == {"EDGE_TOKEN": "hush-hush"}
    assert api.subdomain(HERE) == "ada"
    account.subdomain = None
    assert api.subdomain(HERE) is None


@pytest.mark.parametrize("token", ["another-token-123456", "short"])
def test_a_wrong_token(account: Account, token: str) -> None:
    with pytest.raises(AccountError, match=r"does not know this API token .*CLOUDFLARE_API_TOKEN"):
        Cloudflare(Secret(token), account.url).verify()


@pytest.mark.parametrize("status", ["expired", "disabled"])
def test_a_token_that_is_over(api: Cloudflare, account: Account, status: str) -> None:
    account.status = status
    with pytest.raises(AccountError, match=f"the API token is {status}, not active"):
        api.verify()


def test_a_token_that_belongs_to_an_account(api: Cloudflare, account: Account) -> None:
    account.owned_by_account = True
    assert api.verify(ACCOUNT) == TOKEN_ID
    with pytest.raises(AccountError, match="belongs to an account, set CLOUDFLARE_ACCOUNT_ID"):
        api.verify()


@pytest.mark.parametrize("value", ["", "  ", "two words", "line\nbreak", "tökén"])
def test_what_cannot_be_a_token_is_not_sent(value: str) -> None:
    with pytest.raises(AccountError, match="copy it once more") as caught:
        Secret(value, "CLOUDFLARE_API_TOKEN")
    assert not value.strip() or value not in str(caught.value)


def test_which_account(api: Cloudflare, account: Account) -> None:
    account.accounts.append({"id": "f" * 32, "name": "The club"})
    with pytest.raises(
        AccountError, match=rf"more than one|2 accounts.*{ACCOUNT} \(Ada's account\)"
    ):
        api.account()
    assert api.account(ACCOUNT) == HERE
    account.permissions = EVERYTHING - {"accounts"}
    assert api.account(ACCOUNT) == Seen(ACCOUNT, "")
    with pytest.raises(AccountError, match=r"sees no account: set CLOUDFLARE_ACCOUNT_ID .*Read"):
        api.account()


def test_a_missing_permission_is_named(api: Cloudflare, account: Account) -> None:
    account.permissions = EVERYTHING - {"r2"}
    for call in (api.has_bucket, api.create_bucket):
        with pytest.raises(AccountError, match=r"bucket models .*Workers R2 Storage > Edit"):
            call(HERE, "models")
    account.permissions = EVERYTHING - {"scripts"}
    with pytest.raises(AccountError, match=r"mnist-nb .*10000 .*Workers Scripts > Edit"):
        api.secrets(HERE, "mnist-nb")
    with pytest.raises(AccountError, match="Workers Scripts > Edit"):
        api.set_secret(HERE, "mnist-nb", "EDGE_TOKEN", Secret("hush-hush"))
    with pytest.raises(AccountError, match="Workers Scripts > Edit"):
        api.subdomain(HERE)


def test_r2_that_is_not_switched_on(api: Cloudflare, account: Account) -> None:
    account.r2_enabled = False
    with pytest.raises(AccountError, match="R2 is not switched on in this account"):
        api.has_bucket(HERE, "models")


def test_a_secret_of_a_worker_that_is_not_there(api: Cloudflare) -> None:
    with pytest.raises(AccountError, match="no such Worker; deploy it first"):
        api.set_secret(HERE, "mnist-nb", "EDGE_TOKEN", Secret("hush-hush"))


def test_429_waits_as_long_as_it_is_told(api: Cloudflare, account: Account, clock: Clock) -> None:
    account.faults = deque([(429, {"Retry-After": "7"}), (429, {"Retry-After": "soon"}), 429])
    assert api.verify() == TOKEN_ID
    assert clock.pauses == [7, 1, 2]


def test_429_that_asks_for_too_long_is_said(
    api: Cloudflare, account: Account, clock: Clock
) -> None:
    account.faults = deque([(429, {"Retry-After": "3600"})])
    with pytest.raises(AccountError, match=r"cannot check the token: HTTP 429.*to wait 3600 s"):
        api.verify()
    assert clock.pauses == []


def test_500_three_times_ends_in_success(api: Cloudflare, account: Account, clock: Clock) -> None:
    account.faults = deque([500, 502, 503])
    assert api.verify() == TOKEN_ID
    assert clock.pauses == [0.5, 1, 2]


def test_500_for_ever_ends_in_a_message(api: Cloudflare, account: Account, clock: Clock) -> None:
    account.faults = deque([500] * 99)
    with pytest.raises(AccountError, match=r"HTTP 500.*4 attempts.*cloudflarestatus"):
        api.has_bucket(HERE, "models")
    assert len(account.asked) == ATTEMPTS == len(clock.pauses) + 1


def test_a_dropped_connection(api: Cloudflare, account: Account, clock: Clock) -> None:
    account.faults = deque(["drop", "drop"])
    assert api.verify() == TOKEN_ID
    assert clock.pauses == [0.5, 1]
    account.faults = deque(["drop"] * 9)
    with pytest.raises(AccountError, match="no answer, ConnectionError"):
        api.verify()


def test_a_bucket_whose_answer_was_lost_is_made_once(api: Cloudflare, account: Account) -> None:
    account.faults = deque(["drop after"])
    api.create_bucket(HERE, "models")
    assert account.buckets == {"models"}
    assert account.asked == [f"POST /accounts/{ACCOUNT}/r2/buckets"] * 2


def test_nobody_there() -> None:
    clock = Clock()
    with pytest.raises(AccountError, match=r"http://127\.0\.0\.1:9"):
        Cloudflare(Secret(TOKEN), "http://127.0.0.1:9", sleep=clock.sleep).verify()


def test_the_token_does_not_go_over_an_open_line() -> None:
    with pytest.raises(AccountError, match="not encrypted"):
        Cloudflare(Secret(TOKEN), "http://api.cloudflare.com/client/v4")


def test_a_netrc_does_not_replace_the_token(
    api: Cloudflare, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:
        file.write("machine 127.0.0.1 login somebody password else")
    monkeypatch.setenv("NETRC", netrc)
    api._http.trust_env = True
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert api.verify() == TOKEN_ID
