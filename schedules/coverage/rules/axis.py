"""
Time cut at every instant at which somebody comes or goes.

Between two cuts nothing changes, so one bit of an integer stands for the whole stretch, whether it is a minute or a
week, and "who is there when" is a union of integers. Nothing is rounded: a hole of one microsecond has its own bit.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_

from schedules.coverage.rules.reach import Window


class Axis:
    """The stretches of [start, end), numbered from the earliest, cut by all edges of these windows."""

    def __init__(self, start: datetime, end: datetime, windows: Iterable[Window]) -> None:
        assert start < end
        inside = {edge for window in windows for edge in window if start < edge < end}
        self._edges = [start, *sorted(inside), end]
        self._number = {edge: number for number, edge in enumerate(self._edges)}
        self._runs: dict[int, list[Window]] = {}
        self.whole = (1 << (len(self._edges) - 1)) - 1
        """All of the time."""

    def bits(self, windows: Iterable[Window]) -> int:
        """The stretches that these windows fill."""
        return reduce(or_, map(self._filled, windows), 0)

    def windows(self, bits: int) -> list[Window]:
        """The longest unbroken windows that these bits make up, in order."""
        if bits not in self._runs:
            self._runs[bits] = list(self._unbroken(bits))
        return self._runs[bits]

    def _filled(self, window: Window) -> int:
        start, end = max(window[0], self._edges[0]), min(window[1], self._edges[-1])
        return (1 << self._number[end]) - (1 << self._number[start]) if start < end else 0

    def _unbroken(self, bits: int) -> Iterable[Window]:
        first = 0
        while bits:
            zeros = (bits & -bits).bit_length() - 1
            bits >>= zeros
            ones = (~bits & (bits + 1)).bit_length() - 1
            bits >>= ones
            first += zeros + ones
            yield self._edges[first - ones], self._edges[first]
