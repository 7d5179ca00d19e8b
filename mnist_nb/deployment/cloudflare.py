"""The few calls of Cloudflare's REST API that a deployment needs, with errors that say what to do.

Paths and codes are those of https://developers.cloudflare.com/api and of
https://developers.cloudflare.com/r2/api/error-codes.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import requests
from requests.auth import AuthBase

from mnist_nb._version import __version__
from mnist_nb.deployment.credentials import ACCOUNT_ID, API_TOKEN, TOKENS_PAGE, Secret
from mnist_nb.edge import is_loopback, require_usable
from mnist_nb.errors import AccountError

URL = "https://api.cloudflare.com/client/v4"
ATTEMPTS = 4
TIMEOUT = 5.0, 20.0  # seconds to connect, and between two bytes of the answer
_FIRST_PAUSE = 0.5  # seconds, doubled from one attempt to the next
_LONGEST_PAUSE = 60.0  # seconds that we wait when asked to; above, the person shall decide

_R2, _SCRIPTS = "Workers R2 Storage > Edit", "Workers Scripts > Edit"
_NO_BUCKET, _BUCKET_EXISTS, _NO_R2, _NO_WORKER = 10006, {10004, 10073}, 10042, 10007


@dataclass(frozen=True)
class Account:
    """An account, as the token sees it."""

    id: str
    name: str


class Cloudflare:
    """Asks Cloudflare's API, in a `with`; every call has a timeout and a few attempts.

    Args:
        token: an API token.
        url: of the API; None takes CLOUDFLARE_API_BASE_URL, as wrangler does, or the real one.
        sleep: waits that many seconds between two attempts.
    """

    def __init__(
        self,
        token: Secret,
        url: str | None = None,
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.url = (url or os.environ.get("CLOUDFLARE_API_BASE_URL") or URL).rstrip("/")
        if not self.url.startswith("https://") and not is_loopback(self.url):
            raise AccountError(f"the API at {self.url} is not encrypted; the token stays here")
        self._token, self._sleep = token, sleep
        self._http = requests.Session()
        self._http.auth = _Bearer(token)  # as an object, else a ~/.netrc would replace it
        self._http.headers["User-Agent"] = f"mnist-nb/{__version__}"
        if is_loopback(self.url):
            self._http.trust_env = False
        else:
            require_usable(["https", "all"], ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"], "pysocks")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def verify(self, account_id: str | None = None) -> str:
        """The id of the token, which has to be active.

        Args:
            account_id: lets a token that belongs to an account, not to a user, be found too.

        Raises:
            AccountError: it is unknown, expired or disabled.
        """
        places = ["/user/tokens/verify"]
        if account_id:
            places.append(f"/accounts/{account_id}/tokens/verify")
        for place in places:
            status, answer = self._ask("GET", place, "check the token")
            if status == 200:
                break
        else:
            raise AccountError(
                f"Cloudflare does not know this API token ({_said(status, answer)}): copy"
                f" {API_TOKEN} once more, or make another one at {TOKENS_PAGE}"
                + ("" if account_id else f"; if it belongs to an account, set {ACCOUNT_ID} too")
            )
        token = answer.get("result") or {}
        if token.get("status") != "active":
            raise AccountError(
                f"the API token is {token.get('status')}, not active: renew it at {TOKENS_PAGE}"
            )
        return str(token["id"])

    def account(self, wanted: str | None = None) -> Account:
        """The account to deploy to.

        Args:
            wanted: its id; None takes the only one that the token sees.

        Raises:
            AccountError: there is none or more than one, or the token does not see that one.
        """
        status, answer = self._ask("GET", "/accounts?per_page=50", "list the accounts")
        found = answer.get("result") or [] if status == 200 else []
        accounts = [Account(str(a["id"]), str(a["name"])) for a in found]
        if wanted:
            # Without the permission to list accounts the next calls tell whether it is right.
            return next((a for a in accounts if a.id == wanted), Account(wanted, ""))
        if len(accounts) == 1:
            return accounts[0]
        if accounts:
            names = ", ".join(f"{account.id} ({account.name})" for account in accounts)
            raise AccountError(f"the token sees more than one account, set {ACCOUNT_ID}: {names}")
        raise AccountError(
            f"the token sees no account: set {ACCOUNT_ID} (it stands in the address of the"
            f" dashboard), or add the permission Account > Account Settings > Read at {TOKENS_PAGE}"
        )

    def has_bucket(self, account: Account, name: str) -> bool:
        """Whether there is an R2 bucket of this name."""
        path = f"/accounts/{account.id}/r2/buckets/{name}"
        status, answer = self._ask("GET", path, f"look at the bucket {name}")
        if status == 404 and _NO_BUCKET in _codes(answer):
            return False
        self._check(status, answer, f"look at the bucket {name}", _R2)
        return True

    def create_bucket(self, account: Account, name: str) -> None:
        """Create an R2 bucket; nothing when it is there already."""
        path, doing = f"/accounts/{account.id}/r2/buckets", f"create the bucket {name}"
        status, answer = self._ask("POST", path, doing, {"name": name})
        if not _BUCKET_EXISTS & _codes(answer):  # made by an attempt whose answer was lost
            self._check(status, answer, doing, _R2)

    def secrets(self, account: Account, worker: str) -> set[str] | None:
        """The names of a Worker's secrets, None when there is no such Worker."""
        path = f"/accounts/{account.id}/workers/scripts/{worker}/secrets"
        status, answer = self._ask("GET", path, f"look at the Worker {worker}")
        if status == 404 and _NO_WORKER in _codes(answer):
            return None
        self._check(status, answer, f"look at the Worker {worker}", _SCRIPTS)
        return {str(secret["name"]) for secret in answer.get("result") or []}

    def set_secret(self, account: Account, worker: str, name: str, value: Secret) -> None:
        """Set a secret of a Worker, whether it has it or not."""
        path = f"/accounts/{account.id}/workers/scripts/{worker}/secrets"
        body = {"name": name, "type": "secret_text"}
        doing = f"set the secret {name} of the Worker {worker}"
        status, answer = self._ask("PUT", path, doing, body, text=value)
        if status == 404 and _NO_WORKER in _codes(answer):
            raise AccountError(f"cannot {doing}: there is no such Worker; deploy it first")
        self._check(status, answer, doing, _SCRIPTS)

    def subdomain(self, account: Account) -> str | None:
        """The account's part of `https://<worker>.<subdomain>.workers.dev`, None without one."""
        path = f"/accounts/{account.id}/workers/subdomain"
        status, answer = self._ask("GET", path, "look up the workers.dev subdomain")
        if status == 404:
            return None
        self._check(status, answer, "look up the workers.dev subdomain", _SCRIPTS)
        return (answer.get("result") or {}).get("subdomain") or None

    # --- one call --------------------------------------------------------------------------------

    def _ask(
        self,
        method: str,
        path: str,
        doing: str,
        body: dict[str, str] | None = None,
        text: Secret | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON of the first attempt that is neither 429, 5xx nor without an answer.

        A secret is revealed within the call only: tracebacks may show the variables of a function.
        """
        reason = ""
        for attempt in range(ATTEMPTS):
            pause = _FIRST_PAUSE * 2**attempt
            try:
                response = self._http.request(
                    method,
                    self.url + path,
                    json={**(body or {}), "text": text.reveal()} if text else body,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
                status, answer = response.status_code, _json(response)
                if status != 429 and status < 500:
                    return status, self._without_secrets(answer, text)
                reason = _said(status, self._without_secrets(answer, text))
                asked = _seconds(response.headers.get("Retry-After"))
                if asked is not None and asked > _LONGEST_PAUSE:
                    reason += f"; it asks to wait {asked:.0f} s"
                    break
                pause = max(pause, asked or 0.0)
            except (requests.RequestException, OSError, ValueError) as error:  # urllib3's, too
                # Not its text: that may have the address of a proxy, with its password.
                reason = f"no answer, {type(error).__name__}"
            if attempt < ATTEMPTS - 1:
                self._sleep(pause)
        raise AccountError(
            f"cannot {doing}: {reason} from {self.url}, {attempt + 1} attempt"
            f"{'s' if attempt else ''}; try again later, https://www.cloudflarestatus.com tells"
            " of disturbances"
        )

    def _check(self, status: int, answer: dict[str, Any], doing: str, permission: str) -> None:
        """Raise AccountError for anything but success, naming what is missing."""
        if status < 300 and answer.get("success") is not False:
            return
        said = _said(status, answer)
        if _NO_R2 in _codes(answer):
            advice = "R2 is not switched on in this account: do so under R2 on the dashboard"
        elif status in (401, 403):
            advice = (
                f"the token lacks the permission Account > {permission}, or is for another"
                f" account: change it at {TOKENS_PAGE}"
            )
        else:
            advice = f"is {ACCOUNT_ID} right, and are the names in deploy/wrangler.jsonc?"
        raise AccountError(f"cannot {doing} ({said}): {advice}")

    def _without_secrets(self, answer: dict[str, Any], text: Secret | None) -> dict[str, Any]:
        """An answer that echoes what was sent must not bring it into an error."""
        for error in answer.get("errors") or []:
            for secret in filter(None, (self._token, text)):
                if isinstance(error, dict):
                    said = str(error.get("message", ""))
                    error["message"] = said.replace(secret.reveal(), "...")
        return answer


class _Bearer(AuthBase):
    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


def _json(response: requests.Response) -> dict[str, Any]:
    with suppress(ValueError):
        answer = response.json()
        if isinstance(answer, dict):
            return answer
    return {}


def _codes(answer: dict[str, Any]) -> set[int]:
    errors = [error for error in answer.get("errors") or [] if isinstance(error, dict)]
    chained = [link for error in errors for link in error.get("error_chain") or []]
    return {entry.get("code") for entry in [*errors, *chained]} - {None}


def _said(status: int, answer: dict[str, Any]) -> str:
    errors = [error for error in answer.get("errors") or [] if isinstance(error, dict)]
    texts = [f"{error.get('code')} {error.get('message', ''):.200}" for error in errors]
    return f"HTTP {status}" + "".join(f", {text}" for text in texts)


def _seconds(text: str | None) -> float | None:
    try:
        return max(0.0, float(text or ""))
    except ValueError:
        return None
