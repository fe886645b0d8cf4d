"""The scale beside a picture of counts."""

import itertools

import pytest

from dispatch.web.reports.ticks import whole_ticks


@pytest.mark.parametrize("highest", [0, 1, 2, 3, 5, 6, 10, 11, 49, 50, 51, 999, 1000, 123_456])
def test_counts_stand_against_few_whole_lines_that_hold_the_highest(highest):
    ticks = whole_ticks([None, highest, 0])
    assert ticks[0] == 0
    assert ticks[-1] >= highest
    assert 2 <= len(ticks) <= 7
    assert all(isinstance(each, int) for each in ticks)
    assert len({after - before for before, after in itertools.pairwise(ticks)}) == 1


def test_nothing_at_all_has_a_scale():
    assert whole_ticks([]) == whole_ticks([None]) == [0, 1]
