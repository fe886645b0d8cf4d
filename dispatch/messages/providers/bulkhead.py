"""
A wall between a provider that hangs and the rest of the service.

Time limits inside an HTTP client are limits on single reads: a server that drips one byte a second holds a "4 s"
request for as long as it likes. So a call runs in a thread of its own, its caller gives up waiting after a hard total,
and no more than so many calls are under way at once, however many of them hang.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_Task = tuple[Callable[[], Any], "Future[Any]"]
_Desk = SimpleQueue[_Task | None]


class Full(Exception):
    """No place became free in time: the call was never begun."""


class Overdue(Exception):
    """The call was begun and had not ended when its time was over."""


class Bulkhead:
    """
    At most `calls_max` calls under way at once; a further one waits at most `wait_s` for a place.

    A call that its caller has given up keeps its place until it ends, so that the threads stay bounded. A thread whose
    call has ended waits for the next one: to begin a thread takes as long as a tenth of a call.
    """

    def __init__(self, name: str, *, calls_max: int, wait_s: float) -> None:
        assert calls_max > 0
        self._name = name
        self._wait_s = wait_s
        self._places = threading.BoundedSemaphore(calls_max)
        self._idle: list[_Desk] = []
        self._closed = False

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
        self._begin((call, box))
        # The wait for a place is taken off in any case: the sum is kept without asking a clock.
        try:
            box.exception(max(total_s - self._wait_s, 0))
        except TimeoutError:
            raise Overdue from None
        return box.result()

    def close(self) -> None:
        """Lets the threads go that wait for a call; those with one go after it."""
        self._closed = True
        while self._idle:
            self._idle.pop().put(None)

    def _begin(self, task: _Task) -> None:
        try:
            self._idle.pop().put(task)
        except IndexError:
            self._hire().put(task)

    def _hire(self) -> _Desk:
        desk: _Desk = SimpleQueue()
        # Daemon threads: a call that hangs must not keep the process from ending.
        thread = threading.Thread(target=self._work, args=(desk,), name=f"{self._name}-call", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # The machine has no threads left.
            self._places.release()
            raise Full from error
        return desk

    def _work(self, desk: _Desk) -> None:
        while (task := desk.get()) is not None:
            call, box = task
            result = error = None
            try:
                result = call()
            except BaseException as raised:  # noqa: BLE001 — handed to whoever waits, not swallowed
                error = raised
            # Idle before the place is free: whoever takes the place finds this thread, so there are never more of them.
            self._idle.append(desk)
            self._places.release()
            if self._closed:
                self.close()
            _answer(box, result, error)
            del task, call, box, result, error


def _answer(box: "Future[Any]", result: Any, error: BaseException | None) -> None:
    if error is None:
        box.set_result(result)
    else:
        box.set_exception(error)
