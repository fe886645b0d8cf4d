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


class Fresh:
    """
    What is made once for everybody and must not be older than whoever asks knows.

    Each asks with the version that they know of (the head of the record); what was made at that version or later will
    do, for `lasts_s`. It is made anew at most every `apart_s`: in a storm of news everybody waits that long, and takes
    the same.
    """

    def __init__(self, *, lasts_s: float, apart_s: float, most: int, steady_s: Callable[[], float]) -> None:
        self._lasts_s = lasts_s
        self._apart_s = apart_s
        self._slots = Rendered(lasts_s=float("inf"), most=most, steady_s=steady_s)
        self._steady_s = steady_s

    def get(self, key: Hashable, version: int, make: Callable[[], tuple[int, T]]) -> T:
        """What `make` gave for this key, which says what version that is. What it raises comes through."""
        kept = self._slots.get(key, _Kept)
        with kept.lock:
            if not self._will_do(kept, version):
                wait_s = kept.made_s + self._apart_s - self._steady_s()
                if 0 < wait_s <= self._apart_s:
                    # Others wait at the lock meanwhile; nobody rings this bell, it is there to be slept on.
                    threading.Event().wait(wait_s)
                kept.version, kept.value = make()
                kept.made_s = self._steady_s()
            return cast(T, kept.value)

    def _will_do(self, kept: "_Kept", version: int) -> bool:
        return kept.version >= version and self._steady_s() - kept.made_s < self._lasts_s


class _Kept:
    __slots__ = ("lock", "made_s", "value", "version")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made_s = float("-inf")
        self.version = -1
        self.value: Any = None


class _Slot:
    __slots__ = ("lock", "made_s", "value")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made_s: float | None = None
        self.value: Any = None
