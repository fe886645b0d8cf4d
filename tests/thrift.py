"""The processor's time that a piece of work takes, whatever else the machine and the test run are doing."""

import gc
import time
from collections.abc import Callable

IDLE_S = 0.0138
"""What `_reference` takes on an idle machine of the kind that the figures of the promises were measured on (n = 50)."""


def processor_s(work: Callable[[], object]) -> float:
    """Seconds of this thread alone: other threads' work, and clearing up after other tests, are not its doing."""
    gc.disable()
    try:
        began = time.thread_time()
        work()
        return time.thread_time() - began
    finally:
        gc.enable()


def is_within(limit_s: float, measure: Callable[[], float], tries: int = 8) -> bool:
    """
    Whether one of some tries keeps to the limit, which grows by as much as this machine is slower at that moment: two
    busy threads on one core take up to twice the time each.
    """
    return any(measure() < limit_s * max(1.0, processor_s(_reference) / IDLE_S) for _ in range(tries))


def _reference() -> None:
    kept = {}
    for number in range(60_000):
        kept[number & 1023] = str(number)
