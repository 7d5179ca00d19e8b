"""What the environment says of proxies and certificates, checked before a library stumbles over it.

No text shows a proxy's URL, which may carry a password.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec

import httpx

from mnist_nb.errors import InputError

_PROXIES = ("http", "https", "all")
_MODULES = {"pysocks": "socks"}  # where it is not the package's name


def proxy_variable(scheme: str) -> str | None:
    """The variable that names the proxy for URLs of this scheme, None when none does."""
    return _set(f"{scheme}_proxy") or _set("all_proxy")


def require_usable(
    proxies: Sequence[str], certificates: Sequence[str] = (), socks: str = "socksio"
) -> None:
    """Refuse variables that cannot be used, by name.

    Args:
        proxies: schemes, or "all", whose variables a library reads.
        certificates: variables that name a file or folder of certificates for it.
        socks: the package that it needs for a SOCKS proxy, "" when it can use none.

    Raises:
        InputError: one cannot; the text names it.
    """
    for scheme in proxies:
        variable = _set(f"{scheme}_proxy")
        if variable and (why := _unusable(os.environ[variable], socks)):
            raise InputError(f"{variable} in the environment {why}; correct or unset it")
    for variable in filter(os.environ.get, certificates):
        import ssl  # is not everywhere

        path = os.environ[variable]
        try:
            kind = "capath" if os.path.isdir(path) else "cafile"
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(**{kind: path})
        except OSError as error:
            raise _no_certificates(variable, error) from None


@contextmanager
def named() -> Iterator[None]:
    """Refuse variables that cannot be used, by name, around the making of an httpx client.

    Raises:
        InputError: one cannot; the text names it.
    """
    require_usable(_PROXIES)
    try:
        yield
    except OSError as error:  # certificates are all that is read from disk
        variable = _set("ssl_cert_file") or _set("ssl_cert_dir")
        if variable is None:
            raise
        raise _no_certificates(variable, error) from None
    except (httpx.InvalidURL, ValueError):
        variable = _set("no_proxy")
        if variable is None:
            raise
        raise InputError(
            f"{variable} in the environment has an entry that cannot be read; give names and"
            " addresses without brackets, such as localhost,::1,10.0.0.0/8, or unset it"
        ) from None


def _set(name: str) -> str | None:
    """How a variable is spelled here, None when it is not set; the small one wins, as in urllib."""
    if name in os.environ:
        return name if os.environ[name] else None
    return name.upper() if os.environ.get(name.upper()) else None


def _no_certificates(variable: str, error: OSError) -> InputError:
    return InputError(
        f"{variable} in the environment is {os.environ[variable]!r:.200}, where no certificates"
        f" can be read ({error.strerror or error}); correct or unset it"
    )


def _unusable(proxy: str, socks: str) -> str | None:
    """Why this cannot be the URL of a proxy; None when it can."""
    no_url = "is not the URL of a proxy, such as http://proxy.example:3128"
    try:
        url = httpx.URL(proxy if "://" in proxy else f"http://{proxy}")
        url.raw_host.decode("ascii").encode("idna")  # as the look-up of the name will
    except (httpx.InvalidURL, ValueError):
        return no_url
    if url.scheme in ("socks5", "socks5h"):
        if not socks:
            return "is a SOCKS proxy, which cannot be used here"
        missing = find_spec(_MODULES.get(socks, socks)) is None
        return f"is a SOCKS proxy, which needs `pip install {socks}`" if missing else None
    fits = url.scheme in ("http", "https") and url.host and 0 < (url.port or 80) <= 65535
    return None if fits else no_url
