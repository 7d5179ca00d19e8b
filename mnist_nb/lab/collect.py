"""Draw digits, say what they are meant to be, and keep them in a file."""

from pathlib import Path

import ipywidgets as widgets

from mnist_nb.errors import InputError
from mnist_nb.lab.pad import DigitPad
from mnist_nb.training import Collection


class Collector(widgets.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A pad that asks for one digit after the other.

    Args:
        path: the JSON file that keeps them. One that is there already is gone on with; each digit
            is written as soon as it is kept.

    Attributes:
        collection: the `Collection` so far.
        pad: the `DigitPad`.

    Raises:
        DataError: there is a file, and it is no collection.
    """

    def __init__(self, path: Path | str = "my-digits.json") -> None:
        self.path = Path(path)
        self.collection = Collection.load(self.path) if self.path.exists() else Collection()
        self.pad = DigitPad()
        self.label = widgets.Dropdown(
            options=[(str(digit), digit) for digit in range(10)],
            description="This is a",
            layout={"width": "160px"},
            style={"description_width": "70px"},
        )
        self.keep_button = widgets.Button(
            description="Keep it",
            tooltip="Keep the drawing with this label, and go on",
            layout={"width": "110px"},
        )
        self.drop_button = widgets.Button(
            description="Drop the last",
            tooltip="Forget the digit that was kept last",
            layout={"width": "110px"},
        )
        self.said = widgets.HTML()
        guard = self.pad.status.guard
        self.keep_button.on_click(guard(lambda button: self.keep()))
        self.drop_button.on_click(guard(lambda button: self.drop()))
        row = widgets.HBox([self.label, self.keep_button, self.drop_button])
        row.add_class("mnist-nb-row")
        super().__init__([self.pad, row, self.said])
        self.add_class("mnist-nb")
        self.add_class("mnist-nb-collect")
        self._ask()

    def keep(self) -> None:
        """Keep the drawing with its label, write the file, and ask for the next digit.

        Raises:
            InputError: there is nothing on the paper.
            DataError: the file cannot be written.
        """
        self.collection.add(self.pad.drawing, self.label.value)
        self.collection.save(self.path)
        self.pad.clear()
        self.label.value = (self.label.value + 1) % 10
        self._ask()

    def drop(self) -> None:
        """Forget the digit that was kept last.

        Raises:
            InputError: there is none.
            DataError: the file cannot be written.
        """
        if not self.collection.digits:
            raise InputError("there is no digit to drop: none was kept yet")
        last = self.collection.digits.pop()
        self.collection.save(self.path)
        self.label.value = last.label
        self._ask()

    def _ask(self) -> None:
        count = len(self.collection)
        kept = f"{count} kept in {self.path.name}." if count else "None is kept yet."
        rounds = "Two of each digit are a good start, five are better."
        self.said.value = f'<p role="status" class="mnist-nb-small">{kept} {rounds}</p>'

    def __repr__(self) -> str:
        return f"Collector({len(self.collection)} digits in {self.path.name})"
