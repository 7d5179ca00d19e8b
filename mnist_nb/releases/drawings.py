"""What a class gave its edge to learn from: one file of the bucket, for who holds its keys."""

from contextlib import closing

from botocore.exceptions import ClientError

from mnist_nb.errors import ReleaseError
from mnist_nb.releases.bucket import BucketSettings, connect, errors_named

_KEY = "mnist/drawings/kept.json"  # written by deploy/src/object/collected.ts
_MOST = 4 << 20  # bytes, twice what the edge writes


def read_drawings(settings: BucketSettings) -> str | None:
    """Return the file as text, a collection in JSON; None when nothing is kept.

    Raises:
        ReleaseError: the bucket cannot be read, or the file is none that an edge wrote.
    """
    with errors_named("cannot read the drawings of the class", settings):
        try:
            answer = connect(settings).get_object(Bucket=settings.bucket, Key=_KEY)
        except ClientError as error:
            if error.response["Error"].get("Code") == "NoSuchKey":
                return None
            raise
        with closing(answer["Body"]) as body:
            content: bytes = body.read(_MOST + 1)
    if len(content) > _MOST:
        raise ReleaseError(f"{_KEY} has more than {_MOST >> 20} MB: no edge wrote it, delete it")
    return content.decode("utf-8", "replace")
