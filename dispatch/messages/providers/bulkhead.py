"""
A wall between a provider that hangs and the rest of the service.

Time limits inside an HTTP client are limits on single reads: a server that drips one byte a second holds a "4 s"
request for as long as it likes. So a call runs in a thread of its own, its caller gives up waiting after a hard total,
and no more than so many calls are under way at once, however many of them hang.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

_Result = TypeVar("_Result")


class Full(Exception):
    """No place became free in time: the call was never begun."""


class Overdue(Exception):
    """The call was begun and had not ended when its time was over."""


class Bulkhead:
    """
    At most `calls_max` calls under way at once; a further one waits at most `wait_s` for a place.

    A call that its caller has given up keeps its place until it ends, so that the threads stay bounded.
    """

    def __init__(self, name: str, *, calls_max: int, wait_s: float) -> None:
        assert calls_max > 0
        self._name = name
        self._wait_s = wait_s
        self._places = threading.BoundedSemaphore(calls_max)

    def run(self, call: Callable[[], _Result], *, total_s: float) -> _Result:
        """
        What `call` returns or raises, if it ends within `total_s`, the waiting for a place included.

        Raises:
            Full: it was never begun.
            Overdue: it goes on without anybody waiting for it.
        """
        if not self._places.acquire(timeout=min(self._wait_s, total_s)):
            raise Full
        box: Future[_Result] = Future()
        self._begin(call, box)
        # The wait for a place is taken off in any case: the sum is kept without asking a clock.
        wait([box], timeout=max(total_s - self._wait_s, 0))
        if not box.done():
            raise Overdue
        return box.result()

    def _begin(self, call: Callable[[], _Result], box: "Future[_Result]") -> None:
        # Daemon threads: a call that hangs must not keep the process from ending.
        thread = threading.Thread(target=self._work, args=(call, box), name=f"{self._name}-call", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # The machine has no threads left.
            self._places.release()
            raise Full from error

    def _work(self, call: Callable[[], _Result], box: "Future[_Result]") -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 — handed to whoever waits, not swallowed
            self._places.release()
            box.set_exception(error)
        else:
            self._places.release()
            box.set_result(result)
