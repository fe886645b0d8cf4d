"""How often somebody may try: counted in memory, by a key like an address or a number."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable

KEYS_MAX = 10_000


class Limit:
    """At most `most` in `per_s` seconds for each key; the oldest keys are forgotten. May be asked from any thread."""

    def __init__(self, most: int, per_s: float, steady_s: Callable[[], float]) -> None:
        self._most = most
        self._per_s = per_s
        self._steady_s = steady_s
        self._lock = threading.Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def is_over(self, key: str) -> bool:
        """Whether this key has had its share; asking counts nothing."""
        with self._lock:
            return len(self._young(key)) >= self._most

    def count(self, key: str) -> None:
        with self._lock:
            times = self._young(key)
            times.append(self._steady_s())
            self._times[key] = times
            self._times.move_to_end(key)
            while len(self._times) > KEYS_MAX:
                self._times.popitem(last=False)

    def _young(self, key: str) -> deque[float]:
        times = self._times.get(key) or deque()
        since = self._steady_s() - self._per_s
        while times and times[0] <= since:
            times.popleft()
        return times
