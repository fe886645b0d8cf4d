"""The processor's time that a piece of work takes, whatever else the machine and the test run are doing."""

import gc
import time
from collections.abc import Callable


def processor_s(work: Callable[[], object]) -> float:
    """Seconds of this thread alone: other threads' work, and clearing up after other tests, are not its doing."""
    gc.disable()
    try:
        began = time.thread_time()
        work()
        return time.thread_time() - began
    finally:
        gc.enable()
