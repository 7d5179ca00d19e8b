"""The edge on your own machine: the real Workers runtime with its R2, no account, no network.

    with LocalEdge() as edge:
        EdgeClient(edge.url).classify(image)

The runtime is in a process of its own, see `host`; nothing of it outlives this Python process.
"""

import atexit
import os
import socket
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from mnist_nb.errors import ReleaseError, SetupError
from mnist_nb.local_edge.host import Host, check_room, check_writable, lock_folder
from mnist_nb.local_edge.node import find_deploy
from mnist_nb.local_edge.packages import host_packages

if TYPE_CHECKING:  # loaded while Node starts, see start()
    from mnist_nb.releases import BucketSettings, Releases

_READY_SECONDS = 30.0  # a loaded machine with cold caches takes 5


class LocalEdge:
    """The Worker of `deploy/` in workerd on this machine, with a bucket of its own.

    Args:
        port: TCP port on 127.0.0.1; 0 takes a free one at each start.
        state: folder that keeps the bucket between runs, for one edge at a time; None forgets
            it at the stop.
        weights: a weights file to push and serve. None pushes the file shipped with mnist-nb
            when the bucket has no release yet.
        ttl: seconds between two looks of the edge at the bucket; 0 looks at every request, None
            keeps what `wrangler.jsonc` says.
        vars: further variables of the Worker, such as `{"EDGE_TOKEN": "..."}`.
        seed: False pushes nothing, so that the bucket stays as it is.
        as_cloudflare: True answers to any Host header, and believes what the header `MF-CF-Blob`
            says of where a request is from: for tests of what is done with it.

    Attributes:
        url: base URL for the clients, once started.
        s3_url: endpoint of the S3 protocol of its bucket; `bucket` has the credentials too.
    """

    def __init__(
        self,
        port: int = 0,
        state: Path | str | None = None,
        weights: Path | str | None = None,
        ttl: float | None = None,
        *,
        vars: dict[str, str] | None = None,
        seed: bool = True,
        as_cloudflare: bool = False,
    ) -> None:
        if not 0 <= port <= 65535:
            raise SetupError(f"port {port} does not exist; give 0 for a free one, or 1024 to 65535")
        self.port = port
        self.state = Path(state).absolute() if state is not None else None
        self.weights = weights
        self._vars = {"TRACE": "on", **(vars or {})}
        if ttl is not None:
            self._vars["MODEL_TTL_SECONDS"] = f"{ttl:g}"
        self._seed = seed
        self._as_cloudflare = as_cloudflare
        self._mutex = threading.RLock()
        self._host: Host | None = None
        self._ready: dict[str, Any] = {}  # what the host said when it was
        self._owner = 0  # the process that started it; a fork of it must not stop it

    def __repr__(self) -> str:
        return f"<LocalEdge {self.url if self.is_running else 'stopped'}>"

    @property
    def is_running(self) -> bool:
        """Whether the edge is up."""
        return self._host is not None and self._host.is_alive and bool(self._ready)

    @property
    def pid(self) -> int | None:
        """The process id of the host, None when stopped."""
        return self._host.pid if self._host is not None and self.is_running else None

    @property
    def url(self) -> str:
        """Base URL, such as "http://127.0.0.1:8787".

        Raises:
            SetupError: when the edge is not running.
        """
        return str(self._running()["url"])

    @property
    def s3_url(self) -> str:
        """Endpoint of the S3 protocol; raises as `url` does."""
        ready = self._running()
        return f"{ready['url']}{ready['s3']['path']}"

    @property
    def bucket(self) -> "BucketSettings":
        """Settings of its bucket for `Releases`; raises as `url` does."""
        from mnist_nb.releases import BucketSettings

        s3 = self._running()["s3"]
        return BucketSettings(self.s3_url, s3["accessKeyId"], s3["secretAccessKey"], s3["bucket"])

    @property
    def logs(self) -> list[str]:
        """The last lines that the runtime and the Worker wrote, at most 200."""
        return self._host.lines if self._host else []

    def releases(self) -> "Releases":
        """The releases in its bucket; raises as `url` does."""
        from mnist_nb.releases import Releases

        return Releases(self.bucket)

    def start(self) -> Self:
        """Start it and wait until it serves, about 2 s; nothing when it runs already.

        Raises:
            SetupError: when Node, the npm packages, the port or the state folder are not
                available, or the runtime does not start; the text has its last lines.
            WeightsError: when the `weights` given are not usable.
            ReleaseError: when they did not reach the bucket.
        """
        with self._mutex:
            if self.is_running:
                return self
            self.stop()
            deploy = find_deploy()
            packages = host_packages(deploy)
            try:
                self._launch(deploy, packages)
                if self._seed:
                    # Takes half a second to load, and Node needs that long too.
                    from mnist_nb.releases import warm_up

                    warm_up()
                self._await_ready()
                if self._seed:
                    self._push_weights()
            except BaseException:
                self.stop()
                raise
            return self

    def stop(self) -> None:
        """Stop it, leaving no process; nothing when it is stopped."""
        with self._mutex:
            if self._host is None or self._owner != os.getpid():
                return
            atexit.unregister(self.stop)
            self._host.stop()
            self._ready = {}

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _running(self) -> dict[str, Any]:
        if not self.is_running:
            raise SetupError("the local edge is not running; call start(), or use it in a `with`")
        return self._ready

    def _listen(self) -> list[socket.socket]:
        """Take the port here, and at once, and one for Miniflare, for the runtime to inherit.

        So connections wait in their queues while a runtime that died is started again. None where
        processes do not inherit sockets.
        """
        if os.name != "posix":
            return []
        try:
            ours = socket.create_server(("127.0.0.1", self.port), backlog=512)
        except OSError as error:
            raise self._port_problem(os.strerror(error.errno or 0)) from None
        return [ours, socket.create_server(("127.0.0.1", 0), backlog=512)]

    def _port_problem(self, reason: str) -> SetupError:
        return SetupError(
            f"port {self.port} of 127.0.0.1 cannot be used ({reason.lower()}): stop the program"
            " that has it (`lsof -i` names it), or give another port; port=0 takes a free one"
        )

    def _launch(self, deploy: Path, packages: Path) -> None:
        state = str(self.state) if self.state else None
        settings: dict[str, Any] = {"port": self.port, "state": state, "vars": self._vars}
        settings |= {"packages": str(packages), "asCloudflare": self._as_cloudflare}
        with ExitStack() as ours:  # closed here at the end, when the host has its copies
            sockets = [ours.enter_context(listener) for listener in self._listen()]
            inherited = [listener.fileno() for listener in sockets]
            if sockets:
                port, inner = (listener.getsockname()[1] for listener in sockets)
                settings |= {"port": port, "inner": inner, "sockets": inherited.copy()}
            if self.state and (lock := lock_folder(self.state)) is not None:
                ours.callback(os.close, lock)
                inherited.append(lock)
            if self.state:
                check_room(self.state)
                check_writable(self.state)
            check_room(Path(tempfile.gettempdir()))
            self._host = Host(deploy, settings, inherited)
        self._owner = os.getpid()
        atexit.register(self.stop)

    def _await_ready(self) -> None:
        host = self._host
        assert host is not None
        said = host.message(_READY_SECONDS)
        if "ready" in said:
            self._ready = said["ready"]
            return
        ended = host.status
        host.stop()  # so that its last lines are here
        failed = said.get("failed", {})
        if failed:
            reason = failed["message"]
        elif ended is not None:
            reason = f"Node ended with status {ended}"
        else:
            reason = f"it was not ready after {_READY_SECONDS:g} s"
        lines = "\n  ".join(host.lines[-15:]) or "(it wrote nothing)"
        if self.port and "bind()" in lines:
            raise self._port_problem("address already in use")
        if self.state and "SQLITE_" in lines:
            raise SetupError(f"the local edge cannot read what it kept. {self._if_damaged}")
        raise SetupError(
            f"the local edge did not start: {reason}\n  {lines}\n"
            "`mnist-nb doctor` checks this machine; `npm ci` in deploy/ mends damaged packages"
        )

    def _push_weights(self) -> None:
        from mnist_nb.network import shipped_weights

        releases = self.releases()
        try:
            if self.weights is not None:
                releases.push(self.weights, force="LocalEdge(weights=...)")
            elif releases.current() is None:
                releases.push(shipped_weights())
        except ReleaseError as error:
            raise (ReleaseError(f"{error}. {self._if_damaged}") if self.state else error) from None

    @property
    def _if_damaged(self) -> str:
        return f"If the state folder {self.state} is damaged, delete it, or give another"
