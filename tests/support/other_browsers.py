"""Firefox and WebKit, driven by what the World Wide Web Consortium made for it.

Firefox speaks WebDriver BiDi by itself, JSON over a websocket (https://w3c.github.io/webdriver-bidi/);
WebKitGTK has a server for the older WebDriver, JSON over HTTP (https://w3c.github.io/webdriver/).
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
from websocket import WebSocket, create_connection

from tests.support.application import free_port

SECONDS = 60
Point = tuple[float, float]


def find(*names: str) -> str | None:
    """Return the path of the first of these programs that is on PATH."""
    return next(filter(None, map(shutil.which, names)), None)


class Tab:
    """One tab; what it is asked for may take a minute.

    Attributes:
        complaints: errors in the console, where the browser tells them.
    """

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def goto(self, url: str) -> None:
        """Load a page and all that it names."""
        raise NotImplementedError

    def evaluate(self, expression: str) -> Any:
        """Evaluate JavaScript, and wait for what it promises; the value is plain JSON."""
        raise NotImplementedError

    def act(self, pen: dict[str, Any]) -> None:
        """Move the mouse and press its button, as both standards write it."""
        raise NotImplementedError

    def wait_for(self, condition: str) -> None:
        """Wait until an expression is true, looked at once a frame."""
        self.evaluate(
            f"""new Promise((done) => {{
                const look = () => {condition} ? done() : requestAnimationFrame(look);
                look();
            }})"""
        )

    def draw(self, selector: str, strokes: Sequence[Sequence[Point]]) -> None:
        """Draw with the mouse, in units of a pad of 280 x 280."""
        x, y, width = self.evaluate(
            f"""(() => {{
                const pad = document.querySelector({selector!r});
                pad.scrollIntoView({{ block: "center", behavior: "instant" }});
                const {{ x, y, width }} = pad.getBoundingClientRect();
                return [x, y, width];
            }})()"""
        )
        actions: list[dict[str, Any]] = []
        for stroke in strokes:
            for index, (right, down) in enumerate(stroke):
                at = {"x": round(x + right * width / 280), "y": round(y + down * width / 280)}
                actions.append({"type": "pointerMove", "duration": 16, **at})
                if index == 0:
                    actions.append({"type": "pointerDown", "button": 0})
            actions.append({"type": "pointerUp", "button": 0})
        self.act({"type": "pointer", "id": "pen", "actions": actions})


class FirefoxTab(Tab):
    def __init__(self, socket: WebSocket) -> None:
        super().__init__()
        self._socket = socket
        self._number = 0
        self._command("session.new", capabilities={})
        self._context = self._command("browsingContext.getTree")["contexts"][0]["context"]
        self._command("session.subscribe", events=["log.entryAdded"])

    def goto(self, url: str) -> None:
        self._command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        code = f"Promise.resolve({expression}).then((value) => JSON.stringify(value ?? null))"
        target = {"context": self._context}
        done = self._command("script.evaluate", expression=code, target=target, awaitPromise=True)
        assert done["type"] == "success", done["exceptionDetails"]["text"]
        return json.loads(done["result"]["value"])

    def act(self, pen: dict[str, Any]) -> None:
        self._command("input.performActions", context=self._context, actions=[pen])

    def _command(self, method: str, **params: Any) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv())
            if said["type"] == "event":
                if said["params"]["level"] == "error":
                    self.complaints.append(said["params"]["text"])
            elif said["id"] == self._number:
                assert said["type"] == "success", f"{method}: {said['message']}"
                return said["result"]


class WebKitTab(Tab):
    def __init__(self, server: str) -> None:
        super().__init__()
        self._client = httpx.Client(base_url=server, timeout=SECONDS)
        self._session = ""
        self._session = "/" + self._post("", capabilities={})["sessionId"]
        self._post("/timeouts", script=1000 * SECONDS)

    def goto(self, url: str) -> None:
        self._post("/url", url=url)

    def evaluate(self, expression: str) -> Any:
        code = f"const [done] = arguments; Promise.resolve({expression})"
        code += ".then((value) => done(JSON.stringify(value ?? null)))"
        return json.loads(self._post("/execute/async", script=code, args=[]))

    def act(self, pen: dict[str, Any]) -> None:
        self._post("/actions", actions=[pen])

    def close(self) -> None:
        self._client.delete(f"/session{self._session}").raise_for_status()
        self._client.close()

    def _post(self, path: str, **params: Any) -> Any:
        answer = self._client.post(f"/session{self._session}{path}", json=params).json()["value"]
        assert not (isinstance(answer, dict) and "error" in answer), answer
        return answer


@contextmanager
def firefox(program: str, profile: Path) -> Iterator[Tab]:
    """Yield a tab of a Firefox of its own, which ends with it."""
    command = [program, "--headless", "--no-remote", "--profile", profile]
    command += ["--remote-debugging-port=0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as browser:
        try:
            assert browser.stderr is not None
            lines = iter(browser.stderr.readline, "")
            found = (re.search(r"listening on (ws://\S+)", line) for line in lines)
            address = next(match[1] for match in found if match)
            Thread(target=browser.stderr.read, daemon=True).start()  # a full pipe would stop it
            # It refuses those that say where they come from, as a page does.
            url = f"{address}/session"
            socket = create_connection(url, timeout=SECONDS, suppress_origin=True)
            yield FirefoxTab(socket)
            socket.close()
        finally:
            browser.terminate()


@contextmanager
def webkit(program: str, home: Path) -> Iterator[Tab]:
    """Yield a tab of a WebKit of its own, on a screen that nobody sees."""
    screen = ["Xvfb", "-displayfd", "1", "-screen", "0", "1200x900x24"]
    with subprocess.Popen(screen, stdout=subprocess.PIPE, text=True) as display:
        assert display.stdout is not None
        env = {**os.environ, "DISPLAY": f":{display.stdout.readline().strip()}", "HOME": str(home)}
        port = free_port()
        with subprocess.Popen([program, f"--port={port}"], env=env) as driver:
            try:
                transport = httpx.HTTPTransport(retries=8)
                with httpx.Client(transport=transport) as client:  # until it listens
                    client.get(f"http://127.0.0.1:{port}/status").raise_for_status()
                tab = WebKitTab(f"http://127.0.0.1:{port}")
                yield tab
                tab.close()
            finally:
                driver.terminate()
                driver.wait()
                display.terminate()
