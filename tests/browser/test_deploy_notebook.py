"""Notebook 04 in JupyterLab: the warning of the lab comes with a promotion and goes with a load."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from mnist_nb import LocalEdge
from mnist_nb.network.file_format import read_weights, shipped_weights
from tests.support.notebook import LabNotebook

pytestmark = [pytest.mark.browser, pytest.mark.edge]

SHIPPED = read_weights(shipped_weights()).sha256
WARNING = ".mnist-nb-warning"
PLANTED = "planted-API-token-4411ab"


@pytest.fixture(scope="module")
def notebook(open_notebook: Callable[..., LabNotebook]) -> LabNotebook:
    return open_notebook("04_deploy.ipynb")


def run(notebook: LabNotebook, *ids: str) -> None:
    """Run cells by their ids, one after the other, and wait for the last."""
    for cell_id in ids:
        error = notebook.page.evaluate(
            """async id => {
              const {content, sessionContext} = window.jupyterapp.shell.currentWidget;
              content.activeCellIndex = content.widgets.findIndex(cell => cell.model.id === id);
              await window.jupyterapp.commands.execute("notebook:run-cell");
              const outputs = content.activeCell.model.outputs.toJSON();
              return outputs.find(output => output.output_type === "error")?.evalue ?? null;
            }""",
            cell_id,
        )
        assert error is None, error


def test_different_weights_are_said_after_a_promotion_and_not_after_the_load(
    notebook: LabNotebook, edge: LocalEdge
) -> None:
    run(notebook, "target", "open", "lab")
    notebook.wait_for_both(4)
    before = notebook.wait_for(f"d.edgeSha256 === '{SHIPPED}'")
    assert before["sameWeights"] == "true"
    expect(notebook.page.locator(WARNING)).to_be_hidden()

    run(notebook, "bucket", "half", "push", "promote")
    different = notebook.wait_for("d.sameWeights === 'false' && d.edgeStale === 'false'")
    assert different["localSha256"] == SHIPPED
    expect(notebook.page.locator(WARNING)).to_contain_text("Different weights.")

    run(notebook, "load")
    same = notebook.wait_for("d.sameWeights === 'true' && d.edgeStale === 'false'")
    assert same["localSha256"] == same["edgeSha256"] == different["edgeSha256"] != SHIPPED
    assert float(same["maxDiff"]) <= 1e-5
    expect(notebook.page.locator(WARNING)).to_be_hidden()

    run(notebook, "compare", "rollback")
    back = notebook.wait_for(f"d.sameWeights === 'true' && d.edgeSha256 === '{SHIPPED}'")
    assert back["localSha256"] == SHIPPED
    current = edge.releases().current()
    assert current is not None
    assert current.sha256 == SHIPPED


def test_a_trial_is_a_third_column_until_it_is_decided(notebook: LabNotebook) -> None:
    run(notebook, "propose")
    notebook.wait_for("d.candidateWinner === '4' && d.edgeWinner === '4'")
    expect(notebook.page.locator("th.is-candidate")).to_contain_text("Candidate")
    run(notebook, "trial-gallery", "trial-live", "decide", "history")
    after = notebook.wait_for(f"d.candidateSha256 === '' && d.edgeSha256 === '{SHIPPED}'")
    assert after["sameWeights"] == "true"
    expect(notebook.page.locator("th.is-candidate")).to_have_count(0)
    run(notebook, "damaged", "worse")


def test_a_token_that_is_typed_is_masked_and_not_saved(notebook: LabNotebook) -> None:
    run(notebook, "credentials")
    field = notebook.page.get_by_label("API token")
    field.wait_for()
    expect(field).to_have_attribute("type", "password")
    field.fill(PLANTED)
    field.press("Enter")
    notebook.page.get_by_text("set (typed)").wait_for()
    expect(field).to_have_value("")
    saved = notebook.page.evaluate(
        """async () => {
          const app = window.jupyterapp;
          await app.commands.execute("docmanager:save");
          const {path} = app.shell.currentWidget.context;
          const file = await app.serviceManager.contents.get(path, {content: true});
          return JSON.stringify(file.content) + document.documentElement.outerHTML;
        }"""
    )
    assert "Release weights" in saved
    assert PLANTED not in saved
    notebook.start(f"print(form.credentials.api_token.reveal() == {PLANTED!r}, form.credentials)")
    assert notebook.printed().startswith("True Credentials(")
