"""Every error of the package, in one tree.

    MnistNbError
    ├── InputError (ValueError)   strokes, images or pixels that cannot be a digit
    ├── WeightsError              a weights file that is refused, with the reason
    │   └── WeightsUnclear        another program's file that can be read in several ways
    ├── DataError                 a dataset that is missing or damaged
    ├── SetupError                Node, npm packages or a port are missing on this machine
    ├── ReleaseError              a push, promote or rollback that did not happen
    │   └── ReleaseConflict       somebody else promoted in the same moment
    ├── AccountError              Cloudflare refuses a token, or a permission or setting is missing
    └── EdgeError
        ├── EdgeOffline           no answer: refused, timed out, name not found
        ├── EdgeProblem           the edge answered with an error (problem+json)
        └── EdgeProtocolError     the edge answered something that is not in the protocol

Each text says what happened, names the value, and ends with the command or setting that mends it.
"""

from typing import Any


class MnistNbError(Exception):
    """Base of all errors of mnist-nb."""


class InputError(MnistNbError, ValueError):
    """Strokes, images or pixels with a wrong shape, dtype or range."""


class WeightsError(MnistNbError):
    """A weights file that is truncated, hostile, of an unknown format or does not chain."""


class WeightsUnclear(WeightsError):
    """Another program's file that several ways to read it fit.

    Attributes:
        table: the ways, `Score` each, best first.
    """

    def __init__(self, text: str, table: Any = ()) -> None:
        self.table = tuple(table)
        super().__init__(text)


class DataError(MnistNbError):
    """A dataset that is missing, damaged or cannot be fetched."""


class SetupError(MnistNbError):
    """Something the local edge needs is missing on this machine."""


class ReleaseError(MnistNbError):
    """A release step that did not happen; the edge goes on serving what it had."""


class ReleaseConflict(ReleaseError):
    """Somebody else promoted between a look at the current release and this promotion.

    Attributes:
        current: the `Release` that is current now, None when there is none.
    """

    def __init__(self, text: str, current: Any = None) -> None:
        self.current = current
        super().__init__(text)


class AccountError(MnistNbError):
    """Cloudflare refuses the token, or the account lacks a permission or a setting."""


class EdgeError(MnistNbError):
    """The edge gave no usable answer."""


class EdgeOffline(EdgeError):
    """No answer at all: connection refused, name not found, timed out."""


class EdgeProblem(EdgeError):
    """The edge answered with an error, an RFC 9457 problem where it follows the protocol.

    Attributes:
        status: HTTP status code.
        title: short name of the problem.
        detail: what happened and what to do, as the edge says it.
        retry_after: seconds to wait before the next try, or None.
    """

    def __init__(
        self, status: int, title: str, detail: str = "", retry_after: float | None = None
    ) -> None:
        self.status, self.title, self.detail, self.retry_after = status, title, detail, retry_after
        super().__init__(f"the edge answered {status} {title}" + (f": {detail}" if detail else ""))


class EdgeProtocolError(EdgeError):
    """The edge answered something that is not in the protocol."""
