"""Hundreds of short, bad days: whatever happens in them, every promise is kept."""

import pytest

from config.simulation.faults import ROUGH
from config.simulation.report import percentile
from config.simulation.run import run

DAYS = 0.04
LONG_OUTAGES = {33, 127, 189}
"""Days that nearly everything is down all the time: half a minute and more each, so they are left to `make drill`."""

SEEDS = [pytest.param(each, marks=pytest.mark.drill) if each in LONG_OUTAGES else each for each in range(1, 221)]
PROVOKED = ("wake_failed",)
"""While no way can be reckoned, waking fails: that is the fault, and the fall-back is what is tried."""


@pytest.mark.error_lines(*PROVOKED)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_promise_is_kept_on_a_bad_day(seed):
    result = run(DAYS, seed, faults=ROUGH)
    again = f"python -c 'from config.simulation.run import *; print(run({DAYS}, {seed}, faults=ROUGH).breach)'"
    assert result.breach is None, f"{result.breach}\nagain: {again}"
    assert result.steps > 0


def test_a_usual_day_has_figures_to_show():
    result = run(1, 7)
    assert result.breach is None, result.breach
    first = sorted(result.figures["press to first letter"])
    assert len(first) >= 5
    assert percentile(first, 99) <= 5.0
