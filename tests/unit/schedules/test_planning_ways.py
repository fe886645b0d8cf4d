"""The ways of a problem: straight lines are measured once, and are what each way would be by itself."""

from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace

import pytest

from dispatch.rules.place import Position
from dispatch.rules.travel import Means, StraightLine
from schedules.planning.gathering import MEANS, UNKNOWN_S, Facts, _matrices, problem_of


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


@pytest.mark.parametrize("goes", [(Means.CAR, Means.FOOT), (Means.CAR, Means.CAR), ()])
def test_everybody_goes_by_their_own_means_and_no_others_are_measured(goes):
    now, (home, base) = datetime(2026, 11, 23, tzinfo=UTC), places(2)
    facts = Facts(
        visits=(),
        homes={},
        starts={},
        now=now,
        promised_until=now,
        places={"0": home, "1": base},
        carers={str(i): SimpleNamespace(id=str(i), means=means, skills=frozenset()) for i, means in enumerate(goes)},
        shifts=[
            SimpleNamespace(id=f"s{i}", carer_id=str(i), start_at=now, end_at=now + timedelta(hours=4))
            for i in range(len(goes))
        ],
    )
    problem = problem_of(facts, StraightLine())
    assert len(problem.travel) == len(set(goes) or {Means.FOOT})
    order = sorted(set(goes), key=MEANS.index)
    assert [order[each.means] for each in problem.workers] == list(goes)
