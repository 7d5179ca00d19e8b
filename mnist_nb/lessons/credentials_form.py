"""A form for the secrets of an account: it masks, checks, and leaves nothing in the notebook.

What is typed goes to Python and is taken out of the widget at once: the state of widgets is saved
with a notebook. Python keeps it in memory only, for `Credentials.find`, until the kernel ends.
"""

from html import escape
from typing import Any

import ipywidgets as widgets

from mnist_nb.deployment import (
    ACCOUNT_ID,
    API_TOKEN,
    EDGE_TOKEN,
    Cloudflare,
    Credentials,
    remember,
)
from mnist_nb.errors import MnistNbError
from mnist_nb.lessons.figures import table

_ROWS = {
    API_TOKEN: "needed, with both permissions",
    ACCOUNT_ID: "only when the token sees several accounts",
    EDGE_TOKEN: "optional: clients of the edge must then send it",
}


class CredentialsForm(widgets.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """Shows which settings were found, takes the missing ones, and checks them.

    Attributes:
        credentials: the `Credentials`, for `open_target` and `deploy`.
    """

    def __init__(self) -> None:
        self.credentials = Credentials.find()
        self._fields = {
            API_TOKEN: self._field(widgets.Password, API_TOKEN, "API token"),
            EDGE_TOKEN: self._field(widgets.Password, EDGE_TOKEN, "edge token"),
            ACCOUNT_ID: self._field(widgets.Text, ACCOUNT_ID, "account id"),
        }
        self.check_button = widgets.Button(description="Check", tooltip="Ask Cloudflare")
        self.check_button.on_click(lambda _: self.check())
        self.table, self.status = widgets.HTML(), widgets.HTML()
        line = widgets.HBox([self.check_button, self.status])
        super().__init__([self.table, *self._fields.values(), line])
        self.add_class("mnist-nb-credentials")
        self._show()

    def __repr__(self) -> str:
        return "CredentialsForm()"

    @property
    def has_token(self) -> bool:
        """Whether there is an API token."""
        return API_TOKEN in self.credentials.secrets

    def check(self) -> bool:
        """Ask Cloudflare whether the token is active, and for which account; never raises."""
        try:
            wanted = self.credentials.values.get(ACCOUNT_ID)
            with Cloudflare(self.credentials.api_token) as api:
                api.verify(wanted)
                account = api.account(wanted)
        except MnistNbError as error:
            return self._say(str(error), good=False)
        return self._say(f"The token is active, for {account.name or account.id}.", good=True)

    def _field(self, kind: Any, name: str, label: str) -> Any:
        field = kind(
            description=label,
            placeholder="paste it and press Enter",
            continuous_update=False,
            style={"description_width": "90px"},
            layout={"width": "420px"},
        )
        field.observe(lambda change: self._typed(name, field), "value")
        return field

    def _typed(self, name: str, field: Any) -> None:
        value = field.value.strip()
        if not value:
            return
        field.value = ""  # before anything else: it must not stay in the widget
        try:
            remember(name, value)
            self.credentials = Credentials.find()
        except MnistNbError as error:
            self._say(str(error), good=False)
            return
        self._say("", good=True)
        self._show()

    def _show(self) -> None:
        found = self.credentials.found_in
        rows = [
            [name, f"set ({found[name]})" if name in found else "not set", use]
            for name, use in _ROWS.items()
        ]
        self.table.value = table("Settings of your account", ["name", "state", "use"], rows).page

    def _say(self, text: str, *, good: bool) -> bool:
        kind = "is-good" if good else "is-bad"
        self.status.value = f'<span role="status" class="{kind}">{escape(text)}</span>'
        return good
