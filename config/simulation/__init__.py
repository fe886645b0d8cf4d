"""
A simulated district under the real engine and the real store, drawn from one seed.

The clock, the identities, the lines, the providers and the people are not real; everything between them is what runs in
a station. A failure is a number that anybody can run again.
"""

from collections.abc import Callable

import structlog

from config.patterns import take_over
from config.simulation.report import as_json, as_text
from config.simulation.run import run
from dispatch.clock import SystemClock

QUIET = 50
"""The service logs what it does; here only the report speaks (the number of `logging.CRITICAL`)."""


def simulate(days: float, seed: int, *, json: bool, progress: Callable[[float], None]) -> int:
    """
    Plays a district for so many days and prints the report.

    `progress` is told now and then which part is done, between 0 and 1. Returns 0, or 1 where a promise was broken.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(QUIET))
    clock = SystemClock()
    begun_s = clock.look().steady_s
    patterns = take_over()
    result = run(days, seed, progress=progress)
    wall_s = clock.look().steady_s - begun_s
    patterns.keep()
    print(as_json(result, wall_s=wall_s) if json else as_text(result, wall_s=wall_s))
    return 0 if result.breach is None else 1
