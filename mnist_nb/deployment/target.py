"""Where releases go: the edge on this machine, or one's own Cloudflare account."""

import os
from contextlib import suppress
from dataclasses import dataclass, field, replace

from mnist_nb.deployment.cloudflare import Cloudflare
from mnist_nb.deployment.credentials import ACCOUNT_ID, API_TOKEN, EDGE_URL, Credentials
from mnist_nb.deployment.wrangler import names
from mnist_nb.edge import EdgeClient, is_loopback, normal_url
from mnist_nb.errors import AccountError, SetupError
from mnist_nb.local_edge import find_deploy, shared_edge
from mnist_nb.releases import BucketSettings, Releases


@dataclass(frozen=True)
class Target:
    """A bucket, and the edge that serves from it.

    Attributes:
        where: what it is, for people.
        releases: what its bucket holds.
        url: of its edge, "" when it is not known.
        undo: how the command line names it, such as "--edge http://127.0.0.1:8787".
        token: what its edge wants, None for nothing.
    """

    where: str
    releases: Releases
    url: str = ""
    undo: str = ""
    token: str | None = field(default=None, repr=False)

    def client(self) -> EdgeClient:
        """A client of its edge, for `Lab(edge=...)` too; a far one may take its time.

        Raises:
            AccountError: its URL is not known.
        """
        if not self.url:
            raise AccountError(f"the URL of the edge is not known: set {EDGE_URL}, or deploy it")
        return EdgeClient(self.url, self.token, timeout=10.0)


def open_target(name: str = "local", credentials: Credentials | None = None) -> Target:
    """Find out where releases go.

    Args:
        name: "local" is the edge on this machine: the one in MNIST_NB_EDGE_URL, which `make lab`
            and `mnist-nb lab` set, else the one that labs of this process ask too, started when
            none has. "cloudflare" is the account of the credentials.
        credentials: None takes them from the environment or from `.env`.

    Raises:
        AccountError: another name, or the account cannot be used; the text says why.
        SetupError: the local edge does not start.
    """
    if name == "local":
        url = os.environ.get(EDGE_URL) or ""
        return local_target(url if url and is_loopback(normal_url(url)) else shared_edge().url)
    if name == "cloudflare":
        return account_target(credentials or Credentials.find())
    raise AccountError(f"the target is {name!r}; give 'local' or 'cloudflare'")


def find_target(edge: str | None = None) -> Target:
    """Where the command line releases to.

    Args:
        edge: URL. One on this machine has a bucket of its own; any other is only waited for, and
            the bucket is that of the environment or of `.env`.

    Raises:
        AccountError: nothing says where, or the account cannot be used.
    """
    if edge and is_loopback(normal_url(edge)):
        return local_target(edge)
    found = Credentials.find()
    if API_TOKEN not in found.secrets and "R2_ACCESS_KEY_ID" not in found.values:
        what = f"{edge!r:.80} is no edge on this machine, and " if edge else ""
        raise AccountError(
            f"{what}nothing says where the releases are: name an edge on this machine with --edge"
            f" (`mnist-nb edge` prints its URL), or set {API_TOKEN} for your Cloudflare account"
        )
    if edge:
        found = replace(found, values={**found.values, EDGE_URL: edge})
    return account_target(found)


def local_target(url: str) -> Target:
    """The edge on this machine at this URL, whichever process runs it."""
    url = normal_url(url)
    releases = Releases(BucketSettings.of_local_edge(url))
    token = Credentials.find().edge_token
    return Target(f"the edge on this machine, {url}", releases, url, f" --edge {url}", token)


def account_target(credentials: Credentials) -> Target:
    """The R2 bucket of an account and the Worker beside it; asks Cloudflare, changes nothing."""
    url, token = credentials.values.get(EDGE_URL) or "", credentials.edge_token
    if url and is_loopback(normal_url(url)):
        url = ""  # that of `make lab`
    key, secret = credentials.values.get("R2_ACCESS_KEY_ID"), "R2_SECRET_ACCESS_KEY"
    endpoint = credentials.values.get("R2_ENDPOINT_URL")
    wanted = credentials.values.get(ACCOUNT_ID)
    if key and secret in credentials.secrets and (endpoint or wanted):
        settings = credentials.bucket(wanted or "", "")  # a key of R2 alone is enough to push
        return Target(
            f"the bucket {settings.bucket} at {settings.endpoint_url}",
            Releases(settings),
            url,
            "",
            token,
        )
    with Cloudflare(credentials.api_token) as api:
        token_id, account = api.verify(wanted), api.account(wanted)
        settings = credentials.bucket(account.id, token_id)
        if not url and (subdomain := api.subdomain(account)):
            with suppress(SetupError):  # an installed wheel has no deploy/
                url = f"https://{names(find_deploy())[0]}.{subdomain}.workers.dev"
    where = f"the account {account.name or account.id}, bucket {settings.bucket}"
    return Target(where, Releases(settings), url, "", token)
