"""Keep drawings with what they are meant to be in a file of one's own."""

from pathlib import Path

import ipywidgets as widgets

from mnist_nb.errors import InputError
from mnist_nb.lab.pad import DigitPad
from mnist_nb.training import Collection


class Keeper(widgets.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A row below a pad: what the drawing is meant to be, *Keep it*, *Drop the last*.

    Args:
        pad: whose drawings are kept.
        path: the JSON file that keeps them. One that is there already is gone on with; each digit
            is written as soon as it is kept.
        asks: True asks for one digit after the other, False takes any.

    Raises:
        DataError: there is a file, and it is no collection.
    """

    def __init__(self, pad: DigitPad, path: Path | str, *, asks: bool) -> None:
        self._pad, self._asks = pad, asks
        self.path = Path(path)
        digits: list[tuple[str, object]] = [(str(digit), digit) for digit in range(10)]
        self.label = widgets.Dropdown(
            options=digits if asks else [("?", "?"), *digits],
            description="This is a" if asks else "That was a",
            layout={"width": "170px"},
            style={"description_width": "80px"},
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
        guard = pad.status.guard
        self.keep_button.on_click(guard(lambda button: self.keep()))
        self.drop_button.on_click(guard(lambda button: self.drop()))
        buttons = [self.label, self.keep_button, self.drop_button]
        row = widgets.HBox(buttons, layout={"flex_flow": "row wrap"})
        row.add_class("mnist-nb-row")
        super().__init__([row, self.said])
        self._say()

    @property
    def collection(self) -> Collection:
        """What the file holds; another pad may keep its drawings there, too."""
        return Collection.load(self.path) if self.path.exists() else Collection()

    def keep(self) -> None:
        """Keep the drawing with its label, write the file, and make room for the next.

        Raises:
            InputError: there is nothing on the paper, or it is not said what it is.
            DataError: the file cannot be read or written.
        """
        collection = self.collection
        collection.add(self._pad.drawing, self.label.value)
        collection.save(self.path)
        self._pad.clear()
        self.label.value = (self.label.value + 1) % 10 if self._asks else "?"
        self._say()

    def drop(self) -> None:
        """Forget the digit that was kept last.

        Raises:
            InputError: there is none.
            DataError: the file cannot be read or written.
        """
        collection = self.collection
        if not collection.digits:
            raise InputError("there is no digit to drop: none was kept yet")
        last = collection.digits.pop()
        collection.save(self.path)
        self.label.value = last.label
        self._say()

    def _say(self) -> None:
        count = len(self.collection)
        kept = f"{count} kept in {self.path.name}." if count else "None is kept yet."
        rounds = " Two of each digit are a good start, five are better." if self._asks else ""
        self.said.value = f'<p role="status" class="mnist-nb-small">{kept}{rounds}</p>'


class Collector(widgets.VBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A pad that asks for one digit after the other, and keeps them.

    Args:
        path: as of a `Keeper`.

    Attributes:
        pad: the `DigitPad`.
        keeper: the `Keeper` below it.

    Raises:
        DataError: there is a file, and it is no collection.
    """

    def __init__(self, path: Path | str = "my-digits.json") -> None:
        self.pad = DigitPad()
        self.keeper = Keeper(self.pad, path, asks=True)
        super().__init__([self.pad, self.keeper])
        self.add_class("mnist-nb")
        self.add_class("mnist-nb-collect")

    @property
    def collection(self) -> Collection:
        """What the file holds."""
        return self.keeper.collection

    def __repr__(self) -> str:
        return f"Collector({len(self.collection)} digits in {self.keeper.path.name})"
