"""Threads of their own for what must not wait behind boards: webhooks, devices, and whoever asks how the service is."""

from typing import Any

from waitress.task import ThreadedTaskDispatcher  # type: ignore[import-untyped]

URGENT = ("/hooks/", "/api/v1/signals", "/api/v1/gateways/", "/healthz", "/readyz")
URGENT_THREADS = 8


class Dispatching:
    """
    Two crews of threads behind one server: `urgent` for the paths above, the other for everything else.

    Keeps the promises of waitress's own dispatcher (`add_task`, `shutdown`). A channel's next request is handed in anew
    when the one before it is done, so each request goes by its own path.
    """

    def __init__(self, threads: int, urgent: int = URGENT_THREADS) -> None:
        self._urgent, self._others = ThreadedTaskDispatcher(), ThreadedTaskDispatcher()
        self._urgent.set_thread_count(urgent)
        self._others.set_thread_count(threads)

    def add_task(self, channel: Any) -> None:
        """Hands a channel with a request to be answered to the crew that its path belongs to."""
        # A request whose first line is broken has no path at all; it is told so by whoever has time.
        path = getattr(channel.requests[0], "path", "") or ""
        (self._urgent if path.startswith(URGENT) else self._others).add_task(channel)

    def set_thread_count(self, count: int) -> None:
        self._others.set_thread_count(count)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Ends both crews; whether something was still waiting and was cancelled."""
        ended = [each.shutdown(cancel_pending, timeout) for each in (self._urgent, self._others)]
        return any(ended)
