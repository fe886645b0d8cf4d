"""
Threads that wait for providers, and the places in them: emergencies have theirs, which nothing else ever takes.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

import structlog

Job = TypeVar("Job")
log = structlog.get_logger()


class Carriers(Generic[Job]):
    """
    Carries jobs out, each in a thread of its own as soon as it has a place.

    A place is taken before a job is claimed from the database, so that nothing claimed ever waits in memory.
    """

    def __init__(self, carry: Callable[[Job], None], *, emergency: int, notice: int) -> None:
        """`carry` does one job and raises nothing. `emergency` and `notice` are numbers of threads."""
        self._carry = carry
        self._counts = {True: emergency, False: notice}
        self._free = {urgent: threading.Semaphore(count) for urgent, count in self._counts.items()}
        self._pools: dict[bool, ThreadPoolExecutor] = {}
        self._changed, self._under_way = threading.Condition(), 0

    @property
    def started(self) -> bool:
        return bool(self._pools)

    def start(self) -> None:
        """Makes the threads."""
        self._pools = {urgent: ThreadPoolExecutor(count, "courier") for urgent, count in self._counts.items()}

    def stop(self) -> None:
        """Takes no more jobs, and waits for those under way."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.shutdown(wait=True)

    def take(self, most: int, *, emergency: bool) -> int:
        """Takes up to so many free places; how many there were."""
        free, taken = self._free[emergency], 0
        while taken < most and free.acquire(blocking=False):
            taken += 1
        return taken

    def give_back(self, count: int, *, emergency: bool) -> None:
        """Places taken and not used."""
        for _ in range(count):
            self._free[emergency].release()

    def go(self, job: Job, *, emergency: bool) -> None:
        """
        Carries a job out on a place taken before. One that comes while all is being stopped is left as after a crash:
        its attempt is on file, and the next start asks the provider what became of it.
        """
        self._count(1)
        try:
            self._pools[emergency].submit(self._work, job, emergency)
        except (KeyError, RuntimeError):
            log.warning("job_left_at_stop")
            self._end(emergency)

    def wait_idle(self, limit_s: float) -> bool:
        """Until no job is under way, so long at most; whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._under_way, limit_s)

    def _work(self, job: Job, emergency: bool) -> None:
        try:
            self._carry(job)
        finally:
            self._end(emergency)

    def _end(self, emergency: bool) -> None:
        self._free[emergency].release()
        self._count(-1)

    def _count(self, change: int) -> None:
        with self._changed:
            self._under_way += change
            self._changed.notify_all()
