"""The lines of a scale, reckoned without anything that draws."""

from collections.abc import Sequence


def whole_ticks(counts: Sequence[int | None]) -> list[int]:
    """
    The lines of a scale of counts: whole numbers in steps of 1, 2 or 5 times a power of ten, five lines at the most
    above nought, the highest count on or below the last. Half an alarm does not ring.
    """
    highest = max((each for each in counts if each), default=1)
    steps = (factor * 10**power for power in range(12) for factor in (1, 2, 5))
    step = next(each for each in steps if each * 5 >= highest)
    return list(range(0, highest + step, step))
