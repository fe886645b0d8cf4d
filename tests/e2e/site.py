"""An application behind the service's own web server on a free port, as long as a test wants."""

import threading
from typing import Any, Self

from waitress import wasyncore
from waitress.server import create_server


class Site:
    """
    Pages for a real browser, at `url`.

    The server is the one the service runs on: Flask's own leaves a file open when a browser walks away in the middle of
    an answer, which browsers do whenever a test goes on to the next page.
    """

    def __init__(self, app: Any) -> None:
        self._server = create_server(app, host="127.0.0.1", port=0, threads=8)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.effective_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the server in its own thread: what is closed under its feet makes it stumble."""
        self._stopping.set()
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            wasyncore.loop(timeout=0.05, map=self._server._map, count=1)
        self._server.task_dispatcher.shutdown(timeout=3)
        wasyncore.close_all(self._server._map)
