"""Names for screen readers, where ipywidgets and ipycanvas give none.

Python can set neither a role nor an `aria-label`. So a style sheet in a view brings a few lines of
JavaScript (`names.js`) that set them in the page; where a front end forbids those, the canvas still
has its tooltip, and a slider its number beside it.
"""

from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import ipywidgets as widgets
from ipycanvas import Canvas
from traitlets import Unicode


class NamedCanvas(Canvas):  # type: ignore[misc]  # ipycanvas is untyped
    """A canvas that says to screen readers what it is.

    Args:
        name: a few words.
        kwargs: those of `ipycanvas.Canvas`.
    """

    description = Unicode("").tag(sync=True)  # the front end asks for it where there is a tooltip

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(tooltip=name, **kwargs)


def style_sheet(css: str) -> widgets.HTML:
    """Return an invisible widget that brings styles, and names for the view it stands in."""
    style = widgets.HTML(f'<style onload="{_script()}">{css}</style>')
    style.add_class("mnist-nb-style")
    return style


@cache
def _script() -> str:
    script = files("mnist_nb.lab").joinpath("names.js").read_text(encoding="utf-8")
    return escape(script, quote=True)
