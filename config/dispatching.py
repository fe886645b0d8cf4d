"""
Threads of their own for what must not wait behind boards: webhooks, devices, and whoever asks how the service is; and
for what comes out of spools, behind which no press must wait.
"""

from typing import Any

from waitress.task import ThreadedTaskDispatcher  # type: ignore[import-untyped]

URGENT = ("/hooks/", "/api/v1/signals", "/api/v1/gateways/", "/healthz", "/readyz")
URGENT_THREADS = 8

SPOOLED = "/api/v1/signals"
SPOOLED_BYTES, SPOOLED_THREADS = 8_192, 1
"""
A body of so many bytes is a batch, some forty signals. They are read one after the other: side by side they take longer
for all of them, and the interpreter from every press (docs/adr/0110).
"""


class Dispatching:
    """
    Three crews of threads behind one server: `urgent` for the paths above, one for the batches among it, the other for
    everything else.

    Keeps the promises of waitress's own dispatcher (`add_task`, `shutdown`). A channel's next request is handed in anew
    when the one before it is done, so each request goes by its own path.
    """

    def __init__(self, threads: int, urgent: int = URGENT_THREADS) -> None:
        self._urgent, self._spooled, self._others = self._crews = tuple(ThreadedTaskDispatcher() for _ in range(3))
        self._urgent.set_thread_count(urgent)
        self._spooled.set_thread_count(SPOOLED_THREADS)
        self._others.set_thread_count(threads)

    def add_task(self, channel: Any) -> None:
        """Hands a channel with a request to be answered to the crew that its path belongs to."""
        self._crew_for(channel.requests[0]).add_task(channel)

    def set_thread_count(self, count: int) -> None:
        self._others.set_thread_count(count)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Ends all crews; whether something was still waiting and was cancelled."""
        ended = [each.shutdown(cancel_pending, timeout) for each in self._crews]
        return any(ended)

    def _crew_for(self, request: Any) -> ThreadedTaskDispatcher:
        # A request whose first line is broken has no path at all; it is told so by whoever has time.
        path = getattr(request, "path", "") or ""
        if not path.startswith(URGENT):
            return self._others
        body = getattr(request, "body_rcv", None)
        is_batch = path.startswith(SPOOLED) and body is not None and len(body) >= SPOOLED_BYTES
        return self._spooled if is_batch else self._urgent
