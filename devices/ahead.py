"""
Calls for help that wait behind each other on one line are kept side by side.

A gateway keeps and answers one frame after the other. Each waits for a commit, and in a crowd for its turn at the
writer: twenty presses a second on one line, 50 ms each, and the last of them waits behind all the others. So those that
wait are begun together, share their commits, and are answered in their order as before.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from devices.backlog import Waiting

BESIDE_MAX = 16
"""
So many are kept at once; they share one commit where the writer has others to do. Behind a disk that takes a third of a
second for each commit, that is how many presses one line gets through in one.
"""


class Ahead:
    """Used by one gateway's thread. Nothing is begun where only one call for help waits."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pool: ThreadPoolExecutor | None = None
        self._begun: dict[int, Future[object]] = {}

    def begin(self, backlog: Sequence[Waiting], hear: Callable[[Waiting], object]) -> None:
        """Begins to keep the calls for help that wait, at most one of a sender: its words are kept in their order."""
        waiting = {each.number for each in backlog}
        self._begun = {number: begun for number, begun in self._begun.items() if number in waiting}
        if self._begun:
            return
        chosen = self.calls(backlog)
        if len(chosen) < 2:
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(BESIDE_MAX, f"{self._name} ahead")
        try:
            for each in sorted(chosen, key=lambda each: each.rank)[:BESIDE_MAX]:
                self._begun[each.number] = self._pool.submit(hear, each)
        except RuntimeError:
            # The machine has no threads left: each is heard in its turn, and what was only queued is not heard twice.
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
            self._begun = {number: begun for number, begun in self._begun.items() if not begun.cancelled()}

    @staticmethod
    def calls(backlog: Sequence[Waiting]) -> Collection[Waiting]:
        """The calls for help that may be kept side by side: untried, the first of each sender."""
        return {each.frame.address: each for each in reversed(backlog) if each.urgent and not each.tries}.values()

    def heard(self, waiting: Waiting, hear: Callable[[Waiting], object]) -> object:
        """
        What `hear` gives back for this one, begun already or not.

        Raises:
            Exception: whatever `hear` raised, while somebody waited for it. A failure of before is tried again first.
        """
        begun = self._begun.pop(waiting.number, None)
        if begun is None or (begun.done() and begun.exception() is not None):
            return hear(waiting)
        return begun.result()

    def close(self) -> None:
        """Nothing is begun any more."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
