"""
What is made once for everybody who asks for it at the same time.

Fifty boards ask for the same list within the same tenth of a second, whenever anything happens. The first one makes
it, the others wait for that and take it; whoever comes later than `lasts_s` makes it anew.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Rendered:
    """Keeps what was made, at most `most` of it, the one asked for longest ago is forgotten first. For any thread."""

    def __init__(self, *, lasts_s: float, most: int, steady_s: Callable[[], float]) -> None:
        self._lasts_s = lasts_s
        self._most = most
        self._steady_s = steady_s
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Slot] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for this key lately, or now. What `make` raises comes through, and nothing is kept."""
        slot = self._slot(key)
        with slot.lock:
            if slot.made_s is None or self._steady_s() - slot.made_s >= self._lasts_s:
                slot.value, slot.made_s = make(), self._steady_s()
            return cast(T, slot.value)

    def _slot(self, key: Hashable) -> "_Slot":
        with self._lock:
            slot = self._kept.pop(key, None) or _Slot()
            self._kept[key] = slot
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return slot


class _Slot:
    __slots__ = ("lock", "made_s", "value")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made_s: float | None = None
        self.value: Any = None
