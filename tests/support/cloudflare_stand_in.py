"""A stand-in for api.cloudflare.com: exactly the calls that a deployment makes, and their faults.

The real one needs an account. Paths, codes and texts are those of Cloudflare's documentation.
"""

import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "planted-API-token-5f2c91d07e"
TOKEN_ID = "ed17574386854bf78a67040be0a770b0"
ACCOUNT = "023e105f4ecef8ad9ca31a8372d0c353"
EVERYTHING = frozenset({"accounts", "r2", "scripts"})

Answer = tuple[int, dict[str, Any]]
OK: dict[str, Any] = {"success": True, "errors": [], "messages": []}


@dataclass
class Account:
    """What there is, and what the token may do.

    Attributes:
        faults: what the next requests get instead of an answer: a status, a status with headers, or
            "drop", which closes the connection. A fault may let the work be done first.
        asked: method and path of each request.
    """

    token: str = TOKEN
    status: str = "active"
    owned_by_account: bool = False
    permissions: frozenset[str] = EVERYTHING
    accounts: list[dict[str, str]] = field(
        default_factory=lambda: [{"id": ACCOUNT, "name": "Ada's account"}]
    )
    r2_enabled: bool = True
    buckets: set[str] = field(default_factory=set)
    workers: dict[str, dict[str, str]] = field(default_factory=dict)
    subdomain: str | None = "ada"
    echo: bool = False  # put what was sent into errors
    faults: deque[Any] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, token: str, body: Any) -> Answer:
        if not re.fullmatch(r"Bearer [\w-]{10,}", token):
            chain = [{"code": 6111, "message": "Invalid format for Authorization header"}]
            return failed(400, 6003, "Invalid request headers", error_chain=chain)
        known = token == f"Bearer {self.token}"
        said = f" {token}" if self.echo else ""
        if path.endswith("/tokens/verify"):
            if not known or self.owned_by_account == path.startswith("/user"):
                return failed(401, 1000, f"Invalid API Token{said}")
            return 200, {**OK, "result": {"id": TOKEN_ID, "status": self.status}}
        if not known:
            return failed(403, 9109, f"Invalid access token{said}")
        if path.startswith("/accounts?"):
            seen = self.accounts if "accounts" in self.permissions else []
            return 200, {**OK, "result": seen}
        found = re.fullmatch(r"/accounts/(\w+)/(r2|workers)/(.*)", path)
        assert found, f"{method} {path} is not stood in for"
        account, product, rest = found.groups()
        permission = "r2" if product == "r2" else "scripts"
        if permission not in self.permissions or account != ACCOUNT:
            return failed(403, 10000, f"Authentication error{said}")
        if product == "r2":
            return self._r2(method, rest, body)
        return self._workers(method, rest, body)

    def _r2(self, method: str, path: str, body: Any) -> Answer:
        if not self.r2_enabled:
            return failed(403, 10042, "Please enable R2 through the Cloudflare Dashboard.")
        if method == "POST" and path == "buckets":
            if body["name"] in self.buckets:
                text = "The bucket you tried to create already exists, and you own it."
                return failed(409, 10004, text)
            self.buckets.add(body["name"])
            return 200, {**OK, "result": body}
        assert method == "GET", method
        name = path.removeprefix("buckets/")
        if name in self.buckets:
            return 200, {**OK, "result": {"name": name}}
        return failed(404, 10006, "The specified bucket does not exist.")

    def _workers(self, method: str, path: str, body: Any) -> Answer:
        if path == "subdomain":
            if self.subdomain is None:
                return failed(404, 10007, "You do not have a workers.dev subdomain.")
            return 200, {**OK, "result": {"subdomain": self.subdomain}}
        name = path.removeprefix("scripts/").removesuffix("/secrets")
        if name not in self.workers:
            return failed(404, 10007, "This Worker does not exist on your account.")
        if method == "PUT":
            if self.echo:
                return failed(400, 10021, f"cannot set {body['text']}")
            self.workers[name][body["name"]] = body["text"]
        listed = [{"name": n, "type": "secret_text"} for n in self.workers[name]]
        return 200, {**OK, "result": listed if method == "GET" else listed[-1]}


def failed(status: int, code: int, message: str, **more: Any) -> Answer:
    errors = [{"code": code, "message": message, **more}]
    return status, {"success": False, "errors": errors, "messages": [], "result": None}


@contextmanager
def stand_in(account: Account) -> Iterator[Account]:
    """Serve an account on a free port of this machine, at `account.url`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            path = self.path.removeprefix("/client/v4")
            account.asked.append(f"{self.command} {path}")
            fault = account.faults.popleft() if account.faults else None
            headers: dict[str, str] = {}
            if fault == "drop":
                self.close_connection = True
                return
            if fault == "drop after":
                account.answer(self.command, path, self.headers["Authorization"] or "", body)
                self.close_connection = True
                return
            if fault is not None:
                status, headers = fault if isinstance(fault, tuple) else (fault, {})
                answer = failed(status, 971, "Please wait and try again")[1]
            else:
                token = self.headers["Authorization"] or ""
                status, answer = account.answer(self.command, path, token, body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    account.url = f"http://127.0.0.1:{server.server_port}/client/v4"
    try:
        yield account
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
