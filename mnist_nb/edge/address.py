"""URLs of edges and buckets."""

from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from mnist_nb.errors import InputError

_EXAMPLE = "http://127.0.0.1:8787 or https://mnist.example.workers.dev"


def normal_url(url: str) -> str:
    """The base URL of an edge: with a scheme, without `/classify` or a trailing slash.

    Raises:
        InputError: when it is no http(s) URL, or carries a password.
    """
    text = url.strip()
    if "://" not in text:
        host = text.partition("/")[0]
        local = host.rpartition(":")[0] or host
        text = f"{'http' if _is_loopback_host(local) else 'https'}://{text}"
    try:
        parsed = httpx.URL(text)
        parsed.raw_host.decode("ascii").encode("idna")  # as the look-up of the name will
    except (httpx.InvalidURL, UnicodeError) as error:
        raise InputError(f"{url!r} is not a URL ({error}); give such as {_EXAMPLE}") from None
    if parsed.userinfo:
        raise InputError("the URL carries a user name or password; give the token with token=...")
    if (
        parsed.scheme not in ("http", "https")
        or not parsed.host
        or not 0 < (parsed.port or 80) <= 65535
    ):
        raise InputError(f"{url!r} is not the URL of an edge; give such as {_EXAMPLE}")
    path = parsed.path.rstrip("/").removesuffix("/classify").rstrip("/")
    return str(parsed.copy_with(path=path or "/", query=None, fragment=None)).rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether a URL points at this machine."""
    return _is_loopback_host(urlsplit(url).hostname or "")


def _is_loopback_host(host: str) -> bool:
    host = host.strip("[]").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
