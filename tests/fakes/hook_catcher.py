"""The service's side of a provider's callbacks, without the service: it catches them and keeps them as hooks."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from dispatch.messages.providers.provider import Hook


class LoopbackServer(ThreadingHTTPServer):
    """A server of the tests: takes a crowd at once, and does not mind a client that goes away."""

    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        pass


class HookCatcher:
    """
    The service's side of the callbacks: a loopback server that keeps every request as a `Hook`.

    The hook's address is made of `public_url`, the raw path and the raw query, as `web/hooks` makes it.
    """

    def __init__(self, public_url: str | None = None) -> None:
        self.hooks: list[Hook] = []
        self._arrived = threading.Condition()
        self._server = LoopbackServer(("127.0.0.1", 0), _catching(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"
        self.public_url = public_url or self.base_url

    def __enter__(self) -> "HookCatcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def keep(self, hook: Hook) -> None:
        with self._arrived:
            self.hooks.append(hook)
            self._arrived.notify_all()

    def wait(self, count: int, timeout_s: float = 5) -> list[Hook]:
        """The hooks, once there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.hooks) >= count, timeout_s), f"only {len(self.hooks)} came"
            return list(self.hooks)


def _catching(catcher: HookCatcher) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path, _, query = self.path.partition("?")
            kind = path.rsplit("/", 1)[-1]
            url, headers = catcher.public_url + self.path, dict(self.headers.items())
            catcher.keep(Hook(kind=kind, url=url, headers=headers, body=body, query=dict(parse_qsl(query))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
