"""What an account needs to be told: typed, from the environment or from `.env`; never shown."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mnist_nb.errors import AccountError
from mnist_nb.releases import BucketSettings

API_TOKEN, ACCOUNT_ID = "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"
EDGE_TOKEN, EDGE_URL = "MNIST_NB_EDGE_TOKEN", "MNIST_NB_EDGE_URL"
SECRETS = (API_TOKEN, EDGE_TOKEN, "R2_SECRET_ACCESS_KEY")
NAMES = (*SECRETS, ACCOUNT_ID, EDGE_URL, "R2_ACCESS_KEY_ID", "R2_ENDPOINT_URL", "R2_BUCKET")
TOKENS_PAGE = "https://dash.cloudflare.com/profile/api-tokens"


class Secret:
    """A text that shows in no repr, no format and no traceback; `reveal` gives it.

    Args:
        value: printable ASCII without spaces; space around it is cut off.
        name: what it is, for the error.

    Raises:
        AccountError: it is empty, or has characters that no token has. Sent all the same, it would
            be in the error of the HTTP library.
    """

    __slots__ = ("_name", "_value")

    def __init__(self, value: str, name: str = "the secret") -> None:
        value = value.strip()
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            problem = "has characters that no token has" if value else "is empty"
            raise AccountError(f"{name} {problem}; copy it once more")
        self._name, self._value = name, value

    def reveal(self) -> str:
        """The text itself, for the one call that sends it."""
        return self._value

    def __repr__(self) -> str:
        return f"<{self._name}, hidden>"

    def __reduce__(self) -> str:
        raise TypeError(f"{self._name} is not to be stored")


@dataclass(frozen=True)
class Credentials:
    """Settings by their names in the environment, with where each was found.

    Attributes:
        values: those that are no secrets, such as CLOUDFLARE_ACCOUNT_ID.
        secrets: the others.
        found_in: "environment", or the path of the `.env`, by name.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    found_in: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def find(cls, folder: Path | None = None) -> "Credentials":
        """Take what was typed, else the environment, else the first `.env` in a folder or above.

        Args:
            folder: None is the current one.

        Raises:
            AccountError: a secret has characters that no token has, or the folder is gone.
        """
        try:
            here = folder or Path.cwd()
        except FileNotFoundError:
            raise AccountError("the current folder was deleted: change into another") from None
        found, bad = _found(here)
        if bad:
            # Not where it is found: a traceback may show the variables of a function.
            where = found.found_in[bad]
            raise AccountError(f"{bad} ({where}) has characters that no token has; copy it again")
        return found

    @property
    def api_token(self) -> Secret:
        """Raises AccountError with what to do when there is none."""
        if token := self.secrets.get(API_TOKEN):
            return token
        raise AccountError(
            f"{API_TOKEN} is not set: make a token at {TOKENS_PAGE} with the permissions"
            " Account > Workers Scripts > Edit and Account > Workers R2 Storage > Edit, and put it"
            " into the environment or into a file .env"
        )

    @property
    def edge_token(self) -> str | None:
        """What clients send to the edge, None when it wants nothing."""
        token = self.secrets.get(EDGE_TOKEN)
        return token.reveal() if token else None

    def bucket(self, account_id: str, token_id: str, name: str | None = None) -> BucketSettings:
        """The R2 bucket of an account: with an R2 key where one is set, else with the API token.

        Of an API token the access key is its id and the secret key the SHA-256 of its text, see
        https://developers.cloudflare.com/r2/api/tokens.
        """
        endpoint = f"https://{account_id}.r2.cloudflarestorage.com"
        key, secret = self.values.get("R2_ACCESS_KEY_ID"), self.secrets.get("R2_SECRET_ACCESS_KEY")
        if not (key and secret):
            key = token_id
            secret = Secret(hashlib.sha256(self.api_token.reveal().encode()).hexdigest())
        return BucketSettings(
            self.values.get("R2_ENDPOINT_URL") or endpoint,
            key,
            secret.reveal(),
            name or self.values.get("R2_BUCKET") or "models",
        )

    def hide(self, text: str) -> str:
        """The text without any of the secrets in it."""
        for secret in self.secrets.values():
            text = text.replace(secret.reveal(), "...")
        return text


_typed: dict[str, Secret] = {}


def remember(name: str, value: str) -> None:
    """Let `Credentials.find` find a value until this process ends.

    Raises:
        AccountError: it has characters that no token has.
    """
    _typed[name] = Secret(value, name)


def _found(folder: Path) -> tuple[Credentials, str]:
    """All settings, and the name of a secret that cannot be one, "" when there is none."""
    settings = {name: (value, str(path)) for name, value, path in _dotenv(folder)}
    settings |= {n: (value, "environment") for n in NAMES if (value := os.environ.get(n))}
    settings |= {n: (secret.reveal(), "typed") for n, secret in _typed.items()}
    secrets, bad = {}, ""
    for name in SECRETS:
        if name in settings:
            try:
                secrets[name] = Secret(settings[name][0], name)
            except AccountError:
                bad = name
    values = {name: value for name, (value, _) in settings.items() if name not in SECRETS}
    return Credentials(values, secrets, {n: where for n, (_, where) in settings.items()}), bad


def _dotenv(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Each of our names in the nearest `.env`: `NAME=value`, with or without export and quotes."""
    path = next((p for f in (folder, *folder.parents) if (p := f / ".env").is_file()), None)
    if path is None:
        return
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise AccountError(f"{path} cannot be read as text; mend it or delete it") from None
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        value = value.strip()
        if value[:1] in ("'", '"'):
            value = value[1:].partition(value[0])[0]
        else:
            value = value.partition(" #")[0].strip()
        if equals and value and name.strip() in NAMES:
            yield name.strip(), value, path
