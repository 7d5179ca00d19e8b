"""Driving one notebook in JupyterLab, by the application's own commands and by a pointer."""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from tests.support.application import OPEN_NOTEBOOK

Point = tuple[float, float]

# As people draw them, in pixels of the 280 x 280 pad.
SEVEN = [
    [(80, 66), (120, 64), (160, 62), (200, 60), (180, 104), (160, 148), (142, 190), (126, 232)]
]
THREE = [
    [
        *[(84, 80), (98, 62), (120, 51), (146, 48), (168, 56), (181, 74), (181, 96), (168, 114)],
        *[(148, 125), (128, 130), (152, 134), (176, 146), (190, 166), (191, 190), (179, 212)],
        *[(156, 226), (130, 230), (104, 223), (84, 206)],
    ]
]


def smooth(stroke: Sequence[Point], pieces: int = 8) -> list[Point]:
    """A Catmull-Rom curve through the points: a steadier hand, for pictures."""
    padded = [stroke[0], *stroke, stroke[-1]]
    curve = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for step in range(pieces):
            t = step / pieces
            curve.append(
                tuple(
                    q
                    + t / 2 * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p)))
                    for p, q, r, s in zip(a, b, c, d, strict=True)
                )
            )
    return [*curve, stroke[-1]]


# What cells show; the frame around them is JupyterLab's.
_SHOWN = {"include": [[".jp-OutputArea-output"], [".jp-MarkdownOutput"]]}
_RULES = ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]


class LabNotebook:
    """A notebook that is open in JupyterLab."""

    def __init__(self, page: Page, server: str, path: str) -> None:
        self.page, self.server, self.path = page, server, path

    def open(self) -> None:
        """Load the application and the notebook, and wait for its kernel."""
        self.page.goto(f"{self.server}/lab?reset")
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self.page.evaluate(OPEN_NOTEBOOK, self.path)

    def open_in_seven(self) -> None:
        """The same in Notebook 7, where the notebook has the page for itself."""
        self.page.goto(f"{self.server}/notebooks/{self.path}")
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self.page.evaluate(
            """async () => {
              await window.jupyterapp.restored;
              const panel = window.jupyterapp.shell.currentWidget;
              await panel.context.ready;
              await panel.sessionContext.ready;
            }"""
        )

    def reload(self) -> None:
        """Load the page once more; the kernel goes on."""
        self.command("docmanager:save")
        self.page.reload()
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self.page.evaluate(OPEN_NOTEBOOK, self.path)

    def command(self, name: str, **args: Any) -> None:
        """Run a command of JupyterLab and wait until it is done."""
        self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null)",
            [name, args],
        )

    def theme(self, name: str) -> None:
        """Choose a theme and wait until the page is painted in it."""
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_function(
            """name => {
              const body = document.body.dataset;
              const color = getComputedStyle(document.querySelector(".jp-NotebookPanel-notebook"));
              const [red] = color.backgroundColor.match(/\\d+/g);
              return body.jpThemeName === name && (red > 127) === (body.jpThemeLight === "true");
            }""",
            arg=name,
        )

    def barriers(self) -> str:
        """What axe finds in the outputs and the text, in both themes; "" for nothing."""
        style = "* { content-visibility: visible !important }"  # axe skips what is not laid out
        self.page.add_style_tag(content=style)
        reports = []
        # Of all rules one depends on the theme.
        for name, only in (("Light", _RULES), ("Dark", ["color-contrast"])):
            self.theme(f"JupyterLab {name}")
            options = {"runOnly": only, "resultTypes": ["violations"], "preload": False}
            found = Axe().run(self.page, context=_SHOWN, options=options)
            if found.violations_count:
                reports.append(f"{name}:\n{found.generate_report()}")
        self.theme("JupyterLab Light")
        return "\n".join(reports)

    def run_all(self) -> None:
        """Run all cells and wait for the last."""
        self.command("notebook:run-all-cells")

    def start(self, code: str) -> None:
        """Start to run code in the kernel, as a cell would."""
        self.page.evaluate(
            """code => {
              const panel = window.jupyterapp.shell.currentWidget;
              const run = panel.sessionContext.session.kernel.requestExecute({code});
              let text = "";
              run.onIOPub = message => { text += message.content.text ?? ""; };
              window.printed = run.done.then(() => text);
            }""",
            code,
        )

    def printed(self) -> str:
        """Wait for that code to end; what it printed."""
        text: str = self.page.evaluate("() => window.printed")
        return text

    @property
    def answers(self) -> Locator:
        """The section with both sides' bars."""
        return self.page.locator(".mnist-nb-answers")

    @property
    def canvas(self) -> Locator:
        """The paper of the pad."""
        return self.page.locator(".mnist-nb-paper canvas")

    def wait_for(self, condition: str = "true") -> dict[str, Any]:
        """Wait until a JavaScript expression of `d`, the answers' data, is true.

        Returns:
            That very moment: the `data-*` of the answers, and the columns "local" and "edge".
        """
        found = self.page.wait_for_function(
            f"""() => {{
              const section = document.querySelector(".mnist-nb-answers");
              const d = section?.dataset;
              if (!d || !({condition})) return false;
              const rows = [...section.querySelectorAll("tbody tr")];
              const column = side => rows.map(row => Number(row.dataset[side] || NaN));
              return {{...d, local: column("local"), edge: column("edge")}};
            }}"""
        )
        moment: dict[str, Any] = found.json_value()
        return moment

    def wait_for_both(self, digit: int) -> dict[str, Any]:
        """Wait until both sides answer the newest drawing with a digit."""
        return self.wait_for(
            f"d.edgeStale === 'false' && d.localWinner === '{digit}' && d.edgeWinner === '{digit}'"
        )

    def ink(self) -> int:
        """How many pixels of the paper carry ink."""
        return self.canvas.evaluate(
            """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
                 .data.filter((value, index) => index % 4 === 3 && value > 127).length"""
        )

    def wait_for_ink(self, pixels: int | None = None) -> None:
        """Wait until the paper carries ink, or ink in exactly so many pixels."""
        self.page.wait_for_function(
            """pixels => {
              const c = document.querySelector(".mnist-nb-paper canvas");
              const data = c?.getContext("2d").getImageData(0, 0, c.width, c.height).data;
              const ink = data?.filter((value, index) => index % 4 === 3 && value > 127).length;
              return pixels === null ? ink > 0 : ink === pixels;
            }""",
            arg=pixels,
        )

    def clear(self) -> None:
        """Empty the paper, if it is not empty."""
        button = self.page.get_by_role("button", name="Clear")
        if button.is_enabled():
            button.click()

    def draw(self, strokes: Sequence[Sequence[Point]], steps: int = 3) -> None:
        """Draw with the mouse."""
        self.canvas.hover()  # waits until it stands still
        box = self.canvas.bounding_box()
        assert box is not None
        mouse = self.page.mouse
        for stroke in strokes:
            for index, (x, y) in enumerate(stroke):
                mouse.move(box["x"] + x, box["y"] + y, steps=steps if index else 1)
                if index == 0:
                    mouse.down()
            mouse.up()

    def draw_by_touch(self, strokes: Sequence[Sequence[Point]]) -> None:
        """Draw with a finger: the touch events that a screen sends."""
        self.canvas.hover()
        box = self.canvas.bounding_box()
        assert box is not None
        devtools = self.page.context.new_cdp_session(self.page)

        def touch(kind: str, *points: Point) -> None:
            where = [{"x": box["x"] + x, "y": box["y"] + y} for x, y in points]
            devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

        for stroke in strokes:
            touch("touchStart", stroke[0])
            for point in stroke[1:]:
                touch("touchMove", point)
            touch("touchEnd")

    @staticmethod
    def shut_down(page: Page) -> None:
        """End the notebook's kernel."""
        page.evaluate(
            "() => window.jupyterapp && window.jupyterapp.serviceManager.sessions.shutdownAll()"
        )
