"""The ways of a problem: straight lines are measured once, and are what each way would be by itself."""

from random import Random

from dispatch.rules.place import Position
from dispatch.rules.travel import Means, StraightLine
from schedules.planning.gathering import MEANS, UNKNOWN_S, _matrices


class Asked:
    """A router that says what straight lines say, one way at a time."""

    source = "asked"

    def __init__(self):
        self.line = StraightLine()

    def seconds(self, origin, to, means):
        return self.line.seconds(origin, to, means)

    def pace(self, means):
        return self.line.pace(means)


def places(count):
    draw = Random(1)
    return [Position(lat=38 + draw.random() / 20, lng=114.5 + draw.random() / 20) for _ in range(count)]


def test_straight_lines_measured_once_are_the_ways_one_by_one():
    spots = places(12)
    quick, slow = _matrices(spots, MEANS, StraightLine()), _matrices(spots, MEANS, Asked())
    assert len(quick) == 3
    # Measured from the other end, a way may fall on the other side of a whole second.
    for one, two in zip(quick, slow, strict=True):
        assert all(abs(one[i][j] - two[i][j]) <= 1 for i in range(12) for j in range(12))
        assert [one[i][i] for i in range(12)] == [0] * 12
    assert quick[0][0][1] > quick[1][0][1] > quick[2][0][1]


def test_a_place_nobody_knows_is_the_same_way_off_from_everywhere():
    found = _matrices([*places(2), None], [Means.EBIKE], StraightLine())[0]
    assert [row[2] for row in found] == [UNKNOWN_S, UNKNOWN_S, 0]
