"""The form for an account's secrets: it masks, checks, and keeps nothing in the widget's state."""

import json
from collections.abc import Iterator

import ipywidgets
import pytest

from mnist_nb.deployment.credentials import ACCOUNT_ID, API_TOKEN, EDGE_TOKEN, NAMES
from mnist_nb.errors import AccountError
from mnist_nb.lessons.credentials_form import CredentialsForm
from tests.support.cloudflare_stand_in import ACCOUNT, TOKEN, Account, stand_in


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Iterator[Account]:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(str(tmp_path))
    monkeypatch.setattr("mnist_nb.deployment.credentials._typed", {})
    with stand_in(Account()) as running:
        monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", running.url)
        yield running


def state(form: CredentialsForm) -> str:
    """All of the form that would be saved with the notebook."""

    def of(widget: ipywidgets.Widget) -> list[object]:
        return [widget.get_state(), *(of(child) for child in getattr(widget, "children", ()))]

    return json.dumps(of(form), default=str)


def test_what_is_typed_leaves_the_widget_at_once(account: Account) -> None:
    form = CredentialsForm()
    assert form.table.value.count("not set") == 3
    assert isinstance(form._fields[API_TOKEN], ipywidgets.Password)
    assert isinstance(form._fields[EDGE_TOKEN], ipywidgets.Password)
    form._fields[API_TOKEN].value = f" {TOKEN} "
    form._fields[EDGE_TOKEN].value = "planted-edge-token"
    assert form._fields[API_TOKEN].value == ""
    assert form.credentials.api_token.reveal() == TOKEN
    assert form.credentials.edge_token == "planted-edge-token"
    assert form.table.value.count("(typed)") == 2
    shown = state(form) + repr(form) + repr(form.credentials)
    assert TOKEN not in shown
    assert "planted-edge-token" not in shown


def test_check_names_the_account_or_the_problem(account: Account) -> None:
    form = CredentialsForm()
    assert form.check() is False
    assert "CLOUDFLARE_API_TOKEN is not set" in form.status.value
    form._fields[API_TOKEN].value = "another-token-999999"
    form.check_button.click()
    assert "does not know this API token" in form.status.value
    assert 'class="is-bad"' in form.status.value
    form._fields[API_TOKEN].value = TOKEN
    assert form.status.value.count("does not know") == 0
    form.check_button.click()
    assert "The token is active, for Ada&#x27;s account." in form.status.value
    account.accounts.append({"id": "f" * 32, "name": "<b>club</b>"})
    assert form.check() is False
    assert "&lt;b&gt;club" in form.status.value
    form._fields[ACCOUNT_ID].value = ACCOUNT
    assert form.check() is True


def test_what_no_token_can_be_is_refused_and_not_kept(account: Account) -> None:
    form = CredentialsForm()
    form._fields[API_TOKEN].value = "two words"
    assert "CLOUDFLARE_API_TOKEN has characters that no token has" in form.status.value
    with pytest.raises(AccountError):
        _ = form.credentials.api_token
    assert "two words" not in state(form)


def test_it_begins_with_what_is_set(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(API_TOKEN, TOKEN)
    form = CredentialsForm()
    assert "set (environment)" in form.table.value
    assert form.check() is True
    assert TOKEN not in state(form)
