"""The bucket that holds the releases: its settings, an S3 client, and its errors in words."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mnist_nb.edge import is_loopback, normal_url, require_usable
from mnist_nb.errors import InputError, ReleaseError

LOCAL_PATH, LOCAL_KEY = "/cdn-cgi/local/r2/s3", "mnist-nb-local"  # as in deploy/wrangler.jsonc


@dataclass(frozen=True)
class BucketSettings:
    """Where the releases are, and the key to them; the secret is not in the repr.

    Attributes:
        endpoint_url: of the S3 protocol, `https://<account>.r2.cloudflarestorage.com` for R2.
        access_key_id: of an R2 API token with "Object Read & Write".
        secret_access_key: of the same token.
        bucket: name of the bucket.
    """

    endpoint_url: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    bucket: str = "models"

    @classmethod
    def from_env(cls) -> "BucketSettings":
        """Settings from the environment.

        `R2_ACCESS_KEY_ID`, `R2_SECRET_ACCESS_KEY`, and `R2_ENDPOINT_URL` or
        `CLOUDFLARE_ACCOUNT_ID`; `R2_BUCKET` when it is not `models`.

        Raises:
            ReleaseError: naming the variables that are missing.
        """
        endpoint = os.environ.get("R2_ENDPOINT_URL")
        account = os.environ.get("CLOUDFLARE_ACCOUNT_ID")
        missing = [] if endpoint or account else ["R2_ENDPOINT_URL (or CLOUDFLARE_ACCOUNT_ID)"]
        names = "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"
        # No variable holds the secret: a traceback may show the variables of a function.
        if missing := [*missing, *(name for name in names if not os.environ.get(name))]:
            raise ReleaseError(
                f"the bucket is not configured: set {', '.join(missing)} in the environment"
                " (R2 -> Manage API tokens on the Cloudflare dashboard gives them)"
            )
        endpoint = endpoint or f"https://{account}.r2.cloudflarestorage.com"
        key, secret = (os.environ[name] for name in names)
        return cls(endpoint, key, secret, os.environ.get("R2_BUCKET") or "models")

    @classmethod
    def of_local_edge(cls, url: str) -> "BucketSettings":
        """Settings of the bucket of an edge on this machine, whichever process runs it.

        It serves its bucket itself, with the credentials of `deploy/wrangler.jsonc`, which protect
        nothing.

        Args:
            url: of the edge, such as "http://127.0.0.1:8787".

        Raises:
            ReleaseError: the URL points at another machine.
        """
        url = normal_url(url)
        if not is_loopback(url):
            raise ReleaseError(
                f"the edge {url} is not on this machine, so its bucket is not known: set"
                " R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY and CLOUDFLARE_ACCOUNT_ID"
            )
        return cls(f"{url}{LOCAL_PATH}", LOCAL_KEY, LOCAL_KEY, "models")


def warm_up() -> None:
    """Load what boto3 needs, a quarter of a second, ahead of the first use."""
    connect(BucketSettings("http://127.0.0.1", "none", "none"))


def connect(settings: BucketSettings) -> Any:
    """An S3 client; nothing is sent yet. InputError when the environment's proxy cannot be used."""
    if not is_loopback(settings.endpoint_url):
        require_usable(["https"], ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"], socks="")
    config = Config(
        region_name="auto",
        connect_timeout=5,
        read_timeout=30,
        retries={"mode": "standard", "total_max_attempts": 3},
        request_checksum_calculation="when_required",  # R2 knows fewer checksums than S3
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"},
        # A proxy from the environment cannot reach this machine's own loopback.
        proxies={} if is_loopback(settings.endpoint_url) else None,
    )
    return _session().client(
        "s3",
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
        config=config,
    )


@cache
def _session() -> boto3.Session:
    """A session that reads no AWS profile: these are other credentials, for another service."""
    # (name in a config file, name in the environment, default, conversion)
    core = botocore.session.Session(
        {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return boto3.Session(botocore_session=core)


@contextmanager
def errors_named(what: str, settings: BucketSettings) -> Iterator[None]:
    """Turn what the client raises into a ReleaseError that begins with `what`, without secrets."""
    try:
        yield
    except InputError:
        raise  # it says what is wrong, and is no matter of the bucket
    except ClientError as error:
        raise ReleaseError(f"{what}: {_reason(error, settings.bucket)}") from None
    except (KeyError, RecursionError):  # a page without ETag; boto3 follows its redirects
        raise ReleaseError(
            f"{what}: {settings.endpoint_url} is no S3 endpoint, but maybe a page or a redirect;"
            " check R2_ENDPOINT_URL"
        ) from None
    except (BotoCoreError, ValueError) as error:
        text = str(error).replace(settings.secret_access_key or "\0", "...")
        text = re.sub(r"//[^/@\s]*@", "//...@", text)  # the password of a proxy
        there = f"{settings.endpoint_url} is the S3 endpoint and that you are online"
        if is_loopback(settings.endpoint_url):
            there = "the edge on this machine runs, as `mnist-nb edge` starts it"
        raise ReleaseError(f"{what}: {text}; check that {there}") from None


def http_status(error: ClientError) -> int:
    """HTTP status of an answer that is an error."""
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status


def _reason(error: ClientError, bucket: str) -> str:
    code = f"{error.response.get('Error', {}).get('Code', '')}"[:80]
    status = http_status(error)
    if code == "NoSuchBucket":
        return (
            f"there is no bucket {bucket!r}; `mnist-nb deploy` makes it, as does"
            f" `npx wrangler r2 bucket create {bucket}`"
        )
    if code == "NoSuchKey" or (status == 404):
        return "no such file was pushed (`mnist-nb releases` lists those that were)"
    if code == "RequestTimeTooSkewed":
        return "the clock of this machine is wrong by more than 15 minutes; set it"
    if status in (401, 403):
        return f"the bucket refuses the access key ({code}); check R2_ACCESS_KEY_ID and its secret"
    if status == 507:
        return f"the bucket is full ({code}); Releases.prune() deletes old files"
    return f"the bucket answered {status} {code}; try again"
