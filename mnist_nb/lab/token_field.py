"""A field for the token of an edge that wants one: a page knows no environment variables."""

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets


class TokenField(widgets.Password):  # type: ignore[misc]  # ipywidgets is untyped
    """Is there while the edge refuses the token it gets, or that it gets none.

    Args:
        entered: called with what somebody entered, which is kept nowhere else.
    """

    def __init__(self, entered: Callable[[str], object]) -> None:
        super().__init__(
            placeholder="The token of this edge, then Enter",
            tooltip="This edge wants a token: whoever runs it has it",
            continuous_update=False,
        )
        self._entered = entered
        self.observe(self._take, "value")
        self.ask(False)

    def ask(self, wanted: bool) -> None:
        """Show or hide it."""
        (self.remove_class if wanted else self.add_class)("mnist-nb-hidden")

    def _take(self, change: Any) -> None:
        if token := change["new"].strip():
            self.value = ""  # widgets may be saved with their notebook
            self._entered(token)
